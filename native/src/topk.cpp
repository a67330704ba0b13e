#include "penchant/topk.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

namespace penchant {
namespace {

constexpr std::int64_t kListBytes =
    16 << 20;  // of the lists of a chunk, which limits chunks for very large k

/// Finds the lists of the queries [begin, end).
template <class T>
class Chunk {
 public:
  Chunk(const Scores<T>& scores, std::int64_t k, const Rows& exclude, std::int64_t begin,
        std::int64_t end)
      : scores_(scores), begin_(begin), end_(end) {
    const auto size = static_cast<std::size_t>(end - begin);
    best_.assign(size, BestList<T>(k));
    left_.resize(size);
    for (std::size_t q = 0; exclude && q < size; ++q) {
      left_[q] = exclude[begin + static_cast<std::int64_t>(q)];
    }
  }

  void scan_all() {
    const auto width = scores_.block_items;
    row_scores_.resize(static_cast<std::size_t>(width * scores_.tile_rows));
    positions_.resize(static_cast<std::size_t>(width));
    for (std::int64_t first = 0; first < scores_.n_items; first += width) {
      const auto count = std::min(width, scores_.n_items - first);
      for (auto query = begin_; query < end_; query += scores_.tile_rows) {
        const int rows = static_cast<int>(std::min<std::int64_t>(scores_.tile_rows, end_ - query));
        scores_.tile(query, rows, first, count, row_scores_.data(), width);
        for (int row = 0; row < rows; ++row) {
          scan(query + row - begin_, first, count, row_scores_.data() + row * width);
        }
      }
    }
  }

  void scan_allowed(const Rows& allow) {
    for (auto query = begin_; query < end_; ++query) {
      const auto codes = allow[query];
      auto& left = left_[query - begin_];
      row_scores_.resize(codes.size());
      scores_.cells(query, codes.data(), static_cast<std::int64_t>(codes.size()),
                    row_scores_.data());
      for (std::size_t j = 0; j < codes.size(); ++j) {
        while (!left.empty() && left.front() < codes[j]) left = left.subspan(1);
        if (left.empty() || left.front() != codes[j]) {
          best_[query - begin_].offer(row_scores_[j], codes[j]);
        }
      }
    }
  }

  void write(std::int64_t k, const TopKLists& out) {
    for (auto query = begin_; query < end_; ++query) out.set(query, k, best_[query - begin_]);
  }

 private:
  void scan(std::int64_t q, std::int64_t first, std::int64_t count, T* row) {
    auto& left = left_[q];
    for (; !left.empty() && left.front() < first + count; left = left.subspan(1)) {
      row[left.front() - first] = -std::numeric_limits<T>::infinity();
    }
    auto& best = best_[q];
    const auto found = kernels_.find_above(row, count, best.bound(), positions_.data());
    for (std::int64_t j = 0; j < found; ++j) {
      best.offer(row[positions_[j]], static_cast<std::int32_t>(first) + positions_[j]);
    }
  }

  const Scores<T>& scores_;
  const ScoreKernels<T>& kernels_ = score_kernels<T>();
  std::int64_t begin_, end_;
  std::vector<BestList<T>> best_;
  std::vector<std::span<const std::int32_t>> left_;  // excluded items not reached yet
  std::vector<T> row_scores_;
  std::vector<std::int32_t> positions_;
};

}  // namespace

template <class T>
void top_k(const Scores<T>& scores, std::int64_t k, const Rows& exclude, const Rows& allow,
           const TopKLists& out, int threads, const Poll& poll) {
  const auto list_bytes = k * static_cast<std::int64_t>(sizeof(Entry<T>));
  const auto size = std::clamp<std::int64_t>(kListBytes / std::max<std::int64_t>(list_bytes, 1), 1,
                                             scores.chunk_queries);
  parallel_for((scores.n_queries + size - 1) / size, threads,
               [&](std::int64_t number, int) {
                 const auto begin = number * size;
                 Chunk<T> chunk(scores, k, exclude, begin,
                                std::min(scores.n_queries, begin + size));
                 if (allow) {
                   chunk.scan_allowed(allow);
                 } else {
                   chunk.scan_all();
                 }
                 chunk.write(k, out);
               },
               poll);
}

template void top_k(const Scores<float>&, std::int64_t, const Rows&, const Rows&, const TopKLists&,
                    int, const Poll&);
template void top_k(const Scores<double>&, std::int64_t, const Rows&, const Rows&, const TopKLists&,
                    int, const Poll&);

}  // namespace penchant
