#include "penchant/sparse_scores.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "dense_panels.hpp"
#include "greatest.hpp"
#include "sparse_rows.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kQueriesAtOnce = 16;
constexpr std::int64_t kRowBytes = 1 << 20;  // of the scores of a chunk, where right is dense
constexpr std::int64_t kDenseShare = 8;      // additions for an eighth of the items: scan them all
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
        positions_(static_cast<std::size_t>(right.n_columns)),
        greatest_(std::max<std::int64_t>(k, 1), right.n_columns) {}

  void write_best(std::int64_t query, const TopKLists& out) {
    if (row_.empty()) row_.resize(static_cast<std::size_t>(right_.n_columns), 0.0F);
    const bool few =
        !allow_ && product_row_cost(left_, right_, query) * kDenseShare < right_.n_columns;
    if (few && write_reached(query, out)) return;
    if (!few) add_product_row(left_, right_, query, row_.data());
    write_best(query, row_.data(), out);
    std::fill(row_.begin(), row_.end(), 0.0F);
  }

  /// The same from scores that are computed already; they are changed.
  void write_best(std::int64_t query, float* scores, const TopKLists& out) {
    for (const auto item : excluded(query)) scores[item] = kExcluded;
    if (!allow_ && k_ > 0) {
      const auto keys = greatest_.choose(scores, right_.n_columns, nullptr);
      if (static_cast<std::int64_t>(keys.size()) == k_) {
        return Greatest::write(keys, query, k_, out);
      }
    }
    BestList<float> best(k_);
    offer(query, scores, best);
    out.set(query, k_, best);
  }

 private:
  std::span<const std::int32_t> excluded(std::int64_t query) const {
    return exclude_ ? exclude_[query] : std::span<const std::int32_t>{};
  }

  /// Adds up a row that reaches few items, and writes its list if it has k positive scores; the row
  /// is empty again then, else it is left added up.
  bool write_reached(std::int64_t query, const TopKLists& out) {
    reached_.resize(static_cast<std::size_t>(right_.n_columns / kDenseShare + 1));
    auto* reached = reached_.data();
    float* row = row_.data();
    std::int64_t n = 0;
    for (auto at = left_.rows.indptr[query]; at < left_.rows.indptr[query + 1]; ++at) {
      const float weight = value_at(left_, at);
      const auto column = left_.rows.indices[at];
      for (auto e = right_.rows.indptr[column]; e < right_.rows.indptr[column + 1]; ++e) {
        const auto item = right_.rows.indices[e];
        reached[n] = item;
        n += row[item] == 0.0F ? 1 : 0;
        row[item] += weight * value_at(right_, e);
      }
    }
    values_.resize(static_cast<std::size_t>(n));
    for (const auto item : excluded(query)) row[item] = 0.0F;
    // an item whose score was 0 in between is there twice, the second time with 0
    for (std::int64_t j = 0; j < n; ++j) {
      values_[static_cast<std::size_t>(j)] = std::exchange(row[reached[j]], 0.0F);
    }
    const auto keys = greatest_.choose(values_.data(), n, reached);
    if (static_cast<std::int64_t>(keys.size()) == k_) {
      Greatest::write(keys, query, k_, out);
      return true;
    }
    for (std::int64_t j = 0; j < n; ++j) row[reached[j]] += values_[static_cast<std::size_t>(j)];
    return false;
  }

  void offer(std::int64_t query, float* scores, BestList<float>& best) {
    for (const auto item : excluded(query)) scores[item] = kExcluded;
    if (!allow_) return offer_all(scores, best);
    for (const auto item : allow_[query]) {
      if (!(nonzero_ && scores[item] == 0.0F)) best.offer(scores[item], item);
    }
  }

  // positive scores alone are enough in most cases, and are few
  void offer_all(const float* scores, BestList<float>& best) {
    const auto n = right_.n_columns;
    const auto n_positive = kernels_.find_above(scores, n, 0.0F, positions_.data());
    for (std::int64_t j = 0; j < n_positive; ++j) {
      const auto item = positions_[static_cast<std::size_t>(j)];
      if (scores[item] > best.bound()) best.offer(scores[item], item);
    }
    if (n_positive >= k_) return;
    if (!nonzero_) {
      offer_if(scores, best, [](float score) { return score == 0.0F; }, k_ - n_positive);
    }
    offer_if(scores, best, [](float score) { return score < 0.0F; }, n);
  }

  /// Offers the first items, `most` at most, whose scores are such.
  template <class Such>
  void offer_if(const float* scores, BestList<float>& best, const Such& such, std::int64_t most) {
    for (std::int64_t item = 0; item < right_.n_columns && most > 0; ++item) {
      if (!such(scores[item])) continue;
      best.offer(scores[item], static_cast<std::int32_t>(item));
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
  Greatest greatest_;
  std::vector<std::int32_t> reached_;
  std::vector<float> values_;
};

}  // namespace

std::unique_ptr<Scores<float>> sparse_scores(const SparseMatrix& left, const SparseMatrix& right) {
  return std::make_unique<SparseScores>(left, right);
}

void sparse_top_k(const SparseMatrix& left, const SparseMatrix& right, std::int64_t k,
                  const Rows& exclude, const Rows& allow, bool nonzero, const TopKLists& out,
                  int threads, const Poll& poll) {
  const auto n_queries = left.rows.n_rows;
  std::optional<DensePanels> panels;
  if (DensePanels::pay(left, right)) panels.emplace(right, threads, poll);
  const auto stride = panels ? panels->stride() : 0;
  const auto fair = n_queries / (std::int64_t{4} * std::max(threads, 1));
  const auto size = panels
                        ? std::clamp<std::int64_t>(std::min(fair, kRowBytes / (4 * stride)), 1, 64)
                        : kQueriesAtOnce;
  struct Worker {
    Selector selector;
    std::vector<float> scores;  // of a chunk, from panels
  };
  std::vector<std::vector<Worker>> workers(static_cast<std::size_t>(std::max(threads, 1)));
  parallel_for((n_queries + size - 1) / size, threads,
               [&](std::int64_t chunk, int number) {
                 auto& own = workers[static_cast<std::size_t>(number)];
                 if (own.empty()) {
                   own.push_back({Selector(left, right, k, exclude, allow, nonzero),
                                  std::vector<float>(static_cast<std::size_t>(size * stride))});
                 }
                 auto& [selector, scores] = own.front();
                 const auto begin = chunk * size, end = std::min(n_queries, begin + size);
                 if (panels) panels->multiply(left, begin, end, scores.data());
                 for (auto query = begin; query < end; ++query) {
                   if (panels) {
                     selector.write_best(query, scores.data() + (query - begin) * stride, out);
                   } else {
                     selector.write_best(query, out);
                   }
                 }
               },
               poll);
}

}  // namespace penchant
