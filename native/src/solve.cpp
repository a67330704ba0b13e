#include "penchant/solve.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <vector>

#include "dense_products.hpp"
#include "penchant/memory.hpp"
#include "row_solver.hpp"
#include "solve_kernels.hpp"

namespace penchant {
namespace {

template <class T>
Factors<const T> as_const(Factors<T> X) {
  return {X.data, X.rows, X.columns, X.stride};
}

/// Multiplies the rows that fulfill a condition by B, in place.
template <class T, class Condition>
void multiply_if(Factors<T> X, const Condition& condition, const PackedMatrix<T>& B, int threads) {
  std::vector<T*> chosen;
  for (std::int64_t r = 0; r < X.rows; ++r)
    if (condition(r)) chosen.push_back(X.data + r * X.stride);
  const auto row = [&](std::int64_t k) { return chosen[static_cast<std::size_t>(k)]; };
  multiply<T>(static_cast<std::int64_t>(chosen.size()), row, B, row, threads);
}

/// Returns the processor seconds of this process.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Blocks of a Gram matrix, which the gathered columns of a step of the kernel fit L2 with; of few,
// the rows are summed in parts as well, of this many at least.
constexpr std::int64_t kGramRows = 192, kGramColumns = 256;
constexpr std::int64_t kGramTasks = 32, kLeastGramRows = 1024;

/// Returns the blocks that the upper triangle takes.
std::vector<GramBlock> gram_blocks(std::int64_t stride) {
  std::vector<GramBlock> blocks;
  for (std::int64_t i = 0; i < stride; i += kGramRows)
    for (std::int64_t j = 0; j < stride; j += kGramColumns)
      if (j + kGramColumns > i)
        blocks.push_back(
            {i, std::min(kGramRows, stride - i), j, std::min(kGramColumns, stride - j)});
  return blocks;
}

/// Sums upper triangles, stride × stride, to the symmetric matrix f × f.
void sum_parts(const double* parts, std::int64_t n_parts, std::int64_t stride, std::int64_t f,
               double* out) {
  constexpr std::int64_t tile = 32;  // columns are written tile by tile: each line of a cache once
  for (std::int64_t i0 = 0; i0 < f; i0 += tile) {
    for (std::int64_t j0 = i0; j0 < f; j0 += tile) {
      for (std::int64_t i = i0; i < std::min(i0 + tile, f); ++i) {
        for (std::int64_t j = std::max(i, j0); j < std::min(j0 + tile, f); ++j) {
          double total = 0;
          for (std::int64_t part = 0; part < n_parts; ++part)
            total += parts[(part * stride + i) * stride + j];
          out[i * f + j] = out[j * f + i] = total;
        }
      }
    }
  }
}

}  // namespace

template <class T>
std::int64_t factor_granule() {
  return solve_kernels<T>().granule;
}

template <class T>
void gram(Factors<const T> Y, double* out, bool precise, int threads, const Poll& poll) {
  const auto& kernels = dense_kernels<T>();
  const std::int64_t f = Y.columns, stride = Y.stride;
  const auto blocks = gram_blocks(stride);
  const auto n_blocks = static_cast<std::int64_t>(blocks.size());
  // Parts, and so the order of the sums, depend on the shape only.
  const std::int64_t n_parts = std::clamp<std::int64_t>(
      chunks_of(kGramTasks, n_blocks), 1, std::max<std::int64_t>(1, Y.rows / kLeastGramRows));
  const std::int64_t size = chunks_of(Y.rows, n_parts);
  const auto parts = make_buffer<double>(n_parts * stride * stride);
  parallel_for(
      n_parts * n_blocks, threads,
      [&](std::int64_t task, int) {
        const auto& block = blocks[static_cast<std::size_t>(task % n_blocks)];
        const std::int64_t part = task / n_blocks, first = std::min(part * size, Y.rows);
        const auto scratch = make_buffer<char>(kernels.gram_scratch_bytes(block));
        kernels.gram(Y.data + first * stride, std::min(size, Y.rows - first), stride, precise,
                     block, parts.get() + (part * stride + block.i) * stride + block.j,
                     scratch.get());
      },
      poll);
  sum_parts(parts.get(), n_parts, stride, f, out);
}

template <class T>
void rotate(const Spectrum<T>& spectrum, Factors<T> Y, Factors<T> X, int threads) {
  // Both rotations run to the end: an interrupt must not leave rows in different coordinates.
  const PackedMatrix<T> Q(spectrum.eigenvectors, Y.columns, Y.stride, false);
  multiply(as_const(Y), Q, Y.data, threads);
  multiply(as_const(X), Q, X.data, threads);
}

template <class T>
void solve_rotated(const WeightedRows& rows, const Spectrum<T>& spectrum,
                   const RowObjective& objective, Factors<const T> W, Factors<T> V, int threads,
                   const Poll& poll) {
  RowSolver<T>(rows, spectrum.eigenvalues, objective, W.data, V, threads).solve(poll);
}

template <class T>
HalfStepSeconds half_step(const WeightedRows& rows, const Spectrum<T>& spectrum,
                          const RowObjective& objective, Factors<T> Y, Factors<T> X, int threads,
                          const Poll& poll) {
  const double begun = cpu_seconds();
  RowSolver<T> solver(rows, spectrum.eigenvalues, objective, Y.data, X, threads);
  const PackedMatrix<T> Q(spectrum.eigenvectors, Y.columns, Y.stride, false);
  // Rotations run to the end: an interrupt must not leave rows in different coordinates.
  multiply(as_const(Y), Q, Y.data, threads);
  multiply_if(X, [&](std::int64_t r) { return solver.starts(r); }, Q, threads);
  const double rotated = cpu_seconds();
  try {
    if (poll) poll();
    solver.solve(poll);
  } catch (...) {
    const auto left = [&](std::int64_t r) { return !solver.starts(r) && !solver.solved(r); };
    multiply_if(X, left, Q, threads);
    throw;
  }
  return {rotated - begun, cpu_seconds() - rotated};
}

template <class T>
HalfStepSeconds whitened_half_step(const WeightedRows& rows, const Whitening<T>& whitening,
                                   const RowObjective& objective, Factors<const T> Y, Factors<T> X,
                                   T* W, int threads, const Poll& poll) {
  const double begun = cpu_seconds();
  const std::int64_t f = Y.columns, stride = Y.stride;
  RowSolver<T> solver(rows, nullptr, objective, W, X, threads);
  multiply(Y, PackedMatrix<T>(whitening.inverse, f, stride, true, Triangle::upper), W, threads);
  if (poll) poll();
  multiply_if(
      X, [&](std::int64_t r) { return solver.starts(r); },
      PackedMatrix<T>(whitening.factor, f, stride, false, Triangle::lower), threads);
  const auto restore = [&] {
    const auto whitened = [&](std::int64_t r) { return solver.starts(r) || solver.solved(r); };
    multiply_if(X, whitened, PackedMatrix<T>(whitening.inverse, f, stride, false, Triangle::lower),
                threads);
  };
  const double started = cpu_seconds();
  try {
    solver.solve(poll);
  } catch (...) {
    restore();
    throw;
  }
  const double solved = cpu_seconds();
  restore();
  return {started - begun + cpu_seconds() - solved, solved - started};
}

template <class T>
void fold_in(const WeightedRows& rows, const Spectrum<T>& spectrum, const RowObjective& objective,
             Factors<const T> Y, Factors<T> X, int threads, const Poll& poll) {
  const PackedMatrix<T> Q(spectrum.eigenvectors, Y.columns, Y.stride, false);
  const auto W = make_buffer<T>(Y.rows * Y.stride);
  multiply(Y, Q, W.get(), threads);
  RowObjective exact = objective;
  exact.solver = Solver::exact;
  RowSolver<T>(rows, spectrum.eigenvalues, exact, W.get(), X, threads).solve(poll);
  const PackedMatrix<T> Qt(spectrum.eigenvectors, Y.columns, Y.stride, true);
  multiply(as_const(X), Qt, X.data, threads);
}

template <class T>
double observed_loss(const WeightedRows& rows, Factors<const T> X, Factors<const T> Y,
                     double unobserved_weight, int threads, const Poll& poll) {
  const auto& kernels = solve_kernels<T>();
  const std::int64_t stride = X.stride, size = 256;
  std::vector<double> parts(static_cast<std::size_t>(chunks_of(rows.n_rows, size)), 0.0);
  parallel_for(
      static_cast<std::int64_t>(parts.size()), threads,
      [&](std::int64_t chunk, int) {
        double total = 0;
        const std::int64_t end = std::min(rows.n_rows, (chunk + 1) * size);
        for (std::int64_t r = chunk * size; r < end; ++r) {
          for (std::int64_t e = rows.indptr[r]; e < rows.indptr[r + 1]; ++e) {
            const double predicted =
                kernels.dot(X.data + r * stride, Y.data + rows.indices[e] * stride, stride);
            const double confidence_delta = rows.confidence_delta[e];
            const double miss = (confidence_delta > 0 ? 1 : 0) - predicted;
            total += (unobserved_weight + std::abs(confidence_delta)) * miss * miss -
                     unobserved_weight * predicted * predicted;
          }
        }
        parts[static_cast<std::size_t>(chunk)] = total;
      },
      poll);
  double total = 0;
  for (const double part : parts) total += part;
  return total;
}

#define PENCHANT_INSTANTIATE(T)                                                                \
  template std::int64_t factor_granule<T>();                                                   \
  template void gram<T>(Factors<const T>, double*, bool, int, const Poll&);                    \
  template void rotate<T>(const Spectrum<T>&, Factors<T>, Factors<T>, int);                    \
  template void solve_rotated<T>(const WeightedRows&, const Spectrum<T>&, const RowObjective&, \
                                 Factors<const T>, Factors<T>, int, const Poll&);              \
  template HalfStepSeconds half_step<T>(const WeightedRows&, const Spectrum<T>&,               \
                                        const RowObjective&, Factors<T>, Factors<T>, int,      \
                                        const Poll&);                                          \
  template HalfStepSeconds whitened_half_step<T>(const WeightedRows&, const Whitening<T>&,     \
                                                 const RowObjective&, Factors<const T>,        \
                                                 Factors<T>, T*, int, const Poll&);            \
  template void fold_in<T>(const WeightedRows&, const Spectrum<T>&, const RowObjective&,       \
                           Factors<const T>, Factors<T>, int, const Poll&);                    \
  template double observed_loss<T>(const WeightedRows&, Factors<const T>, Factors<const T>,    \
                                   double, int, const Poll&);
PENCHANT_INSTANTIATE(float)
PENCHANT_INSTANTIATE(double)

}  // namespace penchant
