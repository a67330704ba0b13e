// Why no item is lost. For a query q with the k-th best score θ so far, and any item y of a block,
// quantized.hpp gives, with P = Q·Y a whole number,
//
//     q·y ≤ P/(ab) + ‖δq‖‖Y‖/b + ‖q‖‖δy‖.
//
// The score s that is reported is q·y added up in T, f fused steps (or 2f roundings): with u the
// unit roundoff of T, |s − q·y| ≤ γ‖q‖‖y‖ + η, where γ = (f + 2)·2u is more than twice what f steps
// can do, and η = 2f times the smallest denormal is more than they lose by underflow. Overflow is
// ruled out beforehand. So with E = (‖δq‖‖Y‖/b + ‖q‖‖δy‖ + γ‖q‖‖y‖)(1 + 10⁻⁶) + η, each norm the
// largest of the block,
//
//     P ≤ (θ − E)ab   ⇒   s < θ:  the item can't even tie with the k-th best.
//
// The norms, scales and E are computed in double, with relative errors below f·10⁻¹⁵: the factor
// (1 + 10⁻⁶) and the unused half of γ make up for them. The kernel has P in shifted parts, each
// rounded down by less than one: P < 2^shift (total + segments). Hence an item is passed over only
// if total ≤ (θ − E)ab / 2^shift − segments; two more are taken off for the rounding of that number,
// which is below 2^16, to a whole one. What is not passed over gets its score by the same dot product as anywhere
// else, and is offered under its code, so that lists don't depend on the order of the search.
#include "penchant/pruned_topk.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "penchant/bound_kernels.hpp"
#include "penchant/scores.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kChunkQueries = 96;      // each block of items is read once a chunk
constexpr std::int64_t kChunkBytes = 4 << 20;   // of one chunk's sets of excluded items
constexpr double kChunkCells = 1e8;             // between two looks for Ctrl-C
constexpr std::int64_t kFewSeeds = 128;         // scored exactly to begin with: they give the first θ
constexpr std::int64_t kSeedsPerAnswer = 4;
constexpr std::int64_t kFirstSeeds = 24;        // beyond k: they give the bound for the other seeds
constexpr double kMargin = 1 + 1e-6;            // see above
constexpr double kHardShare = 1.0 / 8;          // of all items: who needs more of them is hard
constexpr std::int64_t kFewest = 1024;           // items: with fewer nothing is gained
constexpr std::int64_t kLargestShare = 32;      // of all items over k, likewise

/// What all chunks of a search share.
template <class T>
struct Search {
  const T* queries;
  const T* items;
  std::int64_t n_queries, n_items, f, k;
  const Rows& exclude;
  const QuantizedItems<T>& quantized;
  const Scores<T>& seeds;  // of the first items by norm

  double gamma() const {
    return static_cast<double>(f + 2) * std::numeric_limits<T>::epsilon();  // which is 2u
  }
  double eta() const {
    return 2.0 * static_cast<double>(f) * std::numeric_limits<T>::denorm_min();
  }
};

/// One query and its list in the making.
template <class T>
struct Seeker {
  explicit Seeker(std::int64_t k) : best(k) {}

  QuantizedQuery quantized;
  BestList<T> best;
  std::int64_t seen = 0;  // items scored exactly
  bool hard = false;      // to be done without pruning
};

/// The queries [begin, end) in the making.
template <class T>
class PrunedChunk {
 public:
  PrunedChunk(const Search<T>& search, std::int64_t begin, std::int64_t end)
      : search_(search), begin_(begin), size_(end - begin),
        pairs_(std::int64_t{shape_.segments} * shape_.pairs), words_(word_count(search)),
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

  void run() {
    scan_seeds();
    const auto& blocks = search_.quantized.blocks();
    for (std::size_t block = 0; block < blocks.size() && !active_.empty(); ++block) {
      scan(block, blocks[block]);
    }
  }

  std::int64_t write(const TopKLists& out, std::vector<char>& hard) {
    std::int64_t left = 0;
    for (std::int64_t q = 0; q < size_; ++q) {
      if (seekers_[q].hard) {
        hard[begin_ + q] = 1;
        ++left;
      } else {
        out.set(begin_ + q, search_.k, seekers_[q].best);
      }
    }
    return left;
  }

 private:
  const T* query(std::int64_t q) const { return search_.queries + (begin_ + q) * search_.f; }

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

  /// The bound rises after the first few; only then it is worth a look at many scores at once.
  void offer_seeds(std::int64_t q, std::int64_t first, std::int64_t count, const T* scores) {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    auto& best = seekers_[q].best;
    const auto few = std::min(count, search_.k + kFirstSeeds);
    std::int64_t done = 0;
    for (const auto some : {few, count - few}) {
      const auto found = score_kernels<T>().find_above(
          scores + done, some, std::nextafter(best.bound(), lowest), positions_.data());
      for (std::int64_t j = 0; j < found; ++j) {
        const auto position = done + positions_[j];
        if (scores[position] >= best.bound() && !is_excluded(q, first + position)) {
          best.offer(scores[position], search_.quantized.codes()[first + position]);
        }
      }
      done += some;
    }
  }

  /// While θ still rises fast, it is looked at anew after a few items.
  void scan(std::size_t number, const typename QuantizedItems<T>::Block& block) {
    const auto all = static_cast<int>(QuantizedItems<T>::kBlock / kernels_.panel_items);
    const auto some = std::max(1, number < 2 ? all / (number == 0 ? 4 : 2) : all);
    for (int panel = 0; panel < all; panel += some) scan(number, block, panel, some);
  }

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

  /// The bound of each active query for a block; whoever is done, or hard, is active no more.
  void set_bounds(const typename QuantizedItems<T>::Block& block) {
    const auto most_seen = static_cast<std::int64_t>(
        kHardShare * static_cast<double>(search_.n_items));
    std::size_t kept = 0;
    bounds_.resize(active_.size());
    for (const auto q : active_) {
      auto& seeker = seekers_[q];
      const auto& quantized = seeker.quantized;
      const double theta = static_cast<double>(seeker.best.bound());
      const double reach = quantized.norm * block.norm;
      if (theta > reach * (1 + gamma_) * kMargin + eta_) continue;  // later items are shorter still
      seeker.hard = seeker.seen > most_seen;
      if (seeker.hard) continue;
      const double error = (quantized.error * block.quantized_norm + quantized.norm * block.error +
                            gamma_ * reach) * kMargin + eta_;
      const double most = (theta - error) * quantized.scale * block.scale * unit_;
      const int whole = static_cast<int>(std::clamp(most, -40000.0, 40000.0));  // may round up
      bounds_[kept] = static_cast<std::int16_t>(
          std::clamp(whole - 2 - shape_.segments, -32768, 32767));
      active_[kept++] = q;
    }
    active_.resize(kept);
  }

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

  void score_gathered() {
    cell_scores_.resize(cells_.size());
    score_kernels<T>().pairs(cell_queries_.data(), cell_items_.data(),
                             static_cast<std::int64_t>(cells_.size()), search_.f,
                             cell_scores_.data());
    for (std::size_t j = 0; j < cells_.size(); ++j) {
      auto& seeker = seekers_[cells_[j].q];
      ++seeker.seen;
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
  std::vector<std::int32_t> quantized_;     // size × pairs
  std::vector<std::uint64_t> excluded_;   // size × words: a bit a position
  std::vector<std::int64_t> active_;      // queries not done yet
  std::vector<std::int16_t> bounds_;      // of the active ones, for the present block
  std::vector<std::int32_t> positions_;
  std::vector<std::uint64_t> masks_;
  std::vector<const std::int32_t*> rows_;  // rounded queries of a tile
  std::vector<Cell> cells_;  // to be scored exactly
  std::vector<const T*> cell_queries_, cell_items_;
  std::vector<T> cell_scores_;
};

template <class T>
std::int64_t pruned_chunk_size(const Search<T>& search, int threads) {
  const auto fair = search.n_queries / (std::int64_t{4} * std::max(threads, 1));
  const auto soon = static_cast<std::int64_t>(
      kChunkCells / static_cast<double>(search.n_items * std::max<std::int64_t>(search.f, 1)) * 16);
  const auto small = kChunkBytes / (8 * PrunedChunk<T>::word_count(search));
  const std::int64_t rows = search.quantized.kernels().tile_rows;
  const auto size = std::clamp(std::min({fair, soon, small}), rows, kChunkQueries);
  return size - size % rows;
}

/// Marks the queries that are still to be done.
template <class T>
std::vector<char> search_all(const Search<T>& search, const TopKLists& out, PruneStats& stats,
                             bool give_up, int threads, const Poll& poll) {
  std::vector<char> hard(static_cast<std::size_t>(search.n_queries), 0);
  const auto size = pruned_chunk_size(search, threads);
  parallel_for(
      (search.n_queries + size - 1) / size, threads,
      [&](std::int64_t number, int) {
        const auto begin = number * size, end = std::min(search.n_queries, begin + size);
        if (give_up && stats.is_wasteful()) {
          std::fill(hard.begin() + begin, hard.begin() + end, 1);
          return;
        }
        PrunedChunk<T> chunk(search, begin, end);
        chunk.run();
        stats.hard += chunk.write(out, hard);
        stats.done += end - begin;
      },
      poll);
  return hard;
}

template <class T>
void plain_top_k(const T* queries, std::int64_t n_queries, const T* items, std::int64_t n_items,
                 std::int64_t f, std::int64_t k, const Rows& exclude, const Rows& allow,
                 const TopKLists& out, int threads, const Poll& poll) {
  const auto scores = factor_scores(queries, n_queries, items, n_items, f, threads, poll);
  top_k(*scores, k, exclude, allow, out, threads, poll);
}

/// plain_top_k for some of the queries.
template <class T>
void top_k_of(const std::vector<std::int64_t>& chosen, const T* queries, const T* items,
              std::int64_t n_items, std::int64_t f, std::int64_t k, const Rows& exclude,
              const TopKLists& out, int threads, const Poll& poll) {
  const auto n = static_cast<std::int64_t>(chosen.size());
  std::vector<T> rows(static_cast<std::size_t>(n * f));
  std::vector<std::int64_t> indptr(static_cast<std::size_t>(n + 1), 0);
  std::vector<std::int32_t> indices, codes(static_cast<std::size_t>(n * k)),
      counts(static_cast<std::size_t>(n));
  std::vector<float> scores(static_cast<std::size_t>(n * k));
  for (std::int64_t q = 0; q < n; ++q) {
    std::copy_n(queries + chosen[q] * f, f, rows.begin() + q * f);
    if (exclude) {
      const auto row = exclude[chosen[q]];
      indices.insert(indices.end(), row.begin(), row.end());
    }
    indptr[q + 1] = static_cast<std::int64_t>(indices.size());
  }
  const Rows taken{indptr.data(), indices.data(), n, indptr[n]};
  plain_top_k(rows.data(), n, items, n_items, f, k, taken, {},
              {codes.data(), scores.data(), counts.data()}, threads, poll);
  for (std::int64_t q = 0; q < n; ++q) {
    std::copy_n(codes.begin() + q * k, k, out.codes + chosen[q] * k);
    std::copy_n(scores.begin() + q * k, k, out.scores + chosen[q] * k);
    out.counts[chosen[q]] = counts[q];
  }
}

/// Whether pruning can pay for a search for which an index must be made first.
bool worth_an_index(std::int64_t n_queries, std::int64_t f) {
  // with few factors scoring is cheap, and rounding the items takes more queries to pay
  return n_queries >= (f >= 16 ? 128 : 512);
}

template <class T>
void pruned_top_k(const T* queries, std::int64_t n_queries, const T* items, std::int64_t k,
                  const Rows& exclude, const TopKLists& out, PruneMode prune,
                  const FactorIndex<T>& index, int threads, const Poll& poll) {
  const auto n_items = index.n_items(), f = index.f();
  const auto& quantized = *index.quantized();
  const auto seeds = factor_scores(queries, n_queries, index.seeds().data(), quantized.n_seeds(), f,
                                   threads, poll);
  const Search<T> search{queries, items, n_queries, n_items, f, k, exclude, quantized, *seeds};
  const auto hard =
      search_all(search, out, index.stats(), prune == PruneMode::automatic, threads, poll);

  std::vector<std::int64_t> left;
  for (std::int64_t q = 0; q < n_queries; ++q) {
    if (hard[q]) left.push_back(q);
  }
  if (static_cast<std::int64_t>(left.size()) == n_queries) {
    plain_top_k(queries, n_queries, items, n_items, f, k, exclude, {}, out, threads, poll);
  } else if (!left.empty()) {
    top_k_of(left, queries, items, n_items, f, k, exclude, out, threads, poll);
  }
}

}  // namespace

template <class T>
FactorIndex<T>::FactorIndex(const T* items, std::int64_t n_items, std::int64_t f, std::int64_t k,
                            int threads, const Poll& poll)
    : n_items_(n_items), f_(f) {
  if (f == 0 || f > kMaxQuantizedFactors) return;
  const auto wanted = std::max(kFewSeeds, kSeedsPerAnswer * k);
  quantized_.emplace(items, n_items, f, (wanted + 63) / 64 * 64, threads, poll);
  if (!quantized_->finite()) {
    quantized_.reset();
    return;
  }
  seeds_.resize(static_cast<std::size_t>(quantized_->n_seeds() * f));
  for (std::int64_t j = 0; j < quantized_->n_seeds(); ++j) {
    std::copy_n(items + std::int64_t{quantized_->codes()[j]} * f, f, seeds_.begin() + j * f);
  }
}

template <class T>
std::int64_t FactorIndex<T>::size() const {
  return (quantized_ ? quantized_->size() : 0) + static_cast<std::int64_t>(seeds_.size() * sizeof(T));
}

template <class T>
void factor_top_k(const T* queries, std::int64_t n_queries, const T* items, std::int64_t n_items,
                  std::int64_t f, std::int64_t k, const Rows& exclude, const Rows& allow,
                  const TopKLists& out, PruneMode prune, const FactorIndex<T>* index, int threads,
                  const Poll& poll) {
  if (index != nullptr && (index->n_items() != n_items || index->f() != f)) {
    throw std::invalid_argument("the index is not that of these items");
  }
  const auto plainly = [&] {
    plain_top_k(queries, n_queries, items, n_items, f, k, exclude, allow, out, threads, poll);
  };
  const auto pruned = [&](const FactorIndex<T>& with) {
    const bool wasteful = prune == PruneMode::automatic && with.stats().is_wasteful();
    if (!with.quantized() || wasteful) return plainly();
    pruned_top_k(queries, n_queries, items, k, exclude, out, prune, with, threads, poll);
  };
  const bool able = prune != PruneMode::never && !allow && k > 0 && f > 0 && f <= kMaxQuantizedFactors;
  const bool worth = able && n_items >= kFewest && k <= n_items / kLargestShare;
  if (!able || (prune == PruneMode::automatic && !worth)) return plainly();
  if (index != nullptr) return pruned(*index);
  if (prune == PruneMode::automatic && !worth_an_index(n_queries, f)) return plainly();
  pruned(FactorIndex<T>(items, n_items, f, k, threads, poll));
}

template class FactorIndex<float>;
template class FactorIndex<double>;
template void factor_top_k(const float*, std::int64_t, const float*, std::int64_t, std::int64_t,
                           std::int64_t, const Rows&, const Rows&, const TopKLists&, PruneMode,
                           const FactorIndex<float>*, int, const Poll&);
template void factor_top_k(const double*, std::int64_t, const double*, std::int64_t, std::int64_t,
                           std::int64_t, const Rows&, const Rows&, const TopKLists&, PruneMode,
                           const FactorIndex<double>*, int, const Poll&);

}  // namespace penchant
