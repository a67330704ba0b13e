// Who solves which rows of a half step: what a row costs, and how rows are shared out.
#pragma once

#include <cstdint>
#include <vector>

#include "penchant/solve.hpp"

namespace penchant {

/// Predicted cycles of a core with vectors of 8 floats; on other cores the two solvers stand in
/// about the same relation.
struct RowCosts {
  Solver solver;
  std::int64_t f;  // stride
  int cg_steps;

  /// Whether a row of n entries, n > 0, is to be solved exactly. By the costs: with 3 steps
  /// conjugate gradients are cheaper whatever the row; with many the short rows and few factors
  /// are the exact solver's.
  bool exact(std::int64_t n) const;
  double of_row(std::int64_t n) const;
};

/// Neighboring rows.
struct Chunk {
  std::int64_t begin, end;
  double cost;
};

/// Entries of a row.
struct Part {
  std::int64_t first, count;
};

struct RowPlan {
  RowCosts costs;
  std::vector<std::int64_t> heavy;  // rows that are split over threads; rows alone decide which
  std::vector<Chunk> chunks;        // of all others, heaviest first
  std::int64_t most_entries;        // of a row or a part that one thread solves
};

RowPlan make_plan(const WeightedRows& rows, const RowCosts& costs, int threads);

/// The parts of a heavy row of n entries: the sums over them, in this order, are its result
/// whatever the number of threads.
std::vector<Part> parts_of(std::int64_t n);

}  // namespace penchant
