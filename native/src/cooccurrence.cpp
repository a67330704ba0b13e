#include "penchant/cooccurrence.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "cooccurrence_kernels.hpp"
#include "greatest.hpp"
#include "penchant/memory.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kRowsAtOnce = 32;   // of a chunk
constexpr std::int64_t kReachedShare = 8;  // additions for an eighth of columns
constexpr std::int64_t kMostMarkBytes = std::int64_t{1} << 28;

/// The frequent columns of rows as bits, in blocks of kMarkColumns, and the other columns.
class Marks {
 public:
  /// left: rows whose columns are looked up as rows of right.
  Marks(const Rows& left, const Rows& right, std::int64_t n_columns) : n_rows_(right.n_rows) {
    choose(left, right, n_columns);
    if (frequent_.empty()) return;
    std::vector<std::int32_t> place(static_cast<std::size_t>(n_columns), -1);
    for (std::size_t j = 0; j < frequent_.size(); ++j) {
      place[static_cast<std::size_t>(frequent_[j])] = static_cast<std::int32_t>(j);
    }
    bits_ = make_buffer<std::uint8_t>(n_blocks() * n_rows_ * kMarkBytes);
    std::fill_n(bits_.get(), n_blocks() * n_rows_ * kMarkBytes, std::uint8_t{0});
    indptr_.push_back(0);
    for (std::int64_t r = 0; r < n_rows_; ++r) {
      for (const auto column : right[r]) {
        const auto j = place[static_cast<std::size_t>(column)];
        if (j < 0) {
          rare_.push_back(column);
        } else {
          auto* row = bits_.get() + (j / kMarkColumns * n_rows_ + r) * kMarkBytes;
          row[j % kMarkColumns / 8] |= static_cast<std::uint8_t>(1U << (j % 8));
        }
      }
      indptr_.push_back(static_cast<std::int64_t>(rare_.size()));
    }
  }

  std::int64_t n_blocks() const {
    return static_cast<std::int64_t>(frequent_.size()) / kMarkColumns;
  }
  const std::uint8_t* block(std::int64_t number) const {
    return bits_.get() + number * n_rows_ * kMarkBytes;
  }
  const std::vector<std::int32_t>& frequent() const { return frequent_; }

  /// The columns of right that are not frequent.
  Rows rare() const {
    return {indptr_.data(), rare_.data(), n_rows_, static_cast<std::int64_t>(rare_.size())};
  }

 private:
  // a block pays if its columns take more additions than going through the marks
  void choose(const Rows& left, const Rows& right, std::int64_t n_columns) {
    std::vector<std::int64_t> uses(static_cast<std::size_t>(right.n_rows), 0);
    for (auto at = left.indptr[0]; at < left.indptr[left.n_rows]; ++at) {
      ++uses[static_cast<std::size_t>(left.indices[at])];
    }
    std::vector<std::int64_t> additions(static_cast<std::size_t>(n_columns), 0);
    for (std::int64_t r = 0; r < right.n_rows; ++r) {
      for (const auto column : right[r]) {
        additions[static_cast<std::size_t>(column)] += uses[static_cast<std::size_t>(r)];
      }
    }
    std::vector<std::int32_t> order(static_cast<std::size_t>(n_columns));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      return additions[static_cast<std::size_t>(a)] > additions[static_cast<std::size_t>(b)];
    });
    const auto least =
        cooccurrence_kernels().marked_cost * (left.indptr[left.n_rows] - left.indptr[0]);
    const auto most = kMostMarkBytes / std::max<std::int64_t>(1, n_rows_ * kMarkBytes);
    std::int64_t n_blocks = 0;
    for (; n_blocks < most && (n_blocks + 1) * kMarkColumns <= n_columns; ++n_blocks) {
      const auto first = order.begin() + n_blocks * kMarkColumns;
      const auto total = std::accumulate(first, first + kMarkColumns, std::int64_t{0},
                                         [&](std::int64_t sum, std::int32_t column) {
                                           return sum + additions[static_cast<std::size_t>(column)];
                                         });
      if (total <= least) break;
    }
    frequent_.assign(order.begin(), order.begin() + n_blocks * kMarkColumns);
  }

  std::int64_t n_rows_;
  std::vector<std::int32_t> frequent_;
  Buffer<std::uint8_t> bits_;
  std::vector<std::int64_t> indptr_;
  std::vector<std::int32_t> rare_;
};

struct Problem {
  const Rows& left;
  const Rows& right;
  std::int64_t n_columns;
  const CommonWeights& weights;
  const Rows& exclude;
};

std::int64_t additions_of(const Problem& problem, std::int64_t r) {
  std::int64_t total = 0;
  for (const auto column : problem.left[r]) {
    total += problem.right.indptr[column + 1] - problem.right.indptr[column];
  }
  return total;
}

constexpr std::int64_t kAhead = 6;  // lists that are loaded before they are needed

/// Calls visit(column, list) for the columns of a row and their lists in `rest`.
template <class Visit>
void each_list(std::span<const std::int32_t> columns, const Rows& rest, const Visit& visit) {
  if (rest.n_indices == 0) return;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (j + kAhead < columns.size()) {
      const auto* next = rest.indices + rest.indptr[columns[j + kAhead]];
      __builtin_prefetch(next);
      __builtin_prefetch(next + 16);
    }
    visit(columns[j], rest[columns[j]]);
  }
}

/// Counts chunks of rows; a thread's own.
class Counter {
 public:
  Counter(const Problem& problem, const Marks& marks, std::int64_t k)
      : problem_(problem),
        marks_(marks),
        greatest_(k, problem.n_columns),
        row_(static_cast<std::size_t>(problem.n_columns), 0.0F),
        reached_(static_cast<std::size_t>(problem.n_columns / kReachedShare + 1)),
        values_(reached_.size()) {}

  /// Calls write(row, keys) for the rows [begin, end).
  template <class Write>
  void count(std::int64_t begin, std::int64_t end, const Write& write) {
    dense_.clear();
    for (auto r = begin; r < end; ++r) {
      if (additions_of(problem_, r) * kReachedShare < problem_.n_columns) {
        write(r, of_reached(r));
      } else {
        dense_.push_back(r);
      }
    }
    count_marked();
    for (std::size_t place = 0; place < dense_.size(); ++place) {
      write(dense_[place], of_all(dense_[place], static_cast<std::int64_t>(place)));
    }
  }

 private:
  // few columns are reached: they are noted when they are reached first
  std::span<const std::int64_t> of_reached(std::int64_t r) {
    float* row = row_.data();
    auto* reached = reached_.data();
    std::int64_t n = 0;
    each_list(problem_.left[r], problem_.right, [&](std::int32_t column, const auto& list) {
      const float weight = problem_.weights.common[column];
      if (weight == 0.0F) return;
      for (const auto target : list) {
        reached[n] = target;
        n += row[target] == 0.0F ? 1 : 0;
        row[target] += weight;
      }
    });
    exclude(r);
    const float source = problem_.weights.source[r];
    for (std::int64_t j = 0; j < n; ++j) {
      const auto target = reached[j];
      values_[static_cast<std::size_t>(j)] = row[target] * source * problem_.weights.target[target];
      row[target] = 0.0F;
    }
    return greatest_.choose(values_.data(), n, reached);
  }

  // blocks outside, rows inside: the marks of a block stay in the cache
  void count_marked() {
    const auto n_blocks = marks_.n_blocks();
    sums_.resize(dense_.size() * static_cast<std::size_t>(n_blocks * kMarkColumns));
    for (std::int64_t block = 0; block < n_blocks; ++block) {
      for (std::size_t place = 0; place < dense_.size(); ++place) {
        const auto columns = problem_.left[dense_[place]];
        cooccurrence_kernels().add_marked(
            marks_.block(block), columns.data(), static_cast<std::int64_t>(columns.size()),
            problem_.weights.common,
            sums_.data() + (static_cast<std::int64_t>(place) * n_blocks + block) * kMarkColumns);
      }
    }
  }

  std::span<const std::int64_t> of_all(std::int64_t r, std::int64_t place) {
    const auto& frequent = marks_.frequent();
    const Rows rest = frequent.empty() ? problem_.right : marks_.rare();
    float* row = row_.data();
    each_list(problem_.left[r], rest, [&](std::int32_t column, const auto& list) {
      const float weight = problem_.weights.common[column];
#pragma GCC unroll 4
      for (const auto target : list) row[target] += weight;
    });
    const float* sums = sums_.data() + place * static_cast<std::int64_t>(frequent.size());
    for (std::size_t j = 0; j < frequent.size(); ++j) row[frequent[j]] = sums[j];
    exclude(r);
    cooccurrence_kernels().scale(row, problem_.n_columns, problem_.weights.source[r],
                                 problem_.weights.target);
    const auto keys = greatest_.choose(row, problem_.n_columns, nullptr);
    std::fill(row_.begin(), row_.end(), 0.0F);
    return keys;
  }

  void exclude(std::int64_t r) {
    if (!problem_.exclude) return;
    for (const auto column : problem_.exclude[r]) row_[static_cast<std::size_t>(column)] = 0.0F;
  }

  const Problem& problem_;
  const Marks& marks_;
  Greatest greatest_;
  std::vector<float> row_;  // all zeros between two rows
  std::vector<std::int32_t> reached_;
  std::vector<float> values_;
  std::vector<std::int64_t> dense_;  // rows of a chunk
  std::vector<float> sums_;          // of frequent columns, for each of them
};

/// Moves the lists together.
void close_gaps(std::int64_t n_rows, std::int64_t k, const TopKLists& out) {
  std::int64_t next = 0;
  for (std::int64_t r = 0; r < n_rows; ++r) {
    const auto begin = r * k, count = static_cast<std::int64_t>(out.counts[r]);
    if (next != begin) {
      std::copy_n(out.codes + begin, count, out.codes + next);
      std::copy_n(out.scores + begin, count, out.scores + next);
    }
    next += count;
  }
}

}  // namespace

void nearest_by_cooccurrence(const Rows& left, const Rows& right, std::int64_t n_columns,
                             const CommonWeights& weights, std::int64_t k, const Rows& exclude,
                             const TopKLists& out, int threads, const Poll& poll) {
  const Problem problem{left, right, n_columns, weights, exclude};
  const Marks marks(left, right, n_columns);
  std::vector<std::vector<Counter>> counters(static_cast<std::size_t>(std::max(threads, 1)));
  parallel_for((left.n_rows + kRowsAtOnce - 1) / kRowsAtOnce, threads,
               [&](std::int64_t chunk, int number) {
                 auto& own = counters[static_cast<std::size_t>(number)];
                 if (own.empty()) own.emplace_back(problem, marks, k);
                 const auto begin = chunk * kRowsAtOnce;
                 own.front().count(begin, std::min(left.n_rows, begin + kRowsAtOnce),
                                   [&](std::int64_t r, std::span<const std::int64_t> keys) {
                                     Greatest::write(keys, r, k, out);
                                   });
               },
               poll);
  close_gaps(left.n_rows, k, out);
}

}  // namespace penchant
