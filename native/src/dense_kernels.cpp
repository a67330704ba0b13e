// Dense products near the peak of a core: tiles of registers over panels that stay in L1 and L2.
//
// A tile of 6 rows and 4 vectors of 64 bytes (or 2 shorter ones) takes 24 (12) registers for sums;
// each step of the depth loads 4 (2) vectors and 6 numbers for 24 (12) multiply-adds.
#include "dense_kernels.hpp"

#include <type_traits>

#include "tiles.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

constexpr int kRows = 6;
constexpr int kVectors = PENCHANT_VECTOR_BYTES == 64 ? 4 : 2;
constexpr std::int64_t kDepth = 256;      // of a product between two roundings to memory
constexpr std::int64_t kGramDepth = 256;  // rows summed in T before they are added in double

template <class T>
constexpr std::int64_t kPanel = kVectors * kLanes<T>;

/// Calls call with the number of vectors as a constant.
template <int vectors = kVectors, class Call>
[[gnu::always_inline]] inline void with_vectors(std::int64_t n, const Call& call) {
  if (n == vectors) return call(std::integral_constant<int, vectors>{});
  if constexpr (vectors > 1) with_vectors<vectors - 1>(n, call);
}

/// Adds A · B to `out` for one panel and a range of the depth.
template <class T, int vectors>
void add_panel(const T* A, std::int64_t rows, std::int64_t stride, std::int64_t depth, const T* B,
               T* out) {
  for (std::int64_t i = 0; i < rows; i += kRows)
    tile<T, kRows, vectors, 1>(depth, A + i * stride, stride, 1, B, vectors * kLanes<T>,
                               out + i * stride, stride);
}

template <class T>
void product(const T* A, std::int64_t rows, const Panels<T>& B, T* out) {
  const std::int64_t stride = B.stride;
  for (std::int64_t i = 0; i < rows * stride; i += kLanes<T>) store(out + i, Vec<T>{});
  for (std::int64_t j = 0; j < stride; j += kPanel<T>) {
    const std::int64_t width = least(kPanel<T>, stride - j);
    const std::int64_t begin = B.triangle == Triangle::lower ? j : 0;
    const std::int64_t end = B.triangle == Triangle::upper ? least(j + width, B.size) : B.size;
    for (std::int64_t k = begin; k < end; k += kDepth) {
      const T* panel = B.data + j * B.size + k * width;
      with_vectors(width / kLanes<T>, [&](auto vectors) {
        add_panel<T, vectors>(A + k, rows, stride, least(kDepth, end - k), panel, out + j);
      });
    }
  }
}

/// Copies columns of some rows, converted to T; rows of `to` are `width` long, padded with 0.
template <class T, class S>
void copy_columns(const S* from, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                  T* to, std::int64_t width) {
  for (std::int64_t k = 0; k < rows; ++k) {
    for (std::int64_t j = 0; j < columns; ++j)
      to[k * width + j] = static_cast<T>(from[k * stride + j]);
    for (std::int64_t j = columns; j < width; ++j) to[k * width + j] = 0;
  }
}

/// Adds a tile of AᵀB, rows `a_width` and `b_width` apart, to `rows` rows of `out`.
template <class T, int vectors>
void add_gram_tile(std::int64_t depth, const T* A, std::int64_t a_width, const T* B,
                   std::int64_t b_width, std::int64_t rows, double* out, std::int64_t stride) {
  constexpr std::int64_t width = vectors * kLanes<T>;
  alignas(kAlignment) T sums[kRows * width] = {};
  tile<T, kRows, vectors, 1>(depth, A, 1, a_width, B, b_width, sums, width);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < width; ++j)
      out[i * stride + j] += static_cast<double>(sums[i * width + j]);
}

/// Computes a block of a Gram matrix with sums in T of kGramDepth rows.
template <class T, class S>
void gram_in(const S* Y, std::int64_t n, std::int64_t stride, const GramBlock& block, double* out,
             Scratch scratch) {
  constexpr int L = kLanes<T>;
  const std::int64_t a_width = round_up(block.rows, kRows);
  T* A = scratch.take<T>(kGramDepth * a_width);
  T* B = scratch.take<T>(kGramDepth * block.columns);
  // In a piece of memory of its own: rows of `out` would evict each other from the caches.
  double* total = scratch.take<double>(block.rows * block.columns);
  for (std::int64_t i = 0; i < block.rows * block.columns; ++i) total[i] = 0;
  for (std::int64_t first = 0; first < n; first += kGramDepth) {
    const std::int64_t depth = least(kGramDepth, n - first);
    const S* rows = Y + first * stride;
    copy_columns<T>(rows + block.i, stride, depth, block.rows, A, a_width);
    for (std::int64_t j = 0; j < block.columns; j += kPanel<T>) {
      const std::int64_t width = least(kPanel<T>, block.columns - j);
      T* panel = B + j * kGramDepth;
      copy_columns<T>(rows + block.j + j, stride, depth, width, panel, width);
      for (std::int64_t i = 0; i < block.rows; i += kRows) {
        const std::int64_t below = block.i + i - block.j - j;  // columns left of the diagonal
        const std::int64_t skipped = below > 0 ? below / L * L : 0;
        if (skipped >= width) break;
        with_vectors((width - skipped) / L, [&](auto vectors) {
          add_gram_tile<T, vectors>(depth, A + i, a_width, panel + skipped, width,
                                    least(kRows, block.rows - i),
                                    total + i * block.columns + j + skipped, block.columns);
        });
      }
    }
  }
  for (std::int64_t i = 0; i < block.rows; ++i)
    for (std::int64_t j = 0; j < block.columns; ++j)
      out[i * stride + j] = total[i * block.columns + j];
}

template <class S>
void gram(const S* Y, std::int64_t n, std::int64_t stride, bool precise, const GramBlock& block,
          double* out, char* scratch) {
  if (precise)
    gram_in<double>(Y, n, stride, block, out, Scratch{scratch});
  else
    gram_in<S>(Y, n, stride, block, out, Scratch{scratch});
}

std::int64_t gram_scratch_bytes(const GramBlock& block) {
  const std::int64_t numbers = round_up(block.rows, kRows) + block.columns;
  return (kGramDepth * numbers + block.rows * block.columns) *
             static_cast<std::int64_t>(sizeof(double)) +
         3 * kAlignment;
}

template <class T>
constexpr DenseKernels<T> kTable{kRows, kPanel<T>, &product<T>, &gram<T>, &gram_scratch_bytes};

}  // namespace

const DenseKernels<float>& dense_kernels_f32() { return kTable<float>; }
const DenseKernels<double>& dense_kernels_f64() { return kTable<double>; }

}  // namespace penchant::PENCHANT_ISA
