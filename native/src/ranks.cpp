#include "penchant/ranks.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

namespace penchant {
namespace {

// With up to this many distinct target scores, every score is compared with all of them by vectors;
// with more, it is placed among them by binary search.
constexpr std::size_t kCompareAll = 256;

/// The distinct scores of one query's targets, with the numbers of candidates above and equal.
template <class T>
class Levels {
 public:
  explicit Levels(const std::vector<T>& target_scores) : values_(target_scores) {
    std::sort(values_.begin(), values_.end());
    values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
    const bool few = values_.size() <= kCompareAll;
    equal_.assign(values_.size(), 0);
    above_.assign(few ? values_.size() : 0, 0);
    between_.assign(few ? 0 : values_.size() + 1, 0);
  }

  /// Counts some scores; those of items that are no candidates are NaN.
  void add(const ScoreKernels<T>& kernels, const T* scores, std::int64_t n) {
    if (!above_.empty()) {
      kernels.count(scores, n, values_.data(), static_cast<std::int64_t>(values_.size()),
                    above_.data(), equal_.data());
    } else {
      for (std::int64_t j = 0; j < n; ++j) place(scores[j]);
    }
  }

  void finish() {
    if (between_.empty()) return;
    above_.assign(values_.size(), 0);
    std::int64_t higher = 0;
    for (std::size_t level = values_.size(); level-- > 0;) {
      higher += between_[level + 1];
      above_[level] = higher;
      higher += equal_[level];
    }
  }

  /// Whether a target has the score −∞, which NaN counts as; otherwise NaN is below all targets.
  bool reached_by_nan() const { return values_.front() == -std::numeric_limits<T>::infinity(); }

  std::int32_t above(T score) const { return static_cast<std::int32_t>(above_[level(score)]); }
  std::int32_t equal(T score) const { return static_cast<std::int32_t>(equal_[level(score)]); }

 private:
  /// Returns the first level not below the score. Without branches, since they cannot be predicted.
  std::size_t level(T score) const {
    const T* first = values_.data();
    for (std::size_t n = values_.size(); n > 1;) {
      const std::size_t half = n / 2;
      first += first[half - 1] < score ? half : 0;
      n -= half;
    }
    return static_cast<std::size_t>(first - values_.data()) + (*first < score ? 1 : 0);
  }

  // between_[l]: scores above level l − 1 and below level l
  void place(T score) {
    if (!(score >= values_.front())) return;  // NaN, or below every target
    const auto at = level(score);
    const bool same = at < values_.size() && values_[at] == score;
    ++(same ? equal_ : between_)[at];
  }

  std::vector<T> values_;
  std::vector<std::int64_t> above_, equal_, between_;
};

/// Computes the ranks of the queries [begin, end).
template <class T>
class Chunk {
 public:
  Chunk(const Scores<T>& scores, const Rows& targets, const Rows& exclude, std::int64_t begin,
        std::int64_t end)
      : scores_(scores), targets_(targets), begin_(begin), end_(end) {
    for (auto query = begin; query < end; ++query) {
      const auto codes = targets[query];
      std::vector<T> found(codes.size());
      scores.cells(query, codes.data(), static_cast<std::int64_t>(codes.size()), found.data());
      kernels_.sink_nan(found.data(), static_cast<std::int64_t>(found.size()));
      levels_.emplace_back(found);
      target_scores_.push_back(std::move(found));
      auto& out = excluded_.emplace_back();
      if (exclude) {
        const auto row = exclude[query];
        std::set_difference(row.begin(), row.end(), codes.begin(), codes.end(),
                            std::back_inserter(out));
      }
      next_.push_back(0);
    }
  }

  void scan_all() {
    const auto width = scores_.block_items;
    std::vector<T> tile(static_cast<std::size_t>(width * scores_.tile_rows));
    for (std::int64_t first = 0; first < scores_.n_items; first += width) {
      const auto count = std::min(width, scores_.n_items - first);
      for (auto query = begin_; query < end_; query += scores_.tile_rows) {
        const int rows = static_cast<int>(std::min<std::int64_t>(scores_.tile_rows, end_ - query));
        scores_.tile(query, rows, first, count, tile.data(), width);
        for (int row = 0; row < rows; ++row) {
          scan(query + row - begin_, first, count, tile.data() + row * width);
        }
      }
    }
  }

  void write(std::int32_t* above, std::int32_t* tied, std::int64_t* candidates) {
    for (auto query = begin_; query < end_; ++query) {
      const auto q = query - begin_;
      levels_[q].finish();
      auto entry = targets_.indptr[query] - targets_.indptr[0];
      for (const T score : target_scores_[q]) {
        above[entry] = levels_[q].above(score);
        tied[entry++] = levels_[q].equal(score) - 1;  // without the target itself
      }
      candidates[query] = scores_.n_items - static_cast<std::int64_t>(excluded_[q].size());
    }
  }

 private:
  void scan(std::int64_t q, std::int64_t first, std::int64_t count, T* row) {
    if (target_scores_[q].empty()) return;
    if (levels_[q].reached_by_nan()) kernels_.sink_nan(row, count);
    const auto& out = excluded_[q];
    auto& next = next_[q];
    for (; next < out.size() && out[next] < first + count; ++next) {
      row[out[next] - first] = std::numeric_limits<T>::quiet_NaN();
    }
    levels_[q].add(kernels_, row, count);
  }

  const Scores<T>& scores_;
  const Rows& targets_;
  const ScoreKernels<T>& kernels_ = score_kernels<T>();
  std::int64_t begin_, end_;
  std::vector<std::vector<T>> target_scores_;
  std::vector<Levels<T>> levels_;
  std::vector<std::vector<std::int32_t>> excluded_;
  std::vector<std::size_t> next_;  // of excluded_
};

}  // namespace

template <class T>
void ranks(const Scores<T>& scores, const Rows& targets, const Rows& exclude, std::int32_t* above,
           std::int32_t* tied, std::int64_t* candidates, int threads, const Poll& poll) {
  const auto size = scores.chunk_queries;
  parallel_for((scores.n_queries + size - 1) / size, threads,
               [&](std::int64_t number, int) {
                 const auto begin = number * size;
                 Chunk<T> chunk(scores, targets, exclude, begin,
                                std::min(scores.n_queries, begin + size));
                 chunk.scan_all();
                 chunk.write(above, tied, candidates);
               },
               poll);
}

template void ranks(const Scores<float>&, const Rows&, const Rows&, std::int32_t*, std::int32_t*,
                    std::int64_t*, int, const Poll&);
template void ranks(const Scores<double>&, const Rows&, const Rows&, std::int32_t*, std::int32_t*,
                    std::int64_t*, int, const Poll&);

}  // namespace penchant
