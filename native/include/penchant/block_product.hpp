// Products of a sparse matrix with a dense block: the step that Krylov methods and graph filters
// are made of.
#pragma once

#include "penchant/parallel.hpp"
#include "penchant/sparse_product.hpp"

namespace penchant {

/// Writes matrix · block, row-major n_rows × width; block is row-major n_columns × width, and T is
/// float or double. A sum adds the entries of a row in their order: the result is the same, bit for
/// bit, on any number of threads, and for each column of the block by itself.
template <class T>
void block_product(const SparseMatrix& matrix, const T* block, std::int64_t width, T* out,
                   int threads, const Poll& poll);

}  // namespace penchant
