// The k best of the entries offered, independent of their order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace penchant {

/// An item with its score.
template <class T>
struct Entry {
  T score;
  std::int32_t code;
};

/// Orders entries by falling score, then by rising code.
struct Better {
  template <class T>
  bool operator()(const Entry<T>& a, const Entry<T>& b) const {
    return a.score > b.score || (a.score == b.score && a.code < b.code);
  }
};

/// The best entries so far, in a heap with the worst on top.
template <class T>
class BestList {
 public:
  explicit BestList(std::int64_t k) : k_(static_cast<std::size_t>(k)) {}

  /// Returns the score that an entry must reach; if codes are offered in rising order, it must be
  /// above it.
  T bound() const {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    if (k_ == 0) return infinity;
    return entries_.size() < k_ ? -infinity : entries_.front().score;
  }

  /// Adds an entry if it is among the k best. NaN and −∞ are never added.
  void offer(T score, std::int32_t code) {
    if (k_ == 0 || !(score > -std::numeric_limits<T>::infinity())) return;
    if (entries_.size() == k_) {
      if (Better{}(Entry<T>{score, code}, entries_.front())) replace_worst({score, code});
    } else {
      entries_.push_back({score, code});
      std::push_heap(entries_.begin(), entries_.end(), Better{});
    }
  }

  /// Sorts the entries, the best first, and returns them; nothing can be offered afterwards.
  const std::vector<Entry<T>>& sorted() {
    std::sort(entries_.begin(), entries_.end(), Better{});
    return entries_;
  }

 private:
  void replace_worst(Entry<T> entry) {
    std::size_t hole = 0;
    for (std::size_t child = 1; child < k_; child = 2 * hole + 1) {
      if (child + 1 < k_ && Better{}(entries_[child], entries_[child + 1])) ++child;
      if (!Better{}(entry, entries_[child])) break;
      entries_[hole] = entries_[child];
      hole = child;
    }
    entries_[hole] = entry;
  }

  std::size_t k_;
  std::vector<Entry<T>> entries_;
};

}  // namespace penchant
