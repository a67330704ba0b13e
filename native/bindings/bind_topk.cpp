#include "bind_topk.hpp"

#include "penchant/topk.hpp"

namespace penchant::bindings {

Candidates::Candidates(const RowsRecord& exclude, const RowsRecord* allow, std::int64_t n_queries,
                       std::int64_t n_items)
    : exclude(exclude.view(n_queries, "exclude")) {
  check_rows(this->exclude, n_items, "exclude");
  if (allow == nullptr) return;
  this->allow = allow->view(n_queries, "allow");
  check_rows(this->allow, n_items, "allow");
}

namespace {

/// Writes codes and scores, shape (n_queries, k), and counts, shape (n_queries,).
void bound_dense_top_k(In2<float> matrix, const RowsRecord& exclude, const RowsRecord* allow,
                       Out2<std::int32_t> codes, Out2<float> scores, Out1<std::int32_t> counts,
                       int threads) {
  const auto source = dense_scores(matrix.data(), length(matrix), length(matrix, 1), threads);
  const Candidates candidates(exclude, allow, source->n_queries, source->n_items);
  top_k(*source, length(codes, 1), candidates.exclude, candidates.allow,
        TopKLists{codes.data(), scores.data(), counts.data()}, threads, poll_for_signals());
}

}  // namespace

void bind_topk(nb::module_& m) {
  m.def("dense_top_k", &bound_dense_top_k, "matrix"_a.noconvert(), nb::kw_only(), "exclude"_a,
        "allow"_a.none(), "codes"_a.noconvert(), "scores"_a.noconvert(), "counts"_a.noconvert(),
        "threads"_a, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
