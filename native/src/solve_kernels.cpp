// The inner loops of the solver, compiled once per instruction set: exact solutions
// (exact_row.hpp), conjugate gradients (cg_row.hpp), and dense products.
//
// The exact solver spends its time on C ± AᵀB for an upper triangle: the Gram matrix of the
// gathered rows (or of their transpose, for the dual system) and the trailing update of a blocked
// Cholesky factorization. One register-tiled micro-kernel (tiles.hpp) computes both, and the
// products.
#include "solve_kernels.hpp"

#include "cg_row.hpp"
#include "exact_row.hpp"
#include "tiles.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

constexpr std::int64_t kGramRows = 64;  // summed in S before they are added in double

template <class S>
std::int64_t gram_scratch_bytes(std::int64_t stride) {
  return (kGramRows + stride) * stride * 8 + 4 * kAlignment;
}

/// Adds PᵀP, computed in T, to the upper triangle of `out`; C is scratch, 0 before and after.
template <class T>
void add_block(std::int64_t count, const T* P, std::int64_t stride, T* C, double* out) {
  upper_update<T, 1>(count, P, stride, C, stride, 0, stride, stride);
  for (std::int64_t i = 0; i < stride; ++i) {
    const std::int64_t from = i / kGranule<T> * kGranule<T>;
    for (std::int64_t j = from; j < stride; ++j) {
      out[i * stride + j] += static_cast<double>(C[i * stride + j]);
      C[i * stride + j] = 0;
    }
  }
}

template <class S>
void gram(const S* Y, std::int64_t n, std::int64_t stride, bool precise, double* out,
          char* memory) {
  Scratch scratch{memory};
  if (!precise || sizeof(S) == sizeof(double)) {
    S* C = scratch.take<S>(stride * stride);
    for (std::int64_t i = 0; i < stride * stride; ++i) C[i] = 0;
    for (std::int64_t first = 0; first < n; first += kGramRows)
      add_block<S>(least(kGramRows, n - first), Y + first * stride, stride, C, out);
    return;
  }
  double* wide = scratch.take<double>(kGramRows * stride);
  for (std::int64_t first = 0; first < n; first += kGramRows) {
    const std::int64_t count = least(kGramRows, n - first);
    for (std::int64_t i = 0; i < count * stride; ++i)
      wide[i] = static_cast<double>(Y[first * stride + i]);
    upper_update<double, 1>(count, wide, stride, out, stride, 0, stride, stride);
  }
}

template <class S>
std::int64_t product_scratch_bytes(std::int64_t stride) {
  return kTileRows * stride * static_cast<std::int64_t>(sizeof(S));
}

template <class S>
void product(const S* A, std::int64_t m, std::int64_t depth, const S* B, std::int64_t stride, S* C,
             char* memory) {
  constexpr int L = kLanes<S>;
  S* out = reinterpret_cast<S*>(memory);
  for (std::int64_t first = 0; first < m; first += kTileRows) {
    const std::int64_t count = least(kTileRows, m - first);
    const S* a = A + first * stride;
    for (std::int64_t i = 0; i < count * stride; i += L) store(out + i, Vec<S>{});
    if (count == kTileRows) {
      strip<S, kTileRows, 1>(depth, a, stride, 1, B, stride, out, stride, 0, stride);
    } else {
      for (std::int64_t i = 0; i < count; ++i)
        strip<S, 1, 1>(depth, a + i * stride, stride, 1, B, stride, out + i * stride, stride, 0,
                       stride);
    }
    for (std::int64_t i = 0; i < count * stride; i += L)
      store(C + first * stride + i, load(out + i));
  }
}

template <class S>
constexpr SolveKernels<S> kTable{
    kGranule<S>,
    &scratch_bytes<S>,
    &solve_exact<S>,
    &solve_cg<S>,
    &normal_size<S>,
    &normal_part<S>,
    &solve_normal_parts<S>,
    &cg_bytes<S>,
    &cg_start<S>,
    &cg_pass<S>,
    &cg_advance<S>,
    &gram<S>,
    &gram_scratch_bytes<S>,
    &product<S>,
    &product_scratch_bytes<S>,
    &dot<S>,
};

}  // namespace

const SolveKernels<float>& solve_kernels_f32() { return kTable<float>; }
const SolveKernels<double>& solve_kernels_f64() { return kTable<double>; }

}  // namespace penchant::PENCHANT_ISA
