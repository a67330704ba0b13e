// The search of a chunk of queries by pruning. Only pruned_topk.cpp includes this header.
//
// Proof that no item of a list is ruled out. Let θ be the k-th best score of a query q so far, and
// y any item of a block. With P = Q·Y, a whole number, quantized.hpp gives
//
//     q·y ≤ P/(ab) + ‖δq‖‖Y‖/b + ‖q‖‖δy‖.
//
// The reported score s is q·y summed in T by f fused multiply-adds (or 2f roundings). With u the
// unit roundoff of T, |s − q·y| ≤ γ‖q‖‖y‖ + η, where γ = (f + 2)·2u is more than twice the bound of
// f steps, and η = 2f times the smallest denormal bounds the loss by underflow. Queries that could
// overflow are hard. So with E = (‖δq‖‖Y‖/b + ‖q‖‖δy‖ + γ‖q‖‖y‖)(1 + 10⁻⁶) + η, each norm the
// largest of the block,
//
//     P ≤ (θ − E)ab   ⇒   s < θ:  the item cannot even tie with the k-th best.
//
// Norms, scales and E are computed in double with relative errors below f·10⁻¹⁵, which the factor
// (1 + 10⁻⁶) and the unused half of γ cover. The kernel returns P in shifted parts, each rounded
// down by less than one: P < 2^shift (total + segments). Hence an item is ruled out only if
// total ≤ (θ − E)ab / 2^shift − segments. Two more are subtracted for the rounding of that number,
// which is below 2^16, to an integer. Items that are not ruled out are scored by the same dot
// product as anywhere else and offered under their codes, so lists do not depend on the order of
// the search.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "penchant/best_list.hpp"
#include "penchant/bound_kernels.hpp"
#include "penchant/quantized.hpp"
#include "penchant/rows.hpp"
#include "penchant/scores.hpp"
#include "penchant/topk.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kFirstSeeds = 24;  // beyond k: offered first, to bound the other seeds
constexpr double kMargin = 1 + 1e-6;      // covers rounding, see above
constexpr double kHardShare = 1.0 / 8;    // a query that scores more than this of all items is hard

/// The inputs of a search, shared by all chunks of queries.
template <class T>
struct Search {
  const T* queries;
  const T* items;
  std::int64_t n_queries, n_items, f, k;
  const Rows& exclude;
  const QuantizedItems<T>& quantized;
  const Scores<T>& seeds;  // of the items with the largest norms

  double gamma() const {
    return static_cast<double>(f + 2) * std::numeric_limits<T>::epsilon();  // epsilon is 2u
  }
  double eta() const { return 2.0 * static_cast<double>(f) * std::numeric_limits<T>::denorm_min(); }
};

/// A query and its best items so far.
template <class T>
struct Seeker {
  explicit Seeker(std::int64_t k) : best(k) {}

  QuantizedQuery quantized;
  BestList<T> best;
  std::int64_t n_scored = 0;  // items scored exactly
  bool hard = false;          // to be searched again without pruning
};

/// Searches the items for the queries [begin, end), block by block in the order of falling norms.
template <class T>
class PrunedChunk {
 public:
  PrunedChunk(const Search<T>& search, std::int64_t begin, std::int64_t end)
      : search_(search),
        begin_(begin),
        size_(end - begin),
        pairs_(std::int64_t{shape_.segments} * shape_.pairs),
        words_(word_count(search)),
        seekers_(static_cast<std::size_t>(size_), Seeker<T>(search.k)) {
    quantized_.resize(static_cast<std::size_t>(size_ * pairs_));
    excluded_.assign(static_cast<std::size_t>(size_ * words_), 0);
    const auto first_norm = search.quantized.norm();
    for (std::int64_t q = 0; q < size_; ++q) {
      auto& seeker = seekers_[q];
      seeker.quantized = quantize_query(query(q), search.f, shape_, &quantized_[q * pairs_]);
      const double most = seeker.quantized.norm * first_norm;
      seeker.hard = seeker.quantized.scale == 0 || !(most < std::numeric_limits<T>::max() / 4);
      if (!seeker.hard) active_.push_back(q);
      exclude(q);
    }
  }

  static std::int64_t word_count(const Search<T>& search) { return search.n_items / 64 + 1; }

  /// Scores the seeds, then the other blocks until every query is finished or hard.
  void run() {
    scan_seeds();
    const auto& blocks = search_.quantized.blocks();
    for (std::size_t block = 0; block < blocks.size() && !active_.empty(); ++block) {
      scan(block, blocks[block]);
    }
  }

  /// Writes the lists of finished queries, marks the hard ones and returns their number.
  std::int64_t write(const TopKLists& out, std::vector<char>& hard) {
    std::int64_t n_hard = 0;
    for (std::int64_t q = 0; q < size_; ++q) {
      if (seekers_[q].hard) {
        hard[begin_ + q] = 1;
        ++n_hard;
      } else {
        out.set(begin_ + q, search_.k, seekers_[q].best);
      }
    }
    return n_hard;
  }

 private:
  const T* query(std::int64_t q) const { return search_.queries + (begin_ + q) * search_.f; }

  /// Sets a bit per excluded item, by position.
  void exclude(std::int64_t q) {
    if (!search_.exclude) return;
    std::uint64_t* set = &excluded_[q * words_];
    for (const auto code : search_.exclude[begin_ + q]) {
      const auto position = search_.quantized.positions()[code];
      set[position / 64] |= std::uint64_t{1} << (position % 64);
    }
  }

  bool is_excluded(std::int64_t q, std::int64_t position) const {
    return excluded_[q * words_ + position / 64] >> (position % 64) & 1;
  }

  /// Scores all seeds exactly: they give the first bounds θ.
  void scan_seeds() {
    const auto& seeds = search_.seeds;
    const auto width = seeds.block_items;
    std::vector<T> scores(static_cast<std::size_t>(width * seeds.tile_rows));
    positions_.resize(static_cast<std::size_t>(width));
    for (std::int64_t first = 0; first < seeds.n_items; first += width) {
      const auto count = std::min(width, seeds.n_items - first);
      for (std::int64_t q = 0; q < size_; q += seeds.tile_rows) {
        const int rows = static_cast<int>(std::min<std::int64_t>(seeds.tile_rows, size_ - q));
        seeds.tile(begin_ + q, rows, first, count, scores.data(), width);
        for (int row = 0; row < rows; ++row) {
          offer_seeds(q + row, first, count, scores.data() + row * width);
        }
      }
    }
  }

  /// Offers the scores of seeds to a query. The first few are offered before the others, because
  /// the bound that they give rules out most of the others in one vectorized pass.
  void offer_seeds(std::int64_t q, std::int64_t first, std::int64_t count, const T* scores) {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    auto& best = seekers_[q].best;
    const auto few = std::min(count, search_.k + kFirstSeeds);
    std::int64_t n_offered = 0;
    for (const auto some : {few, count - few}) {
      const auto n_above = score_kernels<T>().find_above(
          scores + n_offered, some, std::nextafter(best.bound(), lowest), positions_.data());
      for (std::int64_t j = 0; j < n_above; ++j) {
        const auto position = n_offered + positions_[j];
        if (scores[position] >= best.bound() && !is_excluded(q, first + position)) {
          best.offer(scores[position], search_.quantized.codes()[first + position]);
        }
      }
      n_offered += some;
    }
  }

  /// Scans a block. θ rises fast in the first two blocks, so bounds are updated within them.
  void scan(std::size_t number, const typename QuantizedItems<T>::Block& block) {
    const auto all = static_cast<int>(QuantizedItems<T>::kBlock / kernels_.panel_items);
    const auto some = std::max(1, number < 2 ? all / (number == 0 ? 4 : 2) : all);
    for (int panel = 0; panel < all; panel += some) scan(number, block, panel, some);
  }

  /// Scans some panels of a block with the bounds of their beginning.
  void scan(std::size_t number, const typename QuantizedItems<T>::Block& block, int first_panel,
            int n_panels) {
    set_bounds(block);
    const auto at_once = static_cast<std::size_t>(kernels_.tile_rows);
    const auto first = search_.quantized.n_seeds() +
                       static_cast<std::int64_t>(number) * QuantizedItems<T>::kBlock +
                       std::int64_t{first_panel} * kernels_.panel_items;
    const auto* panels = search_.quantized.panels(number, first_panel);
    masks_.resize(static_cast<std::size_t>(n_panels) * at_once);
    rows_.resize(at_once);
    for (std::size_t a = 0; a < active_.size(); a += at_once) {
      const auto count = static_cast<int>(std::min(at_once, active_.size() - a));
      for (int row = 0; row < count; ++row) rows_[row] = &quantized_[active_[a + row] * pairs_];
      kernels_.above(rows_.data(), count, &bounds_[a], shape_, panels, n_panels, masks_.data());
      const auto* mask = masks_.data();
      for (int panel = 0; panel < n_panels; ++panel, mask += at_once) {
        for (int row = 0; row < count; ++row) {
          if (mask[row] != 0) {
            gather(active_[a + row], first + panel * kernels_.panel_items, mask[row]);
          }
        }
      }
    }
    score_gathered();
  }

  /// Computes the bound of each active query for a block. Queries that are finished or hard are no
  /// longer active.
  void set_bounds(const typename QuantizedItems<T>::Block& block) {
    const auto max_scored =
        static_cast<std::int64_t>(kHardShare * static_cast<double>(search_.n_items));
    std::size_t kept = 0;
    bounds_.resize(active_.size());
    for (const auto q : active_) {
      auto& seeker = seekers_[q];
      const auto& quantized = seeker.quantized;
      const double theta = static_cast<double>(seeker.best.bound());
      const double reach = quantized.norm * block.norm;
      if (theta > reach * (1 + gamma_) * kMargin + eta_)
        continue;  // finished: later norms are smaller
      seeker.hard = seeker.n_scored > max_scored;
      if (seeker.hard) continue;
      const double error =
          (quantized.error * block.quantized_norm + quantized.norm * block.error + gamma_ * reach) *
              kMargin +
          eta_;
      const double most = (theta - error) * quantized.scale * block.scale * unit_;
      const int whole =
          static_cast<int>(std::clamp(most, -40000.0, 40000.0));  // may round up, see above
      bounds_[kept] =
          static_cast<std::int16_t>(std::clamp(whole - 2 - shape_.segments, -32768, 32767));
      active_[kept++] = q;
    }
    active_.resize(kept);
  }

  /// Collects the items of a panel that are not ruled out, to be scored exactly.
  void gather(std::int64_t q, std::int64_t first, std::uint64_t mask) {
    if (first >= search_.n_items) return;
    for (mask &= ~(excluded_[q * words_ + first / 64] >> (first % 64)); mask != 0;
         mask &= mask - 1) {
      const auto position = first + __builtin_ctzll(mask);
      if (position >= search_.n_items) return;
      const auto code = search_.quantized.codes()[position];
      cells_.push_back({q, code});
      cell_queries_.push_back(query(q));
      cell_items_.push_back(search_.items + code * search_.f);
    }
  }

  /// Scores the collected items of all queries together.
  void score_gathered() {
    cell_scores_.resize(cells_.size());
    score_kernels<T>().pairs(cell_queries_.data(), cell_items_.data(),
                             static_cast<std::int64_t>(cells_.size()), search_.f,
                             cell_scores_.data());
    for (std::size_t j = 0; j < cells_.size(); ++j) {
      auto& seeker = seekers_[cells_[j].q];
      ++seeker.n_scored;
      seeker.best.offer(cell_scores_[j], cells_[j].code);
    }
    cells_.clear();
    cell_queries_.clear();
    cell_items_.clear();
  }

  struct Cell {
    std::int64_t q;
    std::int32_t code;
  };

  const Search<T>& search_;
  const BoundKernels& kernels_ = search_.quantized.kernels();
  const QuantizedShape& shape_ = search_.quantized.shape();
  const double gamma_ = search_.gamma(), eta_ = search_.eta();
  const double unit_ = 1.0 / static_cast<double>(std::int64_t{1} << shape_.shift);
  std::int64_t begin_, size_, pairs_, words_;
  std::vector<Seeker<T>> seekers_;
  std::vector<std::int32_t> quantized_;  // size × pairs
  std::vector<std::uint64_t> excluded_;  // size × words: a bit per position
  std::vector<std::int64_t> active_;     // queries that are neither finished nor hard
  std::vector<std::int16_t> bounds_;     // of the active queries, for the current block
  std::vector<std::int32_t> positions_;
  std::vector<std::uint64_t> masks_;
  std::vector<const std::int32_t*> rows_;  // quantized queries of a tile
  std::vector<Cell> cells_;                // to be scored exactly
  std::vector<const T*> cell_queries_, cell_items_;
  std::vector<T> cell_scores_;
};

}  // namespace
}  // namespace penchant
