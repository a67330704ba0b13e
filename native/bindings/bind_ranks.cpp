#include "bind_rows.hpp"
#include "bindings.hpp"
#include "penchant/ranks.hpp"

namespace penchant::bindings {
namespace {

using Indptr = In1<std::int64_t>;
using Indices = In1<std::int32_t>;

/// Writes above and tied (an entry of targets each) and candidates (n_queries).
template <class T>
void answer(const Scores<T>& scores, const Indptr& target_indptr, const Indices& target_indices,
            const Indptr& exclude_indptr, const Indices& exclude_indices,
            const Out1<std::int32_t>& above, const Out1<std::int32_t>& tied,
            const Out1<std::int64_t>& candidates, int threads) {
  const auto targets = rows_of(target_indptr, target_indices, scores.n_queries, "targets");
  const auto exclude = rows_of(exclude_indptr, exclude_indices, scores.n_queries, "exclude");
  check_rows(targets, scores.n_items, "targets");
  check_rows(exclude, scores.n_items, "exclude");
  ranks(scores, targets, exclude, above.data(), tied.data(), candidates.data(), threads,
        poll_for_signals());
}

template <class T>
void factor_ranks(In2<T> queries, In2<T> items, Indptr target_indptr, Indices target_indices,
                  Indptr exclude_indptr, Indices exclude_indices, Out1<std::int32_t> above,
                  Out1<std::int32_t> tied, Out1<std::int64_t> candidates, int threads) {
  const auto scores = factor_scores(queries.data(), static_cast<std::int64_t>(queries.shape(0)),
                                    items.data(), static_cast<std::int64_t>(items.shape(0)),
                                    static_cast<std::int64_t>(items.shape(1)), threads,
                                    poll_for_signals());
  answer(*scores, target_indptr, target_indices, exclude_indptr, exclude_indices, above, tied,
         candidates, threads);
}

void dense_ranks(In2<float> scores, Indptr target_indptr, Indices target_indices,
                 Indptr exclude_indptr, Indices exclude_indices, Out1<std::int32_t> above,
                 Out1<std::int32_t> tied, Out1<std::int64_t> candidates, int threads) {
  const auto source = dense_scores(scores.data(), static_cast<std::int64_t>(scores.shape(0)),
                                   static_cast<std::int64_t>(scores.shape(1)), threads);
  answer(*source, target_indptr, target_indices, exclude_indptr, exclude_indices, above, tied,
         candidates, threads);
}

template <class T>
void bind_factors(nb::module_& m) {
  m.def("factor_ranks", &factor_ranks<T>, nb::arg("queries").noconvert(),
        nb::arg("items").noconvert(), nb::arg("target_indptr"), nb::arg("target_indices"),
        nb::arg("exclude_indptr"), nb::arg("exclude_indices"), nb::arg("above"), nb::arg("tied"),
        nb::arg("candidates"), nb::arg("threads"), nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace

void bind_ranks(nb::module_& m) {
  bind_factors<float>(m);
  bind_factors<double>(m);
  m.def("dense_ranks", &dense_ranks, nb::arg("scores").noconvert(), nb::arg("target_indptr"),
        nb::arg("target_indices"), nb::arg("exclude_indptr"), nb::arg("exclude_indices"),
        nb::arg("above"), nb::arg("tied"), nb::arg("candidates"), nb::arg("threads"),
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
