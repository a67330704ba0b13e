// Half steps for the tests: compact row-major factors, and the normal equations to compare with.
#pragma once

#include <algorithm>
#include <cmath>

#include "penchant/solve.hpp"
#include "problems.hpp"

namespace penchant::tests {

template <class T>
struct Problem {
  Lists lists;
  std::vector<float> confidence_delta;
  std::int64_t n_items, f;
  std::vector<T> X, Y;  // X: where conjugate gradients start
  std::vector<double> regularization;
  double unobserved_weight = 1;
  Solver solver = Solver::exact;
  int cg_steps = 3;

  std::int64_t n_rows() const { return lists.n_rows(); }
};

/// Random weights of both signs around `size`; λ varies between rows.
template <class T>
Problem<T> random_problem(Lists lists, std::int64_t n_items, std::int64_t f, Random& random,
                          double size = 3) {
  Problem<T> out{std::move(lists), {}, n_items, f, {}, {}, {}};
  for (std::size_t e = 0; e < out.lists.indices.size(); ++e) {
    const double weight = size * (0.1 + random.unit());
    out.confidence_delta.push_back(static_cast<float>(random.unit() < 0.2 ? -weight : weight));
  }
  for (std::int64_t r = 0; r < out.n_rows(); ++r) out.regularization.push_back(0.1 + random.unit());
  out.X = random.numbers<T>(out.n_rows() * f);
  out.Y = random.numbers<T>(n_items * f);
  return out;
}

/// The Gram matrix by plain sums, f × f.
template <class T>
std::vector<double> plain_gram(const std::vector<T>& Y, std::int64_t f) {
  std::vector<double> out(static_cast<std::size_t>(f * f), 0);
  for (std::size_t begin = 0; begin < Y.size(); begin += static_cast<std::size_t>(f))
    for (std::int64_t i = 0; i < f; ++i)
      for (std::int64_t j = 0; j < f; ++j)
        out[i * f + j] += static_cast<double>(Y[begin + i]) * static_cast<double>(Y[begin + j]);
  return out;
}

/// Diagonalizes A by Jacobi rotations; returns its eigenvectors as columns.
inline std::vector<double> diagonalize(std::vector<double>& A, std::int64_t f) {
  std::vector<double> Q(A.size(), 0);
  for (std::int64_t i = 0; i < f; ++i) Q[i * f + i] = 1;
  const auto rotate = [f](std::vector<double>& M, std::int64_t a, std::int64_t b, std::int64_t step,
                          double c, double s) {
    for (std::int64_t k = 0; k < f; ++k) {
      const double x = M[a + k * step], y = M[b + k * step];
      M[a + k * step] = c * x - s * y;
      M[b + k * step] = s * x + c * y;
    }
  };
  for (int sweep = 0; sweep < 12; ++sweep) {
    for (std::int64_t p = 0; p < f; ++p) {
      for (std::int64_t q = p + 1; q < f; ++q) {
        if (std::abs(A[p * f + q]) < 1e-300) continue;
        const double angle = 0.5 * std::atan2(2 * A[p * f + q], A[q * f + q] - A[p * f + p]);
        const double c = std::cos(angle), s = std::sin(angle);
        rotate(A, p, q, f, c, s);          // columns
        rotate(A, p * f, q * f, 1, c, s);  // rows
        rotate(Q, p, q, f, c, s);
      }
    }
  }
  return Q;
}

/// Factors padded with zeros to the stride of the solver.
template <class T>
struct Padded {
  Padded(const std::vector<T>& compact, std::int64_t f) : columns(f) {
    const auto granule = factor_granule<T>();
    stride = (f + granule - 1) / granule * granule;
    rows = static_cast<std::int64_t>(compact.size()) / f;
    data.assign(static_cast<std::size_t>(rows * stride), T(0));
    for (std::int64_t r = 0; r < rows; ++r)
      std::copy_n(compact.begin() + r * f, f, data.begin() + r * stride);
  }

  Factors<T> view() { return {data.data(), rows, columns, stride}; }
  Factors<const T> view() const { return {data.data(), rows, columns, stride}; }

  std::vector<T> compact() const {
    std::vector<T> out;
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto row = data.begin() + r * stride;
      out.insert(out.end(), row, row + columns);
      for (auto j = columns; j < stride; ++j) CHECK_EQUAL(row[j], T(0));
    }
    return out;
  }

  std::vector<T> data;
  std::int64_t rows, columns, stride;
};

template <class T>
WeightedRows rows_of(const Problem<T>& problem) {
  return {problem.lists.indptr.data(), problem.lists.indices.data(),
          problem.confidence_delta.data(), problem.n_rows()};
}

/// Calls body(spectrum, objective) with those of a problem.
template <class T, class Body>
void with_objective(const Problem<T>& problem, const Body& body) {
  const auto f = problem.f;
  auto A = plain_gram(problem.Y, f);
  const auto Q = diagonalize(A, f);
  std::vector<double> eigenvalues;
  for (std::int64_t j = 0; j < f; ++j) eigenvalues.push_back(std::max(0.0, A[j * f + j]));
  const std::vector<T> eigenvectors(Q.begin(), Q.end());
  body(Spectrum<T>{eigenvalues.data(), eigenvectors.data()},
       RowObjective{problem.regularization.data(), problem.unobserved_weight, problem.solver,
                    problem.cg_steps});
}

/// Solves the rows of X; both sides are rotated.
template <class T>
void solve(Problem<T>& problem, int threads, const Poll& poll = {}) {
  Padded<T> X(problem.X, problem.f), Y(problem.Y, problem.f);
  with_objective(problem, [&](const Spectrum<T>& spectrum, const RowObjective& objective) {
    half_step<T>(rows_of(problem), spectrum, objective, Y.view(), X.view(), threads, poll);
  });
  problem.X = X.compact();
  problem.Y = Y.compact();
}

/// Factorizes A = LLᵀ in place; returns the inverse of L.
inline std::vector<double> factorize(std::vector<double>& A, std::int64_t f) {
  std::vector<double> inverse(A.size(), 0);
  for (std::int64_t i = 0; i < f; ++i) {
    for (std::int64_t j = 0; j < f; ++j) {
      double sum = A[i * f + j];
      for (std::int64_t k = 0; k < std::min(i, j); ++k) sum -= A[i * f + k] * A[j * f + k];
      A[i * f + j] = j > i ? 0 : j < i ? sum / A[j * f + j] : std::sqrt(sum);
    }
    for (std::int64_t j = 0; j <= i; ++j) {
      double sum = i == j ? 1 : 0;
      for (std::int64_t k = j; k < i; ++k) sum -= A[i * f + k] * inverse[k * f + j];
      inverse[i * f + j] = sum / A[i * f + i];
    }
  }
  return inverse;
}

/// Solves the rows of X in coordinates of a Cholesky factor; λ becomes 0.5.
template <class T>
void solve_whitened(Problem<T>& problem, int threads, const Poll& poll = {}) {
  const auto f = problem.f;
  problem.regularization.assign(static_cast<std::size_t>(problem.n_rows()), 0.5);
  Padded<T> X(problem.X, f);
  const Padded<T> Y(problem.Y, f);
  auto A = plain_gram(problem.Y, f);
  for (auto& entry : A) entry *= problem.unobserved_weight;
  for (std::int64_t j = 0; j < f; ++j) A[j * f + j] += 0.5;
  const auto inverse = factorize(A, f);
  const std::vector<T> L(A.begin(), A.end()), L_inverse(inverse.begin(), inverse.end());
  const RowObjective objective{problem.regularization.data(), problem.unobserved_weight,
                               problem.solver, problem.cg_steps};
  std::vector<T> W(Y.data.size());
  try {
    whitened_half_step<T>(rows_of(problem), {L.data(), L_inverse.data()}, objective, Y.view(),
                          X.view(), W.data(), threads, poll);
  } catch (...) {
    problem.X = X.compact();
    throw;
  }
  problem.X = X.compact();
}

/// Solves the rows of X without rotation.
template <class T>
void fold(Problem<T>& problem, int threads, const Poll& poll = {}) {
  Padded<T> X(problem.X, problem.f);
  const Padded<T> Y(problem.Y, problem.f);
  with_objective(problem, [&](const Spectrum<T>& spectrum, const RowObjective& objective) {
    fold_in<T>(rows_of(problem), spectrum, objective, Y.view(), X.view(), threads, poll);
  });
  problem.X = X.compact();
}

template <class T>
std::vector<double> gram_of(const std::vector<T>& Y, std::int64_t f, bool precise, int threads,
                            const Poll& poll = {}) {
  const Padded<T> padded(Y, f);
  std::vector<double> out(static_cast<std::size_t>(f * f), -1);
  gram<T>(padded.view(), out.data(), precise, threads, poll);
  return out;
}

template <class T>
double loss_of(const Problem<T>& problem, int threads, const Poll& poll = {}) {
  const Padded<T> X(problem.X, problem.f), Y(problem.Y, problem.f);
  return observed_loss<T>(rows_of(problem), X.view(), Y.view(), problem.unobserved_weight, threads,
                          poll);
}

/// The system A x = b of one row, which minimizes xᵀAx − 2bᵀx.
struct Normal {
  template <class T>
  Normal(const Problem<T>& problem, std::int64_t row)
      : f(problem.f), A(plain_gram(problem.Y, f)), b(static_cast<std::size_t>(f), 0) {
    for (auto& entry : A) entry *= problem.unobserved_weight;
    for (std::int64_t i = 0; i < f; ++i) A[i * f + i] += problem.regularization[row];
    for (auto e = problem.lists.indptr[row]; e < problem.lists.indptr[row + 1]; ++e) {
      const T* y = problem.Y.data() + problem.lists.indices[e] * f;
      const double confidence_delta = problem.confidence_delta[e];
      for (std::int64_t i = 0; i < f; ++i) {
        if (confidence_delta > 0)
          b[i] += (problem.unobserved_weight + confidence_delta) * static_cast<double>(y[i]);
        for (std::int64_t j = 0; j < f; ++j)
          A[i * f + j] +=
              std::abs(confidence_delta) * static_cast<double>(y[i]) * static_cast<double>(y[j]);
      }
    }
  }

  /// Solves it by elimination with pivots.
  std::vector<double> solution() const {
    auto M = A;
    auto x = b;
    for (std::int64_t k = 0; k < f; ++k) {
      std::int64_t best = k;
      for (auto i = k; i < f; ++i)
        if (std::abs(M[i * f + k]) > std::abs(M[best * f + k])) best = i;
      std::swap_ranges(M.begin() + k * f, M.begin() + (k + 1) * f, M.begin() + best * f);
      std::swap(x[k], x[best]);
      for (auto i = k + 1; i < f; ++i) {
        const double factor = M[i * f + k] / M[k * f + k];
        for (auto j = k; j < f; ++j) M[i * f + j] -= factor * M[k * f + j];
        x[i] -= factor * x[k];
      }
    }
    for (auto i = f - 1; i >= 0; --i) {
      for (auto j = i + 1; j < f; ++j) x[i] -= M[i * f + j] * x[j];
      x[i] /= M[i * f + i];
    }
    return x;
  }

  /// Computes dᵀAd, by which the objective at a solution + d exceeds the minimum.
  double energy(const std::vector<double>& d) const {
    double total = 0;
    for (std::int64_t i = 0; i < f; ++i)
      for (std::int64_t j = 0; j < f; ++j) total += d[i] * A[i * f + j] * d[j];
    return total;
  }

  std::int64_t f;
  std::vector<double> A, b;
};

/// Returns how far the objective of a row is above the minimum, relative to its gain over x = 0.
template <class T>
double excess_objective(const Problem<T>& problem, std::int64_t row) {
  const Normal normal(problem, row);
  const auto best = normal.solution();
  auto miss = best;
  for (std::int64_t j = 0; j < problem.f; ++j)
    miss[j] -= static_cast<double>(problem.X[row * problem.f + j]);
  const double gained = normal.energy(best);
  return gained > 0 ? normal.energy(miss) / gained : normal.energy(miss);
}

}  // namespace penchant::tests
