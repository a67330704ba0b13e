#include "penchant/scores.hpp"

#include <algorithm>

#include "penchant/rows.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kBlockBytes = 128 << 10;  // of packed items: about a quarter of an L2 cache
constexpr std::int64_t kMostQueries = 96;        // queries per chunk, which reads all items once
constexpr double kChunkFlops = 2e9;              // between two polls
constexpr std::int64_t kFewQueries = 4;  // with fewer queries, packing costs more than it saves

/// Chooses the queries per chunk: several chunks per thread, each short enough to poll often.
std::int64_t chunk_size(std::int64_t n_queries, double flops_a_query, int tile_rows, int threads) {
  const auto fair = n_queries / (std::int64_t{4} * std::max(threads, 1));
  const auto soon = static_cast<std::int64_t>(kChunkFlops / std::max(flops_a_query, 1.0));
  const auto size = std::clamp<std::int64_t>(std::min(fair, soon), tile_rows, kMostQueries);
  return size - size % tile_rows;
}

template <class T>
class FactorScores : public Scores<T> {
 public:
  FactorScores(const T* queries, std::int64_t n_queries, const T* items, std::int64_t n_items,
               std::int64_t f, int threads)
      : queries_(queries), items_(items), f_(f), kernels_(score_kernels<T>()) {
    const std::int64_t width = kernels_.panel_items;
    const auto item_bytes = std::max<std::int64_t>(f, 1) * static_cast<std::int64_t>(sizeof(T));
    this->n_queries = n_queries;
    this->n_items = n_items;
    this->block_items = std::clamp<std::int64_t>(kBlockBytes / item_bytes / width, 1, 64) * width;
    this->tile_rows = kernels_.tile_rows;
    const double flops = 2.0 * static_cast<double>(n_items) * static_cast<double>(f);
    this->chunk_queries = chunk_size(n_queries, flops, this->tile_rows, threads);
  }

  void cells(std::int64_t query, const std::int32_t* codes, std::int64_t n, T* out) const override {
    kernels_.dots(queries_ + query * f_, items_, codes, n, f_, out);
  }

 protected:
  const T* queries_;
  const T* items_;
  std::int64_t f_;
  const ScoreKernels<T>& kernels_;
};

/// Scores for a few queries, from the items as they are.
template <class T>
class DirectFactorScores final : public FactorScores<T> {
 public:
  using FactorScores<T>::FactorScores;

  void tile(std::int64_t query, int rows, std::int64_t first, std::int64_t count, T* out,
            std::int64_t stride) const override {
    const T* items = this->items_ + first * this->f_;
    for (int row = 0; row < rows; ++row) {
      this->kernels_.dots(this->queries_ + (query + row) * this->f_, items, nullptr, count,
                          this->f_, out + row * stride);
    }
  }
};

/// Scores for many queries: items are packed once into panels, factor by factor, as tiles read
/// them.
template <class T>
class PackedFactorScores final : public FactorScores<T> {
 public:
  PackedFactorScores(const T* queries, std::int64_t n_queries, const T* items, std::int64_t n_items,
                     std::int64_t f, int threads, const Poll& poll)
      : FactorScores<T>(queries, n_queries, items, n_items, f, threads) {
    const std::int64_t width = this->kernels_.panel_items;
    const auto n_panels = (n_items + width - 1) / width;
    panels_.reset(new T[static_cast<std::size_t>(n_panels * width * f)]);
    constexpr std::int64_t kTogether = 64;
    parallel_for((n_panels + kTogether - 1) / kTogether, threads,
                 [&](std::int64_t chunk, int) {
                   const auto end = std::min(n_panels, (chunk + 1) * kTogether);
                   for (auto panel = chunk * kTogether; panel < end; ++panel) pack(panel);
                 },
                 poll);
  }

  void tile(std::int64_t query, int rows, std::int64_t first, std::int64_t count, T* out,
            std::int64_t stride) const override {
    const std::int64_t width = this->kernels_.panel_items, f = this->f_;
    for (std::int64_t item = 0; item < count; item += width) {
      this->kernels_.tile(this->queries_ + query * f, rows, f, &panels_[(first + item) * f],
                          out + item, stride);
    }
  }

 private:
  void pack(std::int64_t panel) {
    const std::int64_t width = this->kernels_.panel_items, f = this->f_;
    T* to = &panels_[panel * width * f];
    const auto here = std::min(width, this->n_items - panel * width);
    const T* from = this->items_ + panel * width * f;
    for (std::int64_t k = 0; k < f; ++k, to += width) {
      for (std::int64_t item = 0; item < here; ++item) to[item] = from[item * f + k];
      std::fill(to + here, to + width, T{0});
    }
  }

  std::unique_ptr<T[]> panels_;
};

class DenseScores final : public Scores<float> {
 public:
  DenseScores(const float* scores, std::int64_t queries, std::int64_t items, int threads)
      : scores_(scores) {
    n_queries = queries;
    n_items = items;
    block_items = 2048;
    chunk_queries = chunk_size(queries, 8.0 * static_cast<double>(items), tile_rows, threads);
  }

  void tile(std::int64_t query, int rows, std::int64_t first, std::int64_t count, float* out,
            std::int64_t stride) const override {
    for (int row = 0; row < rows; ++row) {
      std::copy_n(scores_ + (query + row) * n_items + first, count, out + row * stride);
    }
  }

  void cells(std::int64_t query, const std::int32_t* codes, std::int64_t n,
             float* out) const override {
    for (std::int64_t j = 0; j < n; ++j) out[j] = scores_[query * n_items + codes[j]];
  }

 private:
  const float* scores_;
};

}  // namespace

template <class T>
std::unique_ptr<Scores<T>> factor_scores(const T* queries, std::int64_t n_queries, const T* items,
                                         std::int64_t n_items, std::int64_t f, int threads,
                                         const Poll& poll) {
  if (n_queries <= kFewQueries) {
    return std::make_unique<DirectFactorScores<T>>(queries, n_queries, items, n_items, f, threads);
  }
  return std::make_unique<PackedFactorScores<T>>(queries, n_queries, items, n_items, f, threads,
                                                 poll);
}

std::unique_ptr<Scores<float>> dense_scores(const float* scores, std::int64_t n_queries,
                                            std::int64_t n_items, int threads) {
  return std::make_unique<DenseScores>(scores, n_queries, n_items, threads);
}

template <class T>
void score_pairs(const T* queries, const T* items, std::int64_t f, const Rows& cells, float* out,
                 int threads, const Poll& poll) {
  const auto& kernels = score_kernels<T>();
  constexpr std::int64_t kTogether = 64;
  parallel_for((cells.n_rows + kTogether - 1) / kTogether, threads,
               [&](std::int64_t chunk, int) {
                 std::vector<T> scores;
                 const auto end = std::min(cells.n_rows, (chunk + 1) * kTogether);
                 for (auto row = chunk * kTogether; row < end; ++row) {
                   const auto codes = cells[row];
                   scores.resize(codes.size());
                   kernels.dots(queries + row * f, items, codes.data(),
                                static_cast<std::int64_t>(codes.size()), f, scores.data());
                   std::transform(scores.begin(), scores.end(),
                                  out + (cells.indptr[row] - cells.indptr[0]),
                                  [](T score) { return static_cast<float>(score); });
                 }
               },
               poll);
}

template std::unique_ptr<Scores<float>> factor_scores(const float*, std::int64_t, const float*,
                                                      std::int64_t, std::int64_t, int, const Poll&);
template std::unique_ptr<Scores<double>> factor_scores(const double*, std::int64_t, const double*,
                                                       std::int64_t, std::int64_t, int,
                                                       const Poll&);
template void score_pairs(const float*, const float*, std::int64_t, const Rows&, float*, int,
                          const Poll&);
template void score_pairs(const double*, const double*, std::int64_t, const Rows&, float*, int,
                          const Poll&);

}  // namespace penchant
