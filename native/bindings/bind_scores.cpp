#include "penchant/scores.hpp"

#include <stdexcept>

#include "bind_rows.hpp"

namespace penchant::bindings {
namespace {

/// Writes one score per entry of `cells`.
template <class T>
void bound_score_pairs(In2<T> queries, In2<T> items, const RowsRecord& cells, Out1<float> out,
                       int threads) {
  const auto rows = cells.view(length(queries), "cells");
  check_rows(rows, length(items), "cells");
  score_pairs(queries.data(), items.data(), length(items, 1), rows, out.data(), threads,
              poll_for_signals());
}

/// Writes all of `out`, shape (queries, items).
void bound_factor_scores(In2<float> queries, In2<float> items, Out2<float> out, int threads) {
  if (length(queries, 1) != length(items, 1) || length(out) != length(queries) ||
      length(out, 1) != length(items)) {
    throw std::invalid_argument("the shapes of queries, items and scores differ");
  }
  write_factor_scores(queries.data(), length(queries), items.data(), length(items),
                      length(items, 1), out.data(), threads, poll_for_signals());
}

template <class T>
void bind_for(nb::module_& m) {
  m.def("score_pairs", &bound_score_pairs<T>, "queries"_a.noconvert(), "items"_a.noconvert(),
        nb::kw_only(), "cells"_a, "out"_a.noconvert(), "threads"_a,
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace

void bind_scores(nb::module_& m) {
  bind_for<float>(m);
  bind_for<double>(m);
  m.def("factor_scores", &bound_factor_scores, "queries"_a.noconvert(), "items"_a.noconvert(),
        nb::kw_only(), "out"_a.noconvert(), "threads"_a, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
