#include "bind_sparse.hpp"
#include "bindings.hpp"
#include "penchant/ranks.hpp"
#include "penchant/sparse_scores.hpp"

namespace penchant::bindings {
namespace {

using Indptr = In1<std::int64_t>;
using Indices = In1<std::int32_t>;

/// A product of two sparse matrices whose cells are scores.
struct Product {
  SparseMatrix left, right;
};

Product product_of(const Indptr& left_indptr, const Indices& left_indices,
                   const SparseValues& left_values, const Indptr& right_indptr,
                   const Indices& right_indices, const SparseValues& right_values,
                   std::int64_t n_items, bool validated) {
  const auto n_queries = static_cast<std::int64_t>(left_indptr.size()) - 1;
  const auto inner = static_cast<std::int64_t>(right_indptr.size()) - 1;
  return {matrix_of(left_indptr, left_indices, left_values, n_queries, inner, validated, "left"),
          matrix_of(right_indptr, right_indices, right_values, inner, n_items, validated, "right")};
}

/// Writes codes and scores (n_queries × k) and counts (n_queries). validated: the matrices are not
/// checked.
void bound_sparse_top_k(Indptr left_indptr, Indices left_indices, SparseValues left_values,
                        Indptr right_indptr, Indices right_indices, SparseValues right_values,
                        std::int64_t n_items, Indptr exclude_indptr, Indices exclude_indices,
                        std::optional<Indptr> allow_indptr, std::optional<Indices> allow_indices,
                        bool nonzero, Out2<std::int32_t> codes, Out2<float> out,
                        Out1<std::int32_t> counts, bool validated, int threads) {
  const auto product = product_of(left_indptr, left_indices, left_values, right_indptr,
                                  right_indices, right_values, n_items, validated);
  const auto n_queries = product.left.rows.n_rows;
  const auto exclude = rows_of(exclude_indptr, exclude_indices, n_queries, "exclude");
  check_rows(exclude, n_items, "exclude");
  Rows allow;
  if (allow_indptr && allow_indices) {
    allow = rows_of(*allow_indptr, *allow_indices, n_queries, "allow");
    check_rows(allow, n_items, "allow");
  }
  sparse_top_k(product.left, product.right, static_cast<std::int64_t>(codes.shape(1)), exclude,
               allow, nonzero, TopKLists{codes.data(), out.data(), counts.data()}, threads,
               poll_for_signals());
}

void sparse_ranks(Indptr left_indptr, Indices left_indices, SparseValues left_values,
                  Indptr right_indptr, Indices right_indices, SparseValues right_values,
                  std::int64_t n_items, Indptr target_indptr, Indices target_indices,
                  Indptr exclude_indptr, Indices exclude_indices, Out1<std::int32_t> above,
                  Out1<std::int32_t> tied, Out1<std::int64_t> candidates, bool validated,
                  int threads) {
  const auto product = product_of(left_indptr, left_indices, left_values, right_indptr,
                                  right_indices, right_values, n_items, validated);
  const auto scores = sparse_scores(product.left, product.right);
  const auto targets = rows_of(target_indptr, target_indices, scores->n_queries, "targets");
  const auto exclude = rows_of(exclude_indptr, exclude_indices, scores->n_queries, "exclude");
  check_rows(targets, n_items, "targets");
  check_rows(exclude, n_items, "exclude");
  ranks(*scores, targets, exclude, above.data(), tied.data(), candidates.data(), threads,
        poll_for_signals());
}

}  // namespace

void bind_sparse_scores(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  m.def("sparse_top_k", &bound_sparse_top_k, nb::arg("left_indptr"), nb::arg("left_indices"),
        nb::arg("left_values").none(), nb::arg("right_indptr"), nb::arg("right_indices"),
        nb::arg("right_values").none(), nb::arg("n_items"), nb::arg("exclude_indptr"),
        nb::arg("exclude_indices"), nb::arg("allow_indptr").none(),
        nb::arg("allow_indices").none(), nb::arg("nonzero"), nb::arg("codes"), nb::arg("out"),
        nb::arg("counts"), nb::arg("validated"), nb::arg("threads"), release);
  m.def("sparse_ranks", &sparse_ranks, nb::arg("left_indptr"), nb::arg("left_indices"),
        nb::arg("left_values").none(), nb::arg("right_indptr"), nb::arg("right_indices"),
        nb::arg("right_values").none(), nb::arg("n_items"), nb::arg("target_indptr"),
        nb::arg("target_indices"), nb::arg("exclude_indptr"), nb::arg("exclude_indices"),
        nb::arg("above"), nb::arg("tied"), nb::arg("candidates"), nb::arg("validated"),
        nb::arg("threads"), release);
}

}  // namespace penchant::bindings
