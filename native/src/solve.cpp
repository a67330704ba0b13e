#include "tacit/solve.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "products.hpp"
#include "solve_kernels.hpp"
#include "tacit/memory.hpp"

namespace tacit {
namespace {

/// A share of a half step small enough to look for Ctrl-C between two of them.
constexpr std::int64_t chunks_per_thread = 64;

template <class T>
Factors<const T> as_const(Factors<T> X) {
  return {X.data, X.rows, X.columns, X.stride};
}

/// Whether a row of n entries is cheaper solved exactly than by conjugate gradients. Counted in
/// cycles of a core with vectors of 8 floats; on other cores the two stand in about the same
/// relation. The exact solver works on granules of 8 numbers, does a multiply-add for 13 of them in
/// a cycle, waits for each pivot and gathers its entries; the passes of conjugate gradients are
/// bound by loads. With 3 steps these are cheaper whatever the row; with many the short rows and
/// few factors are the exact solver's.
bool exact_is_cheaper(std::int64_t n, std::int64_t f, int cg_steps) {
  const auto granules = [](std::int64_t x) { return static_cast<double>((x + 7) / 8 * 8); };
  const double rows = granules(n), factors = granules(f);
  const double small = std::min(rows, factors), large = std::max(rows, factors);
  const double products = (small * small * large / 2 + small * small * small / 6) / 13;
  const double exact = products + 60 * small + rows * factors + 600;
  const double pass = 2 * static_cast<double>(n) * factors / 9 + 1.5 * factors + 100;
  return exact < pass * (cg_steps + 1);
}

/// γ = Γ^(−1/2) for Γ = α0 Λ + λ, 0 in directions that the fixed side does not reach: what W
/// holds there is rounding, and the solution has no part in them whatever λ is.
template <class T>
struct Directions {
  std::vector<double> gamma;
  std::vector<T> shared;   // Γ; 0 where γ is
  std::vector<T> inverse;  // γ²
  double regularization = -1;

  void fill(const Shared<T>& all, std::int64_t f, std::int64_t stride, double lambda) {
    if (lambda == regularization) return;
    regularization = lambda;
    const auto n = static_cast<std::size_t>(stride);
    gamma.assign(n, 0.0), shared.assign(n, T(0)), inverse.assign(n, T(0));
    const double rounding = sizeof(T) == sizeof(float) ? 1e-12 : 1e-14;
    const double least = rounding * *std::max_element(all.eigenvalues, all.eigenvalues + f);
    for (std::size_t j = 0; j < static_cast<std::size_t>(f); ++j) {
      const double weight = all.unobserved_weight * all.eigenvalues[j] + lambda;
      if (!(all.eigenvalues[j] > least && weight > 0)) continue;
      gamma[j] = 1 / std::sqrt(weight);
      shared[j] = static_cast<T>(weight);
      inverse[j] = static_cast<T>(1 / weight);
    }
  }
};

/// Where chunks of rows of about equal work begin; the last entry is n_rows.
std::vector<std::int64_t> chunk_starts(const WeightedRows& rows, int threads) {
  const std::int64_t base_cost = 8;  // what a row costs beside its entries
  const auto work = [&](std::int64_t r) { return rows.indptr[r] - rows.indptr[0] + base_cost * r; };
  const std::int64_t wanted = std::max<std::int64_t>(1, chunks_per_thread * threads);
  const std::int64_t size = std::max<std::int64_t>(1, work(rows.n_rows) / wanted);
  std::vector<std::int64_t> starts{0};
  for (std::int64_t r = 1; r < rows.n_rows; ++r)
    if (work(r) - work(starts.back()) >= size) starts.push_back(r);
  starts.push_back(rows.n_rows);
  return starts;
}

/// What one thread keeps between rows.
template <class T>
struct Worker {
  Buffer<char> scratch;
  Directions<T> directions;
};

/// Solves every row in place; W and V are in the coordinates of Q.
template <class T>
void solve_rows(const WeightedRows& rows, const Shared<T>& shared, const T* W, Factors<T> V,
                int threads, const Poll& poll) {
  const auto& kernels = solve_kernels<T>();
  const std::int64_t f = V.columns, stride = V.stride;
  std::int64_t most = 1;
  for (std::int64_t r = 0; r < rows.n_rows; ++r)
    most = std::max(most, rows.indptr[r + 1] - rows.indptr[r]);
  const std::int64_t scratch_bytes = kernels.scratch_bytes(stride, most);
  std::vector<Worker<T>> workers(static_cast<std::size_t>(std::max(threads, 1)));

  const auto solve_row = [&](std::int64_t r, Worker<T>& worker) {
    T* v = V.data + r * stride;
    const std::int64_t begin = rows.indptr[r], n = rows.indptr[r + 1] - begin;
    if (n == 0) {
      std::fill(v, v + stride, T(0));
      return;
    }
    auto& directions = worker.directions;
    directions.fill(shared, f, stride, shared.regularization[r]);
    const RowProblem<T> problem{W,
                                stride,
                                rows.indices + begin,
                                rows.excess + begin,
                                n,
                                r + 1 < rows.n_rows ? rows.indptr[r + 2] - begin - n : 0,
                                shared.unobserved_weight,
                                directions.gamma.data(),
                                directions.shared.data(),
                                directions.inverse.data(),
                                shared.cg_steps,
                                v};
    const bool exact =
        shared.solver == Solver::exact ||
        (shared.solver == Solver::automatic && exact_is_cheaper(n, stride, shared.cg_steps));
    (exact ? kernels.solve_exact : kernels.solve_cg)(problem, worker.scratch.get());
  };

  const auto starts = chunk_starts(rows, threads);
  parallel_for(
      static_cast<std::int64_t>(starts.size()) - 1, threads,
      [&](std::int64_t chunk, int number) {
        auto& worker = workers[static_cast<std::size_t>(number)];
        if (!worker.scratch) worker.scratch = make_buffer<char>(scratch_bytes);
        const auto at = static_cast<std::size_t>(chunk);
        for (std::int64_t r = starts[at]; r < starts[at + 1]; ++r) solve_row(r, worker);
      },
      poll);
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
  // The chunks, and with them the order of the sums, depend on the number of rows only.
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
void half_step(const WeightedRows& rows, const Shared<T>& shared, Factors<T> Y, Factors<T> X,
               int threads, const Poll& poll) {
  // Both turns run to their end: an interrupt must not leave rows in two bases.
  const auto Q = padded(shared.eigenvectors, Y.columns, Y.stride, false);
  multiply(as_const(Y), Q.get(), Y.data, threads);
  multiply(as_const(X), Q.get(), X.data, threads);
  if (poll) poll();
  solve_rows<T>(rows, shared, Y.data, X, threads, poll);
}

template <class T>
void fold_in(const WeightedRows& rows, const Shared<T>& shared, Factors<const T> Y, Factors<T> X,
             int threads, const Poll& poll) {
  const auto Q = padded(shared.eigenvectors, Y.columns, Y.stride, false);
  const auto W = make_buffer<T>(Y.rows * Y.stride);
  multiply(Y, Q.get(), W.get(), threads);
  Shared<T> exactly = shared;
  exactly.solver = Solver::exact;
  solve_rows<T>(rows, exactly, W.get(), X, threads, poll);
  const auto Qt = padded(shared.eigenvectors, Y.columns, Y.stride, true);
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
            const double predicted = kernels.dot(X.data + r * stride, Y.data + rows.indices[e] * stride, stride);
            const double excess = rows.excess[e];
            const double miss = (excess > 0 ? 1 : 0) - predicted;
            total += (unobserved_weight + std::abs(excess)) * miss * miss -
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

#define TACIT_INSTANTIATE(T)                                                                     \
  template std::int64_t factor_granule<T>();                                                     \
  template void gram<T>(Factors<const T>, double*, bool, int, const Poll&);                      \
  template void half_step<T>(const WeightedRows&, const Shared<T>&, Factors<T>, Factors<T>, int, \
                             const Poll&);                                                       \
  template void fold_in<T>(const WeightedRows&, const Shared<T>&, Factors<const T>, Factors<T>,  \
                           int, const Poll&);                                                    \
  template double observed_loss<T>(const WeightedRows&, Factors<const T>, Factors<const T>,      \
                                   double, int, const Poll&);
TACIT_INSTANTIATE(float)
TACIT_INSTANTIATE(double)

}  // namespace tacit
