// The exact solution of one row: by the normal equations (primal) or the n × n dual system.
#pragma once

#include "cholesky.hpp"
#include "row_sums.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

constexpr std::int64_t kGatheredBytes = 24 * 1024;  // a block of gathered rows fits L1

/// Computes √(c − α0) and t = c·p / √(c − α0) of `count` entries from `first` on, padded with 0 to
/// whole vectors.
template <class T, class S>
void weigh(const RowProblem<S>& row, std::int64_t first, std::int64_t count, T* roots, T* targets) {
  const T least_weight = static_cast<T>(row.unobserved_weight);
  for (std::int64_t i = 0; i < count; ++i) {
    const T confidence_delta = static_cast<T>(row.confidence_delta[first + i]),
            size = confidence_delta < 0 ? -confidence_delta : confidence_delta;
    roots[i] = root(size);
    targets[i] = confidence_delta > 0 ? (least_weight + size) / roots[i] : T(0);
  }
  for (std::int64_t i = count; i < round_up(count, kLanes<T>); ++i) roots[i] = targets[i] = 0;
}

/// Returns the number of rows of a block.
template <class T>
std::int64_t gathered_rows(std::int64_t f) {
  const std::int64_t fit = kGatheredBytes / (f * static_cast<std::int64_t>(sizeof(T)));
  return fit < 32 ? 32 : fit;
}

/// Computes C = `diagonal` · I + BᵀB over all entries, block by block, with Bᵀt as column f.
///
/// C is f × (f + lanes); only its upper triangle is used.
template <class T, class S>
void normal_equations(const RowProblem<S>& row, const T* gamma, T diagonal, T* C, Scratch scratch) {
  constexpr int L = kLanes<T>;
  const std::int64_t f = row.stride, width = f + L, block = gathered_rows<T>(f);
  T* B = scratch.take<T>(block * f);
  T* roots = scratch.take<T>(round_up(block, L));
  T* targets = scratch.take<T>(round_up(block, L));
  T* right = scratch.take<T>(f);
  set_diagonal(diagonal, C, f, width);
  for (std::int64_t j = 0; j < f; j += L) store(right + j, Vec<T>{});
  for (std::int64_t first = 0; first < row.n; first += block) {
    const std::int64_t count = least(block, row.n - first);
    weigh<T>(row, first, count, roots, targets);
    for (std::int64_t i = 0; i < count; ++i) {
      prefetch_row(row, first + i + 8);
      const S* w = row.W + row.columns[first + i] * f;
      const Vec<T> size = broadcast(roots[i]);
      for (std::int64_t j = 0; j < f; j += L)
        store(B + i * f + j, size * load(gamma + j) * load_as<T>(w + j));
    }
    add_rows<T>([&](std::int64_t i) { return B + i * f; }, targets, count, f, right);
    upper_update<T, 1>(count, B, f, C, width, 0, f, f);
  }
  for (std::int64_t j = 0; j < f; ++j) C[j * width + f] = right[j];
}

/// Solves the f × f system (I + BᵀB) z = Bᵀt.
template <class T, class S>
bool solve_primal(const RowProblem<S>& row, const T* gamma, T* z, Scratch scratch) {
  const std::int64_t f = row.stride, width = f + kLanes<T>;
  T* C = scratch.take<T>(f * width);
  T* diagonal = scratch.take<T>(f);
  normal_equations(row, gamma, T(1), C, scratch);
  return cholesky_solve<T>(nullptr, 0, C, f, width, diagonal, z);
}

/// Writes columns [j, j + lanes) of the entries [first, first + lanes) of B as rows of Bᵀ, n apart.
/// Entries of the padding have a root of 0.
template <class T, class S>
[[gnu::always_inline]] inline void gather_square(const RowProblem<S>& row, std::int64_t first,
                                                 std::int64_t j, const T* roots, const T* gamma,
                                                 T* Bt, std::int64_t n) {
  constexpr int L = kLanes<T>;
  Vec<T> square[L];
  for (int i = 0; i < L; ++i) {
    const S* w = row.W + row.columns[least(first + i, row.n - 1)] * row.stride + j;
    square[i] = load_as<T>(w);
  }
  transpose<T>(square);
  const Vec<T> scale = load(roots + first);
  for (int k = 0; k < L; ++k)
    store(Bt + (j + k) * n + first, scale * broadcast(gamma[j + k]) * square[k]);
}

/// The n × n twin: z = Bᵀ(I + BBᵀ)⁻¹t, for rows with few entries.
template <class T, class S>
bool solve_dual(const RowProblem<S>& row, const T* gamma, T* z, Scratch scratch) {
  constexpr int L = kLanes<T>;
  const std::int64_t f = row.stride, n = round_up(row.n, kGranule<T>), width = n + L;
  T* roots = scratch.take<T>(n);
  T* targets = scratch.take<T>(n);
  T* Bt = scratch.take<T>(f * n);
  T* K = scratch.take<T>(n * width);
  T* diagonal = scratch.take<T>(n);
  T* y = scratch.take<T>(n);
  for (std::int64_t i = row.n; i < n; ++i) roots[i] = targets[i] = 0;
  weigh<T>(row, 0, row.n, roots, targets);
  for (std::int64_t i = 0; i < n; i += L) {
    for (std::int64_t k = i + L; k < i + 2 * L; ++k) prefetch_row(row, k);
    for (std::int64_t j = 0; j < f; j += L) gather_square<T>(row, i, j, roots, gamma, Bt, n);
  }
  for (std::int64_t i = 0; i < n; ++i) {
    store(K + i * width + n, Vec<T>{});
    K[i * width + n] = targets[i];
  }
  if (!cholesky_solve<T>(Bt, f, K, n, width, diagonal, y)) return false;
  for (std::int64_t j = 0; j < f; j += L)
    store(z + j, products<T>([&](std::int64_t k) { return Bt + (j + k) * n; }, y, n));
  return true;
}

/// Copies γ and returns the number of its positive entries, an upper bound of the rank of B.
template <class T, class S>
std::int64_t take_gamma(const RowProblem<S>& row, T* gamma) {
  std::int64_t rank = 0;
  for (std::int64_t j = 0; j < row.stride; ++j) {
    gamma[j] = static_cast<T>(row.gamma[j]);
    rank += row.gamma[j] > 0;
  }
  return rank;
}

/// Writes v = γ∘z. Returns false and leaves v as it was if it is not finite.
template <class T, class S>
bool write_solution(const RowProblem<S>& row, const T* gamma, const T* z) {
  for (std::int64_t j = 0; j < row.stride; ++j) {
    const S v = static_cast<S>(gamma[j] * z[j]);
    if (!(v - v == 0)) return false;
  }
  for (std::int64_t j = 0; j < row.stride; ++j) row.v[j] = static_cast<S>(gamma[j] * z[j]);
  return true;
}

/// Solves a row in the arithmetic of T. Returns false and leaves v as it was if the precision does
/// not suffice.
template <class T, class S>
bool solve_in(const RowProblem<S>& row, Scratch scratch) {
  T* gamma = scratch.take<T>(row.stride);
  T* z = scratch.take<T>(row.stride);
  // With n above the rank of B the dual system would be nearly singular.
  const bool small = row.n < take_gamma(row, gamma);
  const bool solved =
      small ? solve_dual<T>(row, gamma, z, scratch) : solve_primal<T>(row, gamma, z, scratch);
  return solved && write_solution(row, gamma, z);
}

/// Solves a row in double after float did not suffice. If double does not either (numbers near its
/// limits), the row stays as it was: zero.
template <class S>
void rescue(const RowProblem<S>& row, char* memory) {
  if constexpr (sizeof(S) < sizeof(double)) solve_in<double>(row, Scratch{memory});
}

/// Solves a row exactly.
template <class S>
void solve_exact(const RowProblem<S>& row, char* memory) {
  if (!solve_in<S>(row, Scratch{memory})) rescue(row, memory);
}

// Heavy rows, which several threads share: the normal equations of parts of a row, then their sum.

template <class S>
std::int64_t normal_size(std::int64_t stride) {
  return stride * (stride + kLanes<S>);
}

template <class S>
void normal_part(const RowProblem<S>& part, S* C, char* memory) {
  Scratch scratch{memory};
  S* gamma = scratch.take<S>(part.stride);
  take_gamma(part, gamma);
  normal_equations(part, gamma, S(0), C, scratch);
}

template <class S>
void solve_normal_parts(const RowProblem<S>& row, S* parts, std::int64_t n_parts, char* memory) {
  constexpr int L = kLanes<S>;
  Scratch scratch{memory};
  const std::int64_t f = row.stride, width = f + L;
  S* gamma = scratch.take<S>(f);
  S* z = scratch.take<S>(f);
  S* diagonal = scratch.take<S>(f);
  take_gamma(row, gamma);
  for (std::int64_t k = 1; k < n_parts; ++k) {
    const S* part = parts + k * normal_size<S>(f);
    for (std::int64_t i = 0; i < f; ++i)
      for (std::int64_t j = i / L * L; j < width; j += L)
        store(parts + i * width + j, load(parts + i * width + j) + load(part + i * width + j));
  }
  for (std::int64_t i = 0; i < f; ++i) parts[i * width + i] += 1;
  const bool solved = cholesky_solve<S>(nullptr, 0, parts, f, width, diagonal, z);
  if (!solved || !write_solution(row, gamma, z)) rescue(row, memory);
}

template <class S>
std::int64_t scratch_bytes(std::int64_t stride, std::int64_t n) {
  // sizes for double, which the rescue of a float row needs
  constexpr std::int64_t L = kLanes<float>, size = sizeof(double);
  const std::int64_t small = round_up(least(n, stride), L), width = stride + L;
  const std::int64_t primal = gathered_rows<float>(stride) * (stride + 2) + stride * (width + 1);
  const std::int64_t dual = small * stride + small * (small + L) + 4 * small;
  const std::int64_t cg = 4 * stride + 3 * round_up(n, L);
  return (2 * stride + primal + dual + cg) * size + 32 * kAlignment;
}

}  // namespace
}  // namespace penchant::PENCHANT_ISA
