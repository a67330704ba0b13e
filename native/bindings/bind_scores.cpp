#include "bindings.hpp"
#include "penchant/scores.hpp"

namespace penchant::bindings {
namespace {

/// Writes all of out, shape (queries, items).
void bound_factor_scores(In2<float> queries, In2<float> items, Out2<float> out, int threads) {
  if (queries.shape(1) != items.shape(1) || out.shape(0) != queries.shape(0) ||
      out.shape(1) != items.shape(0)) {
    throw std::invalid_argument("queries, items and scores don't fit each other");
  }
  write_factor_scores(queries.data(), static_cast<std::int64_t>(queries.shape(0)), items.data(),
                      static_cast<std::int64_t>(items.shape(0)),
                      static_cast<std::int64_t>(items.shape(1)), out.data(), threads,
                      poll_for_signals());
}

}  // namespace

void bind_scores(nb::module_& m) {
  m.def("factor_scores", &bound_factor_scores, nb::arg("queries").noconvert(),
        nb::arg("items").noconvert(), nb::arg("out").noconvert(), nb::arg("threads"),
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
