#include "penchant/elastic_net.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace penchant {
namespace {

constexpr std::size_t kFirst = 64;          // weights of the first working set
constexpr std::size_t kMostDense = 2048;    // weights of a working set whose Gram matrix is copied
constexpr double kInner = 0.01;             // of the gap: what the working set is solved to
constexpr std::int64_t kColumnsAtOnce = 4;  // of a chunk

/// What a weight w with gradient r adds to the duality gap: ψ(w) + ψ*(r) − w r, which is 0 or more,
/// of the penalty ψ(w) = ½ l2 w² + l1 |w|. Their sum is the gap between w and the residual x_j − Xw
/// as a dual point.
double gap_of(double w, double r, double l1, double l2, bool nonnegative) {
  const double beyond = std::max((nonnegative ? r : std::abs(r)) - l1, 0.0);
  return 0.5 * l2 * w * w + l1 * std::abs(w) + 0.5 * beyond * beyond / l2 - w * r;
}

}  // namespace

/// Solves one column after the other, with the buffers of one thread.
class ColumnSolver {
 public:
  ColumnSolver(const SparseMatrix& gram, const std::vector<double>& diagonal,
               const ElasticNet& problem)
      : gram_(gram),
        diagonal_(diagonal),
        problem_(problem),
        gradient_(diagonal.size(), 0.0),
        slots_(diagonal.size(), 0) {}

  void solve(std::int64_t j, ElasticNetWeights::Column& out) {
    find_candidates(j);
    const double limit = 0.5 * problem_.tolerance * diagonal_[static_cast<std::size_t>(j)];
    std::int64_t sweeps = 0;
    while (true) {
      const double gap = update_gradients();
      out.finished = gap <= limit;
      if (out.finished || sweeps >= problem_.max_sweeps) break;
      grow();
      const double inner = std::max(0.5 * limit, kInner * gap);
      sweeps += dense_ ? descend_dense(inner, problem_.max_sweeps - sweeps)
                       : descend_sparse(inner, problem_.max_sweeps - sweeps);
    }
    write(out);
  }

 private:
  struct Active {
    std::int32_t column;
    double weight;
  };

  /// Lists the columns whose weights may differ from 0, rising, with their entries of row j.
  void find_candidates(std::int64_t j) {
    candidates_.clear();
    targets_.clear();
    active_.clear();
    dense_ = true;
    // r_i = g_ij − Σ_k g_ik w_k ≤ g_ij where nothing is negative: such a weight is 0 at g_ij ≤ l1
    const bool screened = problem_.nonnegative && problem_.gram_nonnegative;
    if (!screened && problem_.max_candidates == 0) return all_candidates(j);
    for (auto at = gram_.rows.indptr[j]; at < gram_.rows.indptr[j + 1]; ++at) {
      const auto column = gram_.rows.indices[at];
      const double value = gram_.values[at];
      if (column == j || (screened && value <= problem_.l1)) continue;
      candidates_.push_back(column);
      targets_.push_back(value);
    }
    const auto most = static_cast<std::size_t>(problem_.max_candidates);
    if (most > 0 && candidates_.size() > most) keep_most_similar(most);
  }

  void all_candidates(std::int64_t j) {
    const auto n = diagonal_.size();
    candidates_.resize(n);
    std::iota(candidates_.begin(), candidates_.end(), 0);
    targets_.assign(n, 0.0);
    for (auto at = gram_.rows.indptr[j]; at < gram_.rows.indptr[j + 1]; ++at) {
      targets_[static_cast<std::size_t>(gram_.rows.indices[at])] = gram_.values[at];
    }
    candidates_.erase(candidates_.begin() + j);
    targets_.erase(targets_.begin() + j);
  }

  void keep_most_similar(std::size_t most) {
    order_.resize(candidates_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    keys_.resize(candidates_.size());
    for (std::size_t c = 0; c < keys_.size(); ++c) {
      const double size = problem_.nonnegative ? targets_[c] : std::abs(targets_[c]);
      keys_[c] = size / std::sqrt(diagonal_[static_cast<std::size_t>(candidates_[c])]);
    }
    select(most);
    std::sort(order_.begin(), order_.end());
    for (std::size_t c = 0; c < most; ++c) {
      candidates_[c] = candidates_[order_[c]];
      targets_[c] = targets_[order_[c]];
    }
    candidates_.resize(most);
    targets_.resize(most);
  }

  /// Reduces `order_` to the greatest keys; of equal ones the first stay.
  void select(std::size_t most) {
    if (order_.size() <= most) return;
    std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(most),
                     order_.end(), [&](std::size_t a, std::size_t b) {
                       return keys_[a] != keys_[b] ? keys_[a] > keys_[b] : a < b;
                     });
    order_.resize(most);
  }

  /// Computes the gradients r = g_j − G w of all candidates; returns the gap. `keys_` get its
  /// parts, 0 for those in the working set. Gradients of other columns are undefined.
  double update_gradients() {
    for (std::size_t c = 0; c < candidates_.size(); ++c) gradient_of(candidates_[c]) = targets_[c];
    for (const auto& active : active_) add_row(-active.weight, active.column);
    double gap = 0;
    for (const auto& active : active_) {
      gap += gap_at(active.column, active.weight, gradient_of(active.column));
    }
    keys_.resize(candidates_.size());
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      const auto column = candidates_[c];
      const bool outside = slots_[static_cast<std::size_t>(column)] == 0;
      keys_[c] = outside ? gap_at(column, 0.0, gradient_of(column)) : 0.0;
      gap += keys_[c];
    }
    return gap;
  }

  double& gradient_of(std::int32_t column) { return gradient_[static_cast<std::size_t>(column)]; }

  double gap_at(std::int32_t column, double weight, double gradient) const {
    const double l2 = problem_.l2[column];
    return gap_of(weight, gradient, problem_.l1, l2, problem_.nonnegative);
  }

  void add_row(double scale, std::int32_t row) {
    if (scale == 0) return;
    double* gradient = gradient_.data();
    const auto end = gram_.rows.indptr[row + 1];
#pragma GCC unroll 4
    for (auto at = gram_.rows.indptr[row]; at < end; ++at) {
      gradient[gram_.rows.indices[at]] += scale * static_cast<double>(gram_.values[at]);
    }
  }

  /// Adds the candidates to the working set that the gap is largest for, as many as it has.
  void grow() {
    order_.clear();
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      if (keys_[c] > 0) order_.push_back(c);
    }
    if (problem_.l1 > 0) select(std::max(kFirst, active_.size()));
    std::sort(order_.begin(), order_.end());
    const auto before = active_.size();
    for (const auto c : order_) {
      active_.push_back({candidates_[c], 0.0});
      slots_[static_cast<std::size_t>(candidates_[c])] = static_cast<std::int32_t>(active_.size());
    }
    dense_ = active_.size() <= kMostDense;
    if (dense_) copy_gram(before);
  }

  /// Copies G between the columns of the working set, of which `before` were there. The first cell
  /// of each row takes what belongs to no column of it, so that copying needs no branches.
  void copy_gram(std::size_t before) {
    const auto n = active_.size();
    if (n > capacity_) {
      const auto capacity = std::min(std::max(n, 2 * capacity_), kMostDense);
      std::vector<float> wider(capacity * (capacity + 1), 0.0F);
      for (std::size_t a = 0; a < before; ++a) {
        std::copy_n(row_of(a), before + 1, wider.data() + a * (capacity + 1));
      }
      square_.swap(wider);
      capacity_ = capacity;
    }
    for (auto a = before; a < n; ++a) {
      float* row = row_of(a);
      std::fill_n(row, n + 1, 0.0F);
      const auto end = gram_.rows.indptr[active_[a].column + 1];
      for (auto at = gram_.rows.indptr[active_[a].column]; at < end; ++at) {
        row[slots_[static_cast<std::size_t>(gram_.rows.indices[at])]] = gram_.values[at];
      }
      for (std::size_t b = 0; b < before; ++b) row_of(b)[a + 1] = row[b + 1];
    }
  }

  float* row_of(std::size_t a) { return square_.data() + a * (capacity_ + 1); }

  /// The weight that minimizes the objective while all others stay.
  double best_weight(const Active& active, double gradient) const {
    const double square = diagonal_[static_cast<std::size_t>(active.column)];
    const double pull = gradient + square * active.weight;
    const double scale = square + problem_.l2[active.column];
    if (pull > problem_.l1) return (pull - problem_.l1) / scale;
    if (!problem_.nonnegative && pull < -problem_.l1) return (pull + problem_.l1) / scale;
    return 0.0;
  }

  /// Sweeps through the working set until its part of the gap is small; returns the sweeps.
  std::int64_t descend_dense(double limit, std::int64_t max_sweeps) {
    const auto n = active_.size();
    local_.resize(n);
    for (std::size_t a = 0; a < n; ++a) local_[a] = gradient_of(active_[a].column);
    double* __restrict gradient = local_.data();
    for (std::int64_t sweep = 1;; ++sweep) {
      for (std::size_t a = 0; a < n; ++a) {
        const double weight = best_weight(active_[a], gradient[a]);
        const double change = weight - active_[a].weight;
        if (change == 0) continue;
        active_[a].weight = weight;
        const float* __restrict row = row_of(a) + 1;
        for (std::size_t b = 0; b < n; ++b) gradient[b] -= change * static_cast<double>(row[b]);
      }
      double gap = 0;
      for (std::size_t a = 0; a < n; ++a) {
        gap += gap_at(active_[a].column, active_[a].weight, gradient[a]);
      }
      if (gap <= limit || sweep >= max_sweeps) return sweep;
    }
  }

  /// The same for a large working set, with the rows of the Gram matrix as they are.
  std::int64_t descend_sparse(double limit, std::int64_t max_sweeps) {
    for (std::int64_t sweep = 1;; ++sweep) {
      for (auto& active : active_) {
        const double weight = best_weight(active, gradient_of(active.column));
        add_row(active.weight - weight, active.column);
        active.weight = weight;
      }
      double gap = 0;
      for (const auto& active : active_) {
        gap += gap_at(active.column, active.weight, gradient_of(active.column));
      }
      if (gap <= limit || sweep >= max_sweeps) return sweep;
    }
  }

  /// Writes the weights in rising order, and empties the working set.
  void write(ElasticNetWeights::Column& out) {
    std::sort(active_.begin(), active_.end(),
              [](const Active& a, const Active& b) { return a.column < b.column; });
    for (const auto& active : active_) {
      slots_[static_cast<std::size_t>(active.column)] = 0;
      const auto weight = static_cast<float>(active.weight);
      if (weight == 0.0F) continue;
      out.indices.push_back(active.column);
      out.values.push_back(weight);
    }
  }

  const SparseMatrix& gram_;
  const std::vector<double>& diagonal_;
  const ElasticNet& problem_;
  std::vector<double> gradient_;          // of every column; right for candidates only
  std::vector<std::int32_t> slots_;       // of every column: its number in the working set, or 0
  std::vector<std::int32_t> candidates_;  // columns, rising
  std::vector<double> targets_;           // g_ij of each candidate i
  std::vector<double> keys_;              // of each candidate
  std::vector<std::size_t> order_;        // of candidates that are selected
  std::vector<Active> active_;            // the working set
  std::vector<double> local_;             // its gradients
  std::vector<float> square_;             // its Gram matrix, rows of capacity_ + 1 cells
  std::size_t capacity_ = 0;
  bool dense_ = true;
};

ElasticNetWeights::ElasticNetWeights(const SparseMatrix& gram, const ElasticNet& problem,
                                     std::int64_t begin, std::int64_t end, int threads,
                                     const Poll& poll)
    : columns_(static_cast<std::size_t>(end - begin)) {
  std::vector<double> diagonal(static_cast<std::size_t>(gram.n_columns), 0.0);
  for (std::int64_t r = 0; r < gram.rows.n_rows; ++r) {
    const auto* first = gram.rows.indices + gram.rows.indptr[r];
    const auto* last = gram.rows.indices + gram.rows.indptr[r + 1];
    const auto* own = std::lower_bound(first, last, static_cast<std::int32_t>(r));
    if (own != last && *own == r) {
      diagonal[static_cast<std::size_t>(r)] = gram.values[own - gram.rows.indices];
    }
  }
  std::vector<std::vector<ColumnSolver>> solvers(static_cast<std::size_t>(std::max(threads, 1)));
  parallel_for((end - begin + kColumnsAtOnce - 1) / kColumnsAtOnce, threads,
               [&](std::int64_t chunk, int worker) {
                 auto& solver = solvers[static_cast<std::size_t>(worker)];
                 if (solver.empty()) solver.emplace_back(gram, diagonal, problem);
                 const auto last = std::min(end, begin + (chunk + 1) * kColumnsAtOnce);
                 for (auto j = begin + chunk * kColumnsAtOnce; j < last; ++j) {
                   solver.front().solve(j, columns_[static_cast<std::size_t>(j - begin)]);
                 }
               },
               poll);
  for (const auto& column : columns_) {
    n_entries_ += static_cast<std::int64_t>(column.indices.size());
    n_unfinished_ += column.finished ? 0 : 1;
  }
}

void ElasticNetWeights::write(std::int64_t* indptr, std::int32_t* indices, float* values) const {
  std::int64_t entries = 0;
  *indptr++ = 0;
  for (const auto& column : columns_) {
    *indptr++ = entries += static_cast<std::int64_t>(column.indices.size());
    indices = std::copy(column.indices.begin(), column.indices.end(), indices);
    values = std::copy(column.values.begin(), column.values.end(), values);
  }
}

}  // namespace penchant
