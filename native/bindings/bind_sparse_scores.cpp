#include "penchant/sparse_scores.hpp"

#include "bind_sparse.hpp"
#include "bind_topk.hpp"
#include "penchant/ranks.hpp"

namespace penchant::bindings {
namespace {

/// A product of two sparse matrices whose cells are scores.
struct Product {
  SparseMatrix left, right;

  Product(const SparseMatrixRecord& left, const SparseMatrixRecord& right, std::int64_t n_items,
          bool validated)
      : left(matrix_of(left, left.rows.n_rows(), right.rows.n_rows(), validated, "left")),
        right(matrix_of(right, right.rows.n_rows(), n_items, validated, "right")) {}
};

/// Writes codes and scores, shape (n_queries, k), and counts, shape (n_queries,). Validated
/// matrices are not checked.
void bound_sparse_top_k(const SparseMatrixRecord& left, const SparseMatrixRecord& right,
                        std::int64_t n_items, const RowsRecord& exclude, const RowsRecord* allow,
                        bool nonzero, Out2<std::int32_t> codes, Out2<float> scores,
                        Out1<std::int32_t> counts, bool validated, int threads) {
  const Product product(left, right, n_items, validated);
  const Candidates candidates(exclude, allow, product.left.rows.n_rows, n_items);
  sparse_top_k(product.left, product.right, length(codes, 1), candidates.exclude, candidates.allow,
               nonzero, TopKLists{codes.data(), scores.data(), counts.data()}, threads,
               poll_for_signals());
}

/// Writes above and tied, one entry per target each, and candidates, one entry per query.
void bound_sparse_ranks(const SparseMatrixRecord& left, const SparseMatrixRecord& right,
                        std::int64_t n_items, const RowsRecord& targets, const RowsRecord& exclude,
                        Out1<std::int32_t> above, Out1<std::int32_t> tied,
                        Out1<std::int64_t> candidates, bool validated, int threads) {
  const Product product(left, right, n_items, validated);
  const auto scores = sparse_scores(product.left, product.right);
  const auto target_rows = targets.view(scores->n_queries, "targets");
  const auto exclude_rows = exclude.view(scores->n_queries, "exclude");
  check_rows(target_rows, n_items, "targets");
  check_rows(exclude_rows, n_items, "exclude");
  ranks(*scores, target_rows, exclude_rows, above.data(), tied.data(), candidates.data(), threads,
        poll_for_signals());
}

}  // namespace

void bind_sparse_scores(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  m.def("sparse_top_k", &bound_sparse_top_k, "left"_a, "right"_a, nb::kw_only(), "n_items"_a,
        "exclude"_a, "allow"_a.none(), "nonzero"_a, "codes"_a.noconvert(), "scores"_a.noconvert(),
        "counts"_a.noconvert(), "validated"_a, "threads"_a, release);
  m.def("sparse_ranks", &bound_sparse_ranks, "left"_a, "right"_a, nb::kw_only(), "n_items"_a,
        "targets"_a, "exclude"_a, "above"_a.noconvert(), "tied"_a.noconvert(),
        "candidates"_a.noconvert(), "validated"_a, "threads"_a, release);
}

}  // namespace penchant::bindings
