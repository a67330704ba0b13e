// The solution of all rows of a half step on several threads, each row by the cheaper solver.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "penchant/lockstep.hpp"
#include "penchant/memory.hpp"
#include "penchant/solve.hpp"
#include "row_plan.hpp"
#include "solve_kernels.hpp"

namespace penchant {

/// γ = Γ^(−1/2) for Γ = α0 Λ + λ, and 0 in directions outside the span of the fixed side: there W
/// is rounding error, and the solution is 0 for any λ.
template <class T>
struct Directions {
  std::vector<double> gamma;
  std::vector<T> shared;   // Γ; 0 where γ is
  std::vector<T> inverse;  // γ²
  double regularization = -1;

  void fill(const double* eigenvalues, double unobserved_weight, std::int64_t f,
            std::int64_t stride, double row_regularization) {
    if (row_regularization == regularization) return;
    regularization = row_regularization;
    const auto n = static_cast<std::size_t>(stride);
    if (eigenvalues == nullptr) return fill_whitened(static_cast<std::size_t>(f), n);
    gamma.assign(n, 0.0), shared.assign(n, T(0)), inverse.assign(n, T(0));
    const double rounding = sizeof(T) == sizeof(float) ? 1e-12 : 1e-14;
    const double least = rounding * *std::max_element(eigenvalues, eigenvalues + f);
    for (std::size_t j = 0; j < static_cast<std::size_t>(f); ++j) {
      const double weight = unobserved_weight * eigenvalues[j] + row_regularization;
      if (!(eigenvalues[j] > least && weight > 0)) continue;
      gamma[j] = 1 / std::sqrt(weight);
      shared[j] = static_cast<T>(weight);
      inverse[j] = static_cast<T>(1 / weight);
    }
  }

  /// Fills in γ = Γ = 1.
  void fill_whitened(std::size_t f, std::size_t stride) {
    gamma.assign(stride, 0.0), shared.assign(stride, T(0));
    std::fill_n(gamma.begin(), f, 1.0), std::fill_n(shared.begin(), f, T(1));
    inverse = shared;
  }
};

/// Solves the rows of a half step. W and V are in the coordinates of Q, or whitened if there are no
/// eigenvalues; V is written.
template <class T>
class RowSolver {
 public:
  RowSolver(const WeightedRows& rows, const double* eigenvalues, const RowObjective& objective,
            const T* W, Factors<T> V, int threads)
      : rows_(rows),
        eigenvalues_(eigenvalues),
        objective_(objective),
        W_(W),
        V_(V),
        threads_(std::max(threads, 1)),
        plan_(make_plan(rows, RowCosts{objective.solver, V.stride, objective.cg_steps}, threads_)),
        solved_(static_cast<std::size_t>(rows.n_rows), 0),
        workers_(static_cast<std::size_t>(threads_)) {
    starts_.reserve(solved_.size());
    for (std::int64_t r = 0; r < rows.n_rows; ++r) {
      const std::int64_t n = rows.indptr[r + 1] - rows.indptr[r];
      starts_.push_back(n > 0 && !plan_.costs.exact(n));
    }
  }

  /// Returns whether a row has entries and starts from its present factors.
  bool starts(std::int64_t r) const { return starts_[static_cast<std::size_t>(r)] != 0; }

  /// Returns whether a row is solved, also after an interruption.
  bool solved(std::int64_t r) const { return solved_[static_cast<std::size_t>(r)] != 0; }

  /// Solves the heavy rows, which all threads share, then chunks of the others.
  void solve(const Poll& poll) {
    solve_heavy(poll);
    parallel_for(
        static_cast<std::int64_t>(plan_.chunks.size()), threads_,
        [&](std::int64_t at, int number) {
          auto& worker = ready(number);
          const auto chunk = plan_.chunks[static_cast<std::size_t>(at)];
          for (std::int64_t r = chunk.begin; r < chunk.end; ++r) solve_row(r, worker);
        },
        poll);
  }

 private:
  /// The memory of one thread, reused between rows.
  struct Worker {
    Buffer<char> scratch;
    Directions<T> directions;
  };

  /// Returns the memory of a thread, allocated at its first use.
  Worker& ready(int number) {
    auto& worker = workers_[static_cast<std::size_t>(number)];
    if (!worker.scratch)
      worker.scratch = make_buffer<char>(kernels_.scratch_bytes(V_.stride, plan_.most_entries));
    return worker;
  }

  RowProblem<T> problem_of(std::int64_t r, Directions<T>& directions) const {
    directions.fill(eigenvalues_, objective_.unobserved_weight, V_.columns, V_.stride,
                    objective_.regularization[r]);
    const std::int64_t begin = rows_.indptr[r], end = rows_.indptr[r + 1];
    return {W_,
            V_.stride,
            rows_.indices + begin,
            rows_.confidence_delta + begin,
            end - begin,
            r + 1 < rows_.n_rows ? rows_.indptr[r + 2] - end : 0,
            objective_.unobserved_weight,
            directions.gamma.data(),
            directions.shared.data(),
            directions.inverse.data(),
            objective_.cg_steps,
            V_.data + r * V_.stride};
  }

  void solve_row(std::int64_t r, Worker& worker) {
    T* v = V_.data + r * V_.stride;
    if (rows_.indptr[r] == rows_.indptr[r + 1]) {
      std::fill(v, v + V_.stride, T(0));
      return;
    }
    const auto problem = problem_of(r, worker.directions);
    solved_[static_cast<std::size_t>(r)] = 1;
    if (!starts(r)) std::fill(v, v + V_.stride, T(0));  // stays if no precision suffices
    (starts(r) ? kernels_.solve_cg : kernels_.solve_exact)(problem, worker.scratch.get());
  }

  void solve_heavy(const Poll& poll) {
    std::vector<std::int64_t> by_cg;
    for (const std::int64_t r : plan_.heavy) {
      const std::int64_t n = rows_.indptr[r + 1] - rows_.indptr[r];
      if (plan_.costs.exact(n))
        solve_heavy_exact(r, poll);
      else
        by_cg.push_back(r);
    }
    if (!by_cg.empty()) solve_heavy_cg(by_cg, poll);
  }

  static RowProblem<T> part_of(const RowProblem<T>& row, Part part) {
    auto out = row;
    out.columns += part.first, out.confidence_delta += part.first;
    out.n = part.count, out.n_next = 0;
    return out;
  }

  void solve_heavy_exact(std::int64_t r, const Poll& poll) {
    Directions<T> directions;
    const auto row = problem_of(r, directions);
    const auto parts = parts_of(row.n);
    const auto n_parts = static_cast<std::int64_t>(parts.size());
    const std::int64_t size = kernels_.normal_size(V_.stride);
    const auto equations = make_buffer<T>(n_parts * size);
    parallel_for(
        n_parts, threads_,
        [&](std::int64_t k, int number) {
          kernels_.normal_part(part_of(row, parts[static_cast<std::size_t>(k)]),
                               equations.get() + k * size, ready(number).scratch.get());
        },
        poll);
    std::fill_n(row.v, V_.stride, T(0));
    kernels_.solve_normal_parts(row, equations.get(), n_parts, ready(0).scratch.get());
    solved_[static_cast<std::size_t>(r)] = 1;
  }

  /// Solves heavy rows together, pass by pass, so that threads synchronize after each pass of all
  /// rows rather than of each.
  void solve_heavy_cg(const std::vector<std::int64_t>& rows, const Poll& poll) {
    std::vector<HeavyRow> heavy(rows.size());
    std::vector<std::pair<HeavyRow*, std::size_t>> passes;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      start(heavy[i], rows[i]);
      for (std::size_t k = 0; k < heavy[i].parts.size(); ++k) passes.emplace_back(&heavy[i], k);
    }
    in_lockstep(
        2 * (std::int64_t{objective_.cg_steps} + 1), static_cast<std::int64_t>(passes.size()),
        threads_,
        [&](std::int64_t stage, std::int64_t chunk, int number) {
          char* scratch = ready(number).scratch.get();
          const auto at = static_cast<std::size_t>(chunk);
          if (stage % 2 == 0)
            pass(*passes[at].first, passes[at].second, scratch);
          else if (at < heavy.size())
            advance(heavy[at], scratch);
        },
        poll);
  }

  struct HeavyRow {
    Directions<T> directions;
    RowProblem<T> problem;
    std::vector<Part> parts;
    Buffer<char> state;
    Buffer<T> sums;
    bool more;
  };

  void start(HeavyRow& row, std::int64_t r) const {
    row.problem = problem_of(r, row.directions);
    row.parts = parts_of(row.problem.n);
    row.state = make_buffer<char>(kernels_.cg_bytes(V_.stride));
    row.sums = make_buffer<T>(static_cast<std::int64_t>(row.parts.size()) * V_.stride);
    row.more = true;
    kernels_.cg_start(row.problem, row.state.get());
  }

  void pass(HeavyRow& row, std::size_t k, char* scratch) const {
    if (!row.more) return;
    T* sum = row.sums.get() + static_cast<std::int64_t>(k) * V_.stride;
    kernels_.cg_pass(part_of(row.problem, row.parts[k]), row.state.get(), sum, scratch);
  }

  void advance(HeavyRow& row, char* scratch) const {
    if (!row.more) return;
    row.more = kernels_.cg_advance(row.problem, row.state.get(), row.sums.get(),
                                   static_cast<std::int64_t>(row.parts.size()), scratch);
  }

  const SolveKernels<T>& kernels_ = solve_kernels<T>();
  const WeightedRows& rows_;
  const double* eigenvalues_;
  const RowObjective& objective_;
  const T* W_;
  Factors<T> V_;
  int threads_;
  RowPlan plan_;
  std::vector<std::uint8_t> starts_;
  std::vector<std::uint8_t> solved_;  // of each row; threads write different ones
  std::vector<Worker> workers_;
};

}  // namespace penchant
