#include "penchant/sparse_scores.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "sparse_rows.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kQueriesAtOnce = 16;
constexpr std::int64_t kDenseShare = 8;  // additions for an eighth of the items: scan them all
constexpr float kExcluded = -std::numeric_limits<float>::infinity();

class SparseScores final : public Scores<float> {
 public:
  SparseScores(const SparseMatrix& left, const SparseMatrix& right) : left_(left), right_(right) {
    n_queries = left.rows.n_rows;
    n_items = right.n_columns;
    block_items = std::max<std::int64_t>(n_items, 1);  // a row is added up as a whole
    chunk_queries = kQueriesAtOnce;
    tile_rows = 1;
  }

  void tile(std::int64_t query, int rows, std::int64_t, std::int64_t, float* out,
            std::int64_t stride) const override {
    for (int row = 0; row < rows; ++row) {
      std::fill_n(out + row * stride, n_items, 0.0F);
      add_product_row(left_, right_, query + row, out + row * stride);
    }
  }

  void cells(std::int64_t query, const std::int32_t* codes, std::int64_t n,
             float* out) const override {
    std::vector<float> row(static_cast<std::size_t>(n_items), 0.0F);
    add_product_row(left_, right_, query, row.data());
    for (std::int64_t j = 0; j < n; ++j) out[j] = row[static_cast<std::size_t>(codes[j])];
  }

 private:
  SparseMatrix left_, right_;
};

/// Finds the best items of one query after the other; a thread's own.
class Selector {
 public:
  Selector(const SparseMatrix& left, const SparseMatrix& right, std::int64_t k, const Rows& exclude,
           const Rows& allow, bool nonzero)
      : left_(left),
        right_(right),
        k_(k),
        exclude_(exclude),
        allow_(allow),
        nonzero_(nonzero),
        row_(static_cast<std::size_t>(right.n_columns), 0.0F),
        positions_(row_.size()) {}

  BestList<float> best_of(std::int64_t query) {
    BestList<float> best(k_);
    add_product_row(left_, right_, query, row_.data());
    if (allow_) {
      offer_allowed(query, best);
    } else if (nonzero_ && cost(query) * kDenseShare < right_.n_columns) {
      offer_reached(query, best);
      return best;  // the row is empty again
    } else {
      offer_all(query, best);
    }
    std::fill(row_.begin(), row_.end(), 0.0F);
    return best;
  }

 private:
  std::int64_t cost(std::int64_t query) const { return product_row_cost(left_, right_, query); }

  std::span<const std::int32_t> excluded(std::int64_t query) const {
    return exclude_ ? exclude_[query] : std::span<const std::int32_t>{};
  }

  void offer_reached(std::int64_t query, BestList<float>& best) {
    for (const auto item : excluded(query)) row_[static_cast<std::size_t>(item)] = 0.0F;
    drain_product_row(left_, right_, query, row_.data(), [&](std::int32_t item, float score) {
      if (score >= best.bound()) best.offer(score, item);
    });
  }

  void offer_allowed(std::int64_t query, BestList<float>& best) {
    for (const auto item : excluded(query)) row_[static_cast<std::size_t>(item)] = kExcluded;
    for (const auto item : allow_[query]) {
      const float score = row_[static_cast<std::size_t>(item)];
      if (!(nonzero_ && score == 0.0F)) best.offer(score, item);
    }
  }

  // positive scores alone are enough in most cases, and are few
  void offer_all(std::int64_t query, BestList<float>& best) {
    for (const auto item : excluded(query)) row_[static_cast<std::size_t>(item)] = kExcluded;
    const auto n = static_cast<std::int64_t>(row_.size());
    const auto n_positive = kernels_.find_above(row_.data(), n, 0.0F, positions_.data());
    for (std::int64_t j = 0; j < n_positive; ++j) {
      const auto item = positions_[static_cast<std::size_t>(j)];
      const float score = row_[static_cast<std::size_t>(item)];
      if (score > best.bound()) best.offer(score, item);
    }
    if (n_positive >= k_) return;
    offer_if(best, [](float score) { return score == 0.0F; }, nonzero_ ? 0 : k_ - n_positive);
    offer_if(best, [](float score) { return score < 0.0F; }, n);
  }

  /// Offers the first items, `most` at most, whose scores are such.
  template <class Such>
  void offer_if(BestList<float>& best, const Such& such, std::int64_t most) {
    for (std::size_t item = 0; item < row_.size() && most > 0; ++item) {
      if (!such(row_[item])) continue;
      best.offer(row_[item], static_cast<std::int32_t>(item));
      --most;
    }
  }

  const SparseMatrix& left_;
  const SparseMatrix& right_;
  std::int64_t k_;
  const Rows& exclude_;
  const Rows& allow_;
  bool nonzero_;
  const ScoreKernels<float>& kernels_ = score_kernels<float>();
  std::vector<float> row_;  // all zeros between two queries
  std::vector<std::int32_t> positions_;
};

}  // namespace

std::unique_ptr<Scores<float>> sparse_scores(const SparseMatrix& left, const SparseMatrix& right) {
  return std::make_unique<SparseScores>(left, right);
}

void sparse_top_k(const SparseMatrix& left, const SparseMatrix& right, std::int64_t k,
                  const Rows& exclude, const Rows& allow, bool nonzero, const TopKLists& out,
                  int threads, const Poll& poll) {
  const auto n_queries = left.rows.n_rows;
  std::vector<std::vector<Selector>> selectors(static_cast<std::size_t>(std::max(threads, 1)));
  parallel_for(
      (n_queries + kQueriesAtOnce - 1) / kQueriesAtOnce, threads,
      [&](std::int64_t chunk, int worker) {
        auto& selector = selectors[static_cast<std::size_t>(worker)];
        if (selector.empty()) selector.emplace_back(left, right, k, exclude, allow, nonzero);
        const auto end = std::min(n_queries, (chunk + 1) * kQueriesAtOnce);
        for (auto query = chunk * kQueriesAtOnce; query < end; ++query) {
          auto best = selector.front().best_of(query);
          out.set(query, k, best);
        }
      },
      poll);
}

}  // namespace penchant
