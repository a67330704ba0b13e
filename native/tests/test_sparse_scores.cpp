// sparse_scores.hpp: lists and ranks are those of the dense product.
#include "penchant/sparse_scores.hpp"

#include "matrices.hpp"
#include "penchant/ranks.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

struct Found {
  std::vector<std::int32_t> codes, counts;
  std::vector<float> scores;
  std::int64_t k;

  Found(std::int64_t n_queries, std::int64_t k)
      : codes(static_cast<std::size_t>(n_queries * k), -1),
        counts(static_cast<std::size_t>(n_queries), -1),
        scores(static_cast<std::size_t>(n_queries * k), 0.0F),
        k(k) {}

  TopKLists lists() { return {codes.data(), scores.data(), counts.data()}; }
  bool operator==(const Found&) const = default;
};

void check_lists(const Matrix& left, const Matrix& right, Random& random) {
  const auto m = left.lists.n_rows(), n = right.n_columns;
  const auto table = product_of(left.view(), right.view());
  auto nonzero = table;
  for (auto& score : nonzero) {
    if (score == 0.0F) score = -std::numeric_limits<float>::infinity();
  }
  const auto seen = random_lists(m, n, 0.3, random), only = random_lists(m, n, 0.4, random);
  for (const std::int64_t k : {std::int64_t{1}, std::int64_t{10}, n + 3}) {
    for (const Rows& exclude : {Rows{}, seen.view()}) {
      for (const Rows& allow : {Rows{}, only.view()}) {
        for (const bool without_zeros : {false, true}) {
          const auto& scores = without_zeros ? nonzero : table;
          Found expected(m, k);
          top_k(*dense_scores(scores.data(), m, n, 1), k, exclude, allow, expected.lists(), 1, {});
          for (const int threads : {1, 3}) {
            Found found(m, k);
            sparse_top_k(left.view(), right.view(), k, exclude, allow, without_zeros, found.lists(),
                         threads, {});
            CHECK(found == expected);
          }
        }
      }
    }
  }
}

}  // namespace

TEST(lists_are_those_of_the_dense_product) {
  on_every_isa([] {
    Random random(1);
    // sparse rows of many items, rows that are scanned, and a mostly nonzero matrix
    for (const auto& [m, n, chance] :
         {std::tuple{20, 500, 0.01}, {30, 80, 0.1}, {100, 130, 0.8}, {1, 1, 0.5}}) {
      const Matrix left(m, 20, 0.3, random), right(20, n, chance, random);
      check_lists(left, right, random);
    }
  });
}

TEST(ranks_are_those_of_the_dense_product) {
  Random random(2);
  const Matrix left(30, 20, 0.3, random), right(20, 60, 0.2, random);
  const auto table = product_of(left.view(), right.view());
  const auto targets = random_lists(30, 60, 0.2, random), seen = random_lists(30, 60, 0.3, random);
  const auto nnz = targets.indices.size();
  using Counts =
      std::tuple<std::vector<std::int32_t>, std::vector<std::int32_t>, std::vector<std::int64_t>>;
  const auto ranks_of = [&](const Scores<float>& scores, int threads) {
    Counts out{std::vector<std::int32_t>(nnz), std::vector<std::int32_t>(nnz),
               std::vector<std::int64_t>(30)};
    auto& [above, tied, candidates] = out;
    ranks(scores, targets.view(), seen.view(), above.data(), tied.data(), candidates.data(),
          threads, {});
    return out;
  };
  const auto expected = ranks_of(*dense_scores(table.data(), 30, 60, 1), 1);
  for (const int threads : thread_counts) {
    CHECK(ranks_of(*sparse_scores(left.view(), right.view()), threads) == expected);
  }
}

TEST(a_poll_that_throws_stops_it) {
  Random random(3);
  const Matrix X(300, 300, 0.1, random);
  Found found(300, 5);
  CHECK_THROWS(Stopped,
               sparse_top_k(X.view(), X.view(), 5, {}, {}, false, found.lists(), 1, stop_at_once));
}
