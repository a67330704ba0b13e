#include "penchant/block_product.hpp"

#include <algorithm>
#include <type_traits>

#include "block_product_kernels.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kTogether = 32;  // rows of a chunk

template <class T>
const BlockProductKernels<T>& kernels() {
  if constexpr (std::is_same_v<T, float>)
    return block_product_kernels_f32();
  else
    return block_product_kernels_f64();
}

}  // namespace

template <class T>
void block_product(const SparseMatrix& matrix, const T* block, std::int64_t width, T* out,
                   int threads, const Poll& poll) {
  const auto& rows = matrix.rows;
  const auto row = kernels<T>().row;
  parallel_for((rows.n_rows + kTogether - 1) / kTogether, threads,
               [&](std::int64_t chunk, int) {
                 const auto end = std::min(rows.n_rows, (chunk + 1) * kTogether);
                 for (auto r = chunk * kTogether; r < end; ++r) {
                   const auto begin = rows.indptr[r];
                   const float* values = matrix.values ? matrix.values + begin : nullptr;
                   row(rows.indices + begin, values, rows.indptr[r + 1] - begin, block, width,
                       out + r * width);
                 }
               },
               poll);
}

template void block_product(const SparseMatrix&, const float*, std::int64_t, float*, int,
                            const Poll&);
template void block_product(const SparseMatrix&, const double*, std::int64_t, double*, int,
                            const Poll&);

}  // namespace penchant
