// The choice of the k greatest of many positive numbers, mostly without branches.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cooccurrence_kernels.hpp"
#include "penchant/score_kernels.hpp"
#include "penchant/topk.hpp"

namespace penchant {

/// Chooses from one row after the other; a thread's own.
class Greatest {
 public:
  Greatest(std::int64_t k, std::int64_t n_columns)
      : k_(k),
        n_groups_((2 * k + kGroupStep - 1) / kGroupStep * kGroupStep),
        maxima_(static_cast<std::size_t>(n_groups_)),
        positions_(static_cast<std::size_t>(n_columns)) {}

  /// A number of which at least k are not smaller, 0 where there may be fewer positive ones.
  float bound_of(const float* values, std::int64_t n) {
    const auto& kernels = cooccurrence_kernels();
    if (n <= std::max(k_, kFew)) return 0.0F;
    if (n < kRepeats * n_groups_) return kernels.bound(values, n, k_, kSlack);
    kernels.group_maxima(values, n, maxima_.data(), n_groups_);
    return kernels.bound(maxima_.data(), n_groups_, k_, 0);
  }

  /// Finds the k greatest positive values, greatest first, of equal ones that with the lowest code
  /// first. codes: of the values, rising or not; null: their positions.
  std::span<const std::int64_t> choose(const float* values, std::int64_t n,
                                       const std::int32_t* codes) {
    const float bound = bound_of(values, n);
    const float below = bound > 0.0F ? std::nextafter(bound, 0.0F) : 0.0F;
    const auto n_above = score_kernels<float>().find_above(values, n, below, positions_.data());
    keys_.resize(static_cast<std::size_t>(n_above));
    for (std::int64_t j = 0; j < n_above; ++j) {
      const auto at = positions_[static_cast<std::size_t>(j)];
      keys_[static_cast<std::size_t>(j)] = key_of(values[at], codes ? codes[at] : at);
    }
    return sorted();
  }

  /// Writes what was chosen as the list of a query.
  static void write(std::span<const std::int64_t> keys, std::int64_t query, std::int64_t k,
                    const TopKLists& out) {
    out.counts[query] = static_cast<std::int32_t>(keys.size());
    auto* codes = out.codes + query * k;
    auto* scores = out.scores + query * k;
    for (const auto key : keys) {
      *codes++ = static_cast<std::int32_t>(kLow - static_cast<std::uint32_t>(key));
      *scores++ = std::bit_cast<float>(static_cast<std::int32_t>(key >> 32));
    }
  }

 private:
  static constexpr std::uint32_t kLow = 0xffffffff;
  static constexpr std::int64_t kRepeats = 3;  // members of a group, from which groups pay
  static constexpr std::int64_t kFew = 160;    // keys that are sorted by n² comparisons
  static constexpr std::int64_t kSlack = 16;   // more than k of few

  // positive floats are ordered as their bits are; a lower code makes the key greater
  static std::int64_t key_of(float value, std::int32_t code) {
    return static_cast<std::int64_t>(std::bit_cast<std::int32_t>(value)) << 32 |
           (kLow - static_cast<std::uint32_t>(code));
  }

  std::span<const std::int64_t> sorted() {
    if (static_cast<std::int64_t>(keys_.size()) > std::max(k_, kFew)) {
      std::nth_element(keys_.begin(), keys_.begin() + k_, keys_.end(), std::greater<>{});
      keys_.resize(static_cast<std::size_t>(k_));
    }
    const auto n = static_cast<std::int64_t>(keys_.size());
    sorted_.resize(keys_.size());
    if (n <= kFew) {
      cooccurrence_kernels().sort_few(keys_.data(), n, sorted_.data());
    } else {
      std::copy(keys_.begin(), keys_.end(), sorted_.begin());
      std::sort(sorted_.begin(), sorted_.end(), std::greater<>{});
    }
    return std::span(sorted_).first(static_cast<std::size_t>(std::min(n, k_)));
  }

  std::int64_t k_, n_groups_;
  std::vector<float> maxima_;
  std::vector<std::int32_t> positions_;
  std::vector<std::int64_t> keys_, sorted_;
};

}  // namespace penchant
