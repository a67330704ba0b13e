// The plan of a half step: what rows cost, and how they are distributed over threads.
#pragma once

#include <cstdint>
#include <vector>

#include "penchant/solve.hpp"

namespace penchant {

/// Predicted cycles of a row on a core with vectors of 8 floats. On other cores the ratio of the
/// two solvers is about the same.
struct RowCosts {
  Solver solver;
  std::int64_t f;  // stride
  int cg_steps;

  /// Whether a row of n > 0 entries is solved exactly. By cost, conjugate gradients with 3 steps
  /// are always cheaper; with many steps, short rows and few factors are cheaper to solve exactly.
  bool exact(std::int64_t n) const;

  /// Returns the cost of a row of n entries.
  double of_row(std::int64_t n) const;
};

/// A range of rows that one thread solves.
struct Chunk {
  std::int64_t begin, end;
  double cost;
};

/// A range of entries of a heavy row.
struct Part {
  std::int64_t first, count;
};

/// Which rows are solved by which means.
struct RowPlan {
  RowCosts costs;
  std::vector<std::int64_t> heavy;  // rows split over threads; independent of the number of threads
  std::vector<Chunk> chunks;        // of all other rows, heaviest first
  std::int64_t most_entries;        // the most entries of a row or part that one thread solves
};

/// Plans a half step.
RowPlan make_plan(const WeightedRows& rows, const RowCosts& costs, int threads);

/// Returns the parts of a heavy row of n entries. They do not depend on the number of threads, and
/// their sums are added in this order.
std::vector<Part> parts_of(std::int64_t n);

}  // namespace penchant
