#include "penchant/solve.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "penchant/memory.hpp"
#include "products.hpp"
#include "row_solver.hpp"
#include "solve_kernels.hpp"

namespace penchant {
namespace {

template <class T>
Factors<const T> as_const(Factors<T> X) {
  return {X.data, X.rows, X.columns, X.stride};
}

}  // namespace

template <class T>
std::int64_t factor_granule() {
  return solve_kernels<T>().granule;
}

template <class T>
void gram(Factors<const T> Y, double* out, bool precise, int threads, const Poll& poll) {
  const auto& kernels = solve_kernels<T>();
  const std::int64_t f = Y.columns, stride = Y.stride;
  // Chunks, and so the order of the sums, depend on the number of rows only.
  const std::int64_t size = std::max<std::int64_t>(1024, chunks_of(Y.rows, 16));
  const std::int64_t n_chunks = chunks_of(Y.rows, size);
  std::vector<std::vector<double>> parts(static_cast<std::size_t>(n_chunks));
  parallel_for(
      n_chunks, threads,
      [&](std::int64_t chunk, int) {
        auto& part = parts[static_cast<std::size_t>(chunk)];
        part.assign(static_cast<std::size_t>(stride * stride), 0.0);
        const auto scratch = make_buffer<char>(kernels.gram_scratch_bytes(stride));
        const std::int64_t first = chunk * size;
        kernels.gram(Y.data + first * stride, std::min(size, Y.rows - first), stride, precise,
                     part.data(), scratch.get());
      },
      poll);
  for (std::int64_t i = 0; i < f; ++i) {
    for (std::int64_t j = i; j < f; ++j) {
      double total = 0;
      for (const auto& part : parts) total += part[static_cast<std::size_t>(i * stride + j)];
      out[i * f + j] = out[j * f + i] = total;
    }
  }
}

template <class T>
void rotate(const Spectrum<T>& spectrum, Factors<T> Y, Factors<T> X, int threads) {
  // Both rotations run to the end: an interrupt must not leave rows in different coordinates.
  const auto Q = padded(spectrum.eigenvectors, Y.columns, Y.stride, false);
  multiply(as_const(Y), Q.get(), Y.data, threads);
  multiply(as_const(X), Q.get(), X.data, threads);
}

template <class T>
void solve_rotated(const WeightedRows& rows, const Spectrum<T>& spectrum,
                   const RowObjective& objective, Factors<const T> W, Factors<T> V, int threads,
                   const Poll& poll) {
  RowSolver<T>(rows, spectrum, objective, W.data, V, threads).solve(poll);
}

template <class T>
void half_step(const WeightedRows& rows, const Spectrum<T>& spectrum, const RowObjective& objective,
               Factors<T> Y, Factors<T> X, int threads, const Poll& poll) {
  rotate(spectrum, Y, X, threads);
  if (poll) poll();
  solve_rotated(rows, spectrum, objective, as_const(Y), X, threads, poll);
}

template <class T>
void fold_in(const WeightedRows& rows, const Spectrum<T>& spectrum, const RowObjective& objective,
             Factors<const T> Y, Factors<T> X, int threads, const Poll& poll) {
  const auto Q = padded(spectrum.eigenvectors, Y.columns, Y.stride, false);
  const auto W = make_buffer<T>(Y.rows * Y.stride);
  multiply(Y, Q.get(), W.get(), threads);
  RowObjective exact = objective;
  exact.solver = Solver::exact;
  RowSolver<T>(rows, spectrum, exact, W.get(), X, threads).solve(poll);
  const auto Qt = padded(spectrum.eigenvectors, Y.columns, Y.stride, true);
  multiply(as_const(X), Qt.get(), X.data, threads);
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
  template void half_step<T>(const WeightedRows&, const Spectrum<T>&, const RowObjective&,     \
                             Factors<T>, Factors<T>, int, const Poll&);                        \
  template void fold_in<T>(const WeightedRows&, const Spectrum<T>&, const RowObjective&,       \
                           Factors<const T>, Factors<T>, int, const Poll&);                    \
  template double observed_loss<T>(const WeightedRows&, Factors<const T>, Factors<const T>,    \
                                   double, int, const Poll&);
PENCHANT_INSTANTIATE(float)
PENCHANT_INSTANTIATE(double)

}  // namespace penchant
