#include "row_plan.hpp"

#include <algorithm>
#include <utility>

namespace penchant {
namespace {

/// Chunks are small enough to poll between them.
constexpr std::int64_t kChunksPerThread = 64;

/// With fewer entries, synchronizing threads costs more than splitting a row or part saves.
constexpr std::int64_t kMinHeavyEntries = 16'384, kMinPartEntries = 4'096;
constexpr std::int64_t kMaxParts = 32;

/// A row with fewer entries per factor than this is not split either.
constexpr std::int64_t kMinEntriesPerFactor = 8;

/// A row with a smaller share of all work than this is not split: one thread finishes it in time,
/// since the heaviest rows are solved first.
constexpr double kHeavyShare = 1.0 / 256;

/// Rounds up to a multiple of the 8 numbers that the solvers work on at once.
std::int64_t whole_granules(std::int64_t n) { return (n + 7) / 8 * 8; }

/// Estimates the exact solver: 13 multiply-adds per cycle on granules of 8 numbers, plus the
/// latency of pivots and the gathering of entries.
double exact_cost(std::int64_t n, std::int64_t f) {
  const auto rows = static_cast<double>(whole_granules(n));
  const auto factors = static_cast<double>(whole_granules(f));
  const double small = std::min(rows, factors), large = std::max(rows, factors);
  const double products = (small * small * large / 2 + small * small * small / 6) / 13;
  return products + 60 * small + rows * factors + 600;
}

/// Estimates conjugate gradients, whose passes are limited by loads.
double cg_cost(std::int64_t n, std::int64_t f, int steps) {
  const auto factors = static_cast<double>(whole_granules(f));
  return (2 * static_cast<double>(n) * factors / 9 + 1.5 * factors + 100) * (steps + 1);
}

/// Groups rows into chunks of about equal cost and separates the heavy rows.
class Planner {
 public:
  Planner(const WeightedRows& rows, const RowCosts& costs, int threads)
      : rows_(rows), plan_{costs, {}, {}, 1} {
    const double total = cost_of(rows.indptr, rows.n_rows);
    heavy_ = kHeavyShare *
             (rows.whole_indptr == nullptr ? total : cost_of(rows.whole_indptr, rows.n_whole));
    size_ = total / static_cast<double>(kChunksPerThread * threads);
  }

  RowPlan plan() {
    for (std::int64_t r = 0; r < rows_.n_rows; ++r) add(r);
    close(rows_.n_rows);
    std::stable_sort(plan_.chunks.begin(), plan_.chunks.end(),
                     [](const Chunk& a, const Chunk& b) { return a.cost > b.cost; });
    return std::move(plan_);
  }

 private:
  double cost_of(const std::int64_t* indptr, std::int64_t n_rows) const {
    double total = 0;
    for (std::int64_t r = 0; r < n_rows; ++r)
      total += plan_.costs.of_row(indptr[r + 1] - indptr[r]);
    return total;
  }

  std::int64_t entries(std::int64_t r) const { return rows_.indptr[r + 1] - rows_.indptr[r]; }

  void add(std::int64_t r) {
    const std::int64_t n = entries(r);
    const double cost = plan_.costs.of_row(n);
    if (n >= std::max(kMinHeavyEntries, kMinEntriesPerFactor * plan_.costs.f) && cost >= heavy_) {
      close(r + 1);
      plan_.heavy.push_back(r);
      plan_.most_entries = std::max(plan_.most_entries, parts_of(n).front().count);
      return;
    }
    open_.end = r + 1;
    open_.cost += cost;
    plan_.most_entries = std::max(plan_.most_entries, n);
    if (open_.cost >= size_) close(r + 1);
  }

  void close(std::int64_t next) {
    if (open_.end > open_.begin) plan_.chunks.push_back(open_);
    open_ = {next, next, 0};
  }

  const WeightedRows& rows_;
  RowPlan plan_;
  double heavy_, size_;
  Chunk open_{0, 0, 0};
};

}  // namespace

bool RowCosts::exact(std::int64_t n) const {
  return solver == Solver::exact ||
         (solver == Solver::automatic && exact_cost(n, f) < cg_cost(n, f, cg_steps));
}

double RowCosts::of_row(std::int64_t n) const {
  if (n == 0) return static_cast<double>(f);
  return exact(n) ? exact_cost(n, f) : cg_cost(n, f, cg_steps);
}

std::vector<Part> parts_of(std::int64_t n) {
  const std::int64_t count = std::max(kMinPartEntries, (n + kMaxParts - 1) / kMaxParts);
  std::vector<Part> parts;
  for (std::int64_t first = 0; first < n; first += count)
    parts.push_back({first, std::min(count, n - first)});
  return parts;
}

std::int64_t count_exact_rows(const std::int64_t* entries, std::int64_t n_rows, std::int64_t stride,
                              int cg_steps) {
  const RowCosts costs{Solver::automatic, stride, cg_steps};
  return std::count_if(entries, entries + n_rows,
                       [&](std::int64_t n) { return n > 0 && costs.exact(n); });
}

RowPlan make_plan(const WeightedRows& rows, const RowCosts& costs, int threads) {
  return Planner(rows, costs, threads).plan();
}

}  // namespace penchant
