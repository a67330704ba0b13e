#include "penchant/pruned_topk.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "pruned_chunk.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kChunkQueries = 96;     // each block of items is read once per chunk
constexpr std::int64_t kChunkBytes = 4 << 20;  // of a chunk's sets of excluded items
constexpr double kChunkCells = 1e8;            // cells between two polls
constexpr std::int64_t kMinSeeds = 128;        // items scored exactly, to get the first bounds
constexpr std::int64_t kSeedsPerAnswer = 4;
constexpr std::int64_t kMinItems = 1024;         // with fewer items pruning saves nothing
constexpr std::int64_t kMinItemsPerAnswer = 32;  // nor with longer lists

/// Chooses a chunk size that feeds all threads, limits memory, and polls often enough.
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

/// Searches all queries by pruning; returns a mark for each that must be searched without it.
template <class T>
std::vector<char> search_all(const Search<T>& search, const TopKLists& out, PruneStats& stats,
                             bool give_up, int threads, const Poll& poll) {
  std::vector<char> hard(static_cast<std::size_t>(search.n_queries), 0);
  const auto size = pruned_chunk_size(search, threads);
  parallel_for((search.n_queries + size - 1) / size, threads,
               [&](std::int64_t number, int) {
                 const auto begin = number * size, end = std::min(search.n_queries, begin + size);
                 if (give_up && stats.is_wasteful()) {
                   std::fill(hard.begin() + begin, hard.begin() + end, 1);
                   return;
                 }
                 PrunedChunk<T> chunk(search, begin, end);
                 chunk.run();
                 stats.hard += chunk.write(out, hard);
                 stats.tried += end - begin;
               },
               poll);
  return hard;
}

std::string size_text(std::int64_t n_items, std::int64_t f) {
  return std::to_string(n_items) + " items of " + std::to_string(f) + " factors";
}

/// Searches without pruning.
template <class T>
void plain_top_k(const T* queries, std::int64_t n_queries, const T* items, std::int64_t n_items,
                 std::int64_t f, std::int64_t k, const Rows& exclude, const Rows& allow,
                 const TopKLists& out, int threads, const Poll& poll) {
  const auto scores = factor_scores(queries, n_queries, items, n_items, f, threads, poll);
  top_k(*scores, k, exclude, allow, out, threads, poll);
}

/// Searches some of the queries without pruning.
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
  const Rows chosen_exclude{indptr.data(), indices.data(), n, indptr[n]};
  plain_top_k(rows.data(), n, items, n_items, f, k, chosen_exclude, {},
              {codes.data(), scores.data(), counts.data()}, threads, poll);
  for (std::int64_t q = 0; q < n; ++q) {
    std::copy_n(codes.begin() + q * k, k, out.codes + chosen[q] * k);
    std::copy_n(scores.begin() + q * k, k, out.scores + chosen[q] * k);
    out.counts[chosen[q]] = counts[q];
  }
}

/// Whether pruning is expected to save time if an index must be built first.
bool worth_an_index(std::int64_t n_queries, std::int64_t f) {
  // with few factors scoring is cheap, so more queries are needed to make up for quantizing
  return n_queries >= (f >= 16 ? 128 : 512);
}

/// Searches by pruning, then searches the hard queries without it.
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
  const auto wanted = std::max(kMinSeeds, kSeedsPerAnswer * k);
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
  return (quantized_ ? quantized_->size() : 0) +
         static_cast<std::int64_t>(seeds_.size() * sizeof(T));
}

template <class T>
void factor_top_k(const T* queries, std::int64_t n_queries, const T* items, std::int64_t n_items,
                  std::int64_t f, std::int64_t k, const Rows& exclude, const Rows& allow,
                  const TopKLists& out, PruneMode prune, const FactorIndex<T>* index, int threads,
                  const Poll& poll) {
  if (index != nullptr && (index->n_items() != n_items || index->f() != f)) {
    throw std::invalid_argument("the index is not that of these items: it was built for " +
                                size_text(index->n_items(), index->f()) + ", got " +
                                size_text(n_items, f));
  }
  const auto search_plain = [&] {
    plain_top_k(queries, n_queries, items, n_items, f, k, exclude, allow, out, threads, poll);
  };
  const auto search_pruned = [&](const FactorIndex<T>& with) {
    const bool wasteful = prune == PruneMode::automatic && with.stats().is_wasteful();
    if (!with.quantized() || wasteful) return search_plain();
    pruned_top_k(queries, n_queries, items, k, exclude, out, prune, with, threads, poll);
  };
  const bool possible =
      prune != PruneMode::never && !allow && k > 0 && f > 0 && f <= kMaxQuantizedFactors;
  const bool large = possible && n_items >= kMinItems && k <= n_items / kMinItemsPerAnswer;
  if (!possible || (prune == PruneMode::automatic && !large)) return search_plain();
  if (index != nullptr) return search_pruned(*index);
  if (prune == PruneMode::automatic && !worth_an_index(n_queries, f)) return search_plain();
  search_pruned(FactorIndex<T>(items, n_items, f, k, threads, poll));
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
