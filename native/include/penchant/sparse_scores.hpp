// Scores that are a product of sparse matrices, left · right: a query is a row of left, an item a
// column of right. Nothing of the size queries × items is made; a thread holds one row of scores.
//
// A row is added up in the order of the left row's columns, in float: scores equal those of
// sparse_product, bit for bit, on any number of threads.
#pragma once

#include <cstdint>
#include <memory>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"
#include "penchant/scores.hpp"
#include "penchant/sparse_product.hpp"
#include "penchant/topk.hpp"

namespace penchant {

/// The scores as a source, for ranks. The matrices must outlive it.
std::unique_ptr<Scores<float>> sparse_scores(const SparseMatrix& left, const SparseMatrix& right);

/// Fills in the k best candidates of each query as top_k does, items with a score of 0 included.
/// nonzero: items whose score is 0 are no candidates; a row then takes as many steps as it has
/// additions, whatever the number of items.
void sparse_top_k(const SparseMatrix& left, const SparseMatrix& right, std::int64_t k,
                  const Rows& exclude, const Rows& allow, bool nonzero, const TopKLists& out,
                  int threads, const Poll& poll);

}  // namespace penchant
