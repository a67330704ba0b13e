#include "penchant/ranks.hpp"

#include "bind_rows.hpp"

namespace penchant::bindings {
namespace {

/// Writes above and tied, one entry per target each, and candidates, one entry per query.
template <class T>
void write_ranks(const Scores<T>& scores, const RowsRecord& targets, const RowsRecord& exclude,
                 const Out1<std::int32_t>& above, const Out1<std::int32_t>& tied,
                 const Out1<std::int64_t>& candidates, int threads) {
  const auto target_rows = targets.view(scores.n_queries, "targets");
  const auto exclude_rows = exclude.view(scores.n_queries, "exclude");
  check_rows(target_rows, scores.n_items, "targets");
  check_rows(exclude_rows, scores.n_items, "exclude");
  ranks(scores, target_rows, exclude_rows, above.data(), tied.data(), candidates.data(), threads,
        poll_for_signals());
}

template <class T>
void bound_factor_ranks(In2<T> queries, In2<T> items, const RowsRecord& targets,
                        const RowsRecord& exclude, Out1<std::int32_t> above,
                        Out1<std::int32_t> tied, Out1<std::int64_t> candidates, int threads) {
  const auto scores = factor_scores(queries.data(), length(queries), items.data(), length(items),
                                    length(items, 1), threads, poll_for_signals());
  write_ranks(*scores, targets, exclude, above, tied, candidates, threads);
}

void bound_dense_ranks(In2<float> matrix, const RowsRecord& targets, const RowsRecord& exclude,
                       Out1<std::int32_t> above, Out1<std::int32_t> tied,
                       Out1<std::int64_t> candidates, int threads) {
  const auto scores = dense_scores(matrix.data(), length(matrix), length(matrix, 1), threads);
  write_ranks(*scores, targets, exclude, above, tied, candidates, threads);
}

template <class T>
void bind_for(nb::module_& m) {
  m.def("factor_ranks", &bound_factor_ranks<T>, "queries"_a.noconvert(), "items"_a.noconvert(),
        nb::kw_only(), "targets"_a, "exclude"_a, "above"_a.noconvert(), "tied"_a.noconvert(),
        "candidates"_a.noconvert(), "threads"_a, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace

void bind_ranks(nb::module_& m) {
  bind_for<float>(m);
  bind_for<double>(m);
  m.def("dense_ranks", &bound_dense_ranks, "matrix"_a.noconvert(), nb::kw_only(), "targets"_a,
        "exclude"_a, "above"_a.noconvert(), "tied"_a.noconvert(), "candidates"_a.noconvert(),
        "threads"_a, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
