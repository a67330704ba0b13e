// scores.hpp: a cell has the same score in tiles and alone.
#include <cstring>

#include "penchant/memory.hpp"
#include "penchant/scores.hpp"
#include "problems.hpp"
#include "scoring.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

/// Compares every tile, on memory of the exact size, with single cells.
template <class T>
void check_tiles(const Scores<T>& scores) {
  const auto stride = scores.block_items;
  std::vector<std::int32_t> codes;
  for (std::int64_t i = 0; i < scores.n_items; ++i) codes.push_back(static_cast<std::int32_t>(i));
  for (std::int64_t query = 0; query < scores.n_queries; query += scores.tile_rows) {
    const int rows =
        static_cast<int>(std::min<std::int64_t>(scores.tile_rows, scores.n_queries - query));
    for (std::int64_t first = 0; first < scores.n_items; first += stride) {
      const auto count = std::min(stride, scores.n_items - first);
      auto tile = make_buffer<T>(rows * stride);
      scores.tile(query, rows, first, count, tile.get(), stride);
      for (int row = 0; row < rows; ++row) {
        auto cells = make_buffer<T>(count);
        scores.cells(query + row, codes.data() + first, count, cells.get());
        CHECK(std::memcmp(cells.get(), tile.get() + row * stride,
                          static_cast<std::size_t>(count) * sizeof(T)) == 0);
      }
    }
  }
}

template <class T>
void check_factors() {
  Random random(1);
  for (const std::int64_t n_queries :
       {0, 1, 4, 5, 7, 25}) {  // few: items as they are; more: packed
    for (const std::int64_t n_items : {0, 1, 47, 48, 700}) {
      for (const std::int64_t f : {1, 3, 40}) {
        const auto queries = random.numbers<T>(n_queries * f),
                   items = random.numbers<T>(n_items * f);
        check_tiles(*factor_scores(queries.data(), n_queries, items.data(), n_items, f, 2, {}));
      }
    }
  }
}

template <class T>
void check_cell_scores() {
  Random random(2);
  const std::int64_t n = 150, n_items = 60, f = 7;
  const auto scored = tied_factors<T>(n, n_items, f, 2, random);
  const auto cells = random_lists(n, n_items, 0.2, random);
  for (const int threads : thread_counts) {
    std::vector<float> out(cells.indices.size(), -99);
    score_pairs(scored.queries.data(), scored.items.data(), f, cells.view(), out.data(), threads,
                {});
    for (std::int64_t q = 0; q < n; ++q)
      for (auto e = cells.indptr[q]; e < cells.indptr[q + 1]; ++e)
        CHECK_EQUAL(out[e], static_cast<float>(scored.at(q, cells.indices[e])));
    CHECK_THROWS(Stopped, score_pairs(scored.queries.data(), scored.items.data(), f, cells.view(),
                                      out.data(), 1, stop_at_once));
  }
}

}  // namespace

TEST_BOTH(tiles_of_factors_are_their_cells, check_factors)

TEST(tiles_of_a_table_are_its_cells) {
  Random random(3);
  for (const std::int64_t n_items : {0, 1, 2048, 2049}) {
    const auto scored = special_table(9, n_items, 2, random);
    check_tiles(*scored.source);
  }
}

TEST_BOTH(single_cells_are_the_scores, check_cell_scores)

TEST(packing_can_be_stopped) {
  Random random(4);
  const auto queries = random.numbers<float>(10 * 3), items = random.numbers<float>(500 * 3);
  CHECK_THROWS(Stopped, factor_scores(queries.data(), 10, items.data(), 500, 3, 1, stop_at_once));
}
