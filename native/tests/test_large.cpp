// More than 2^31 entries: rows beyond give the same bits as rows at the beginning.
#include <tuple>

#include "penchant/metrics.hpp"
#include "penchant/ranks.hpp"
#include "penchant/sparse_product.hpp"
#include "penchant/topk.hpp"
#include "penchant/transpose.hpp"
#include "scoring.hpp"
#include "solving.hpp"
#include "sparse.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

/// Places across the largest int32, across the largest uint32, and beyond both.
constexpr std::int64_t kBegins[] = {(std::int64_t{1} << 31) - 40, (std::int64_t{1} << 32) - 40,
                                    (std::int64_t{1} << 32) + 12345};

/// Lists with their first entry at `begin`.
class Far {
 public:
  Far(const Lists& lists, std::int64_t begin)
      : n_(begin + static_cast<std::int64_t>(lists.indices.size())),
        indptr_(lists.indptr),
        indices_(n_, begin, lists.indices) {
    for (auto& pointer : indptr_) pointer += begin;
  }

  explicit operator bool() const { return static_cast<bool>(indices_); }
  Rows view() const {
    return {indptr_.data(), indices_.data(), static_cast<std::int64_t>(indptr_.size()) - 1, n_};
  }
  std::int64_t n() const { return n_; }

 private:
  std::int64_t n_;
  std::vector<std::int64_t> indptr_;
  Sparse<std::int32_t> indices_;
};

/// Calls body(far lists, begin) for every place, where the system provides the address space.
template <class Body>
void far_away(const Lists& lists, const Body& body) {
  for (const auto begin : kBegins) {
    const Far far(lists, begin);
    if (far) body(far, begin);
  }
}

template <class T>
void check_half_steps() {
  Random random(11);
  const std::int64_t n_items = 50, f = 9;
  auto problem = random_problem<T>(random_lists(40, n_items, 0.2, random), n_items, f, random);
  far_away(problem.lists, [&](const Far& far, std::int64_t begin) {
    const Sparse<float> confidence_delta(far.n(), begin, problem.confidence_delta);
    if (!confidence_delta) return;
    const WeightedRows rows{far.view().indptr, far.view().indices, confidence_delta.data(),
                            problem.n_rows()};
    for (const Solver solver : {Solver::exact, Solver::cg}) {
      auto near = problem;
      near.solver = solver;
      Padded<T> X(near.X, f), Y(near.Y, f), folded(near.X, f);
      const Padded<T> fixed(near.Y, f);
      with_objective(near, [&](const Spectrum<T>& spectrum, const RowObjective& objective) {
        half_step<T>(rows, spectrum, objective, Y.view(), X.view(), 2);
        fold_in<T>(rows, spectrum, objective, fixed.view(), folded.view(), 2);
      });
      auto nearby = near;
      fold(nearby, 2);
      solve(near, 2);
      CHECK(X.compact() == near.X && folded.compact() == nearby.X);
      const Padded<T> x(near.X, f), y(near.Y, f);
      CHECK_EQUAL(observed_loss<T>(rows, x.view(), y.view(), near.unobserved_weight, 2),
                  loss_of(near, 2));
    }
  });
}

}  // namespace

TEST_BOTH(far_rows_are_solved_alike, check_half_steps)

TEST(factors_may_be_as_many) {
  Random random(12);
  const std::int64_t n_items = 60, f = 16;
  auto problem = random_problem<float>(random_lists(20, n_items, 0.3, random), n_items, f, random);
  const Padded<float> X(problem.X, f), Y(problem.Y, f);
  const auto first = (std::int64_t{1} << 32) / Y.stride - 7;  // the last ones lie beyond 2^32
  const Sparse<float> far((first + n_items) * Y.stride, first * Y.stride, Y.data);
  if (!far) return;
  auto lists = problem.lists;
  for (auto& item : lists.indices) item += static_cast<std::int32_t>(first);
  const WeightedRows rows{lists.indptr.data(), lists.indices.data(),
                          problem.confidence_delta.data(), problem.n_rows()};
  const Factors<const float> factors{far.data(), first + n_items, f, Y.stride};
  CHECK_EQUAL(observed_loss<float>(rows, X.view(), factors, 1, 2), loss_of(problem, 2));
}

TEST(far_rows_are_turned_alike) {
  Random random(13);
  const auto lists = random_lists(300, 40, 0.3, random);
  const auto size = lists.indices.size();
  const auto values = random.numbers<float>(static_cast<std::int64_t>(size));
  const auto turned = [&](const Rows& rows, const float* from) {
    Lists out;
    out.indptr.resize(41);
    out.indices.resize(size);
    std::vector<float> moved(size);
    transpose(rows, from, 40, out.indptr.data(), out.indices.data(), moved.data(), 3, {});
    return std::tuple(out.indptr, out.indices, moved);
  };
  const auto near = turned(lists.view(), values.data());
  far_away(lists, [&](const Far& far, std::int64_t begin) {
    const Sparse<float> moved(far.n(), begin, values);
    if (moved) CHECK(turned(far.view(), moved.data()) == near);
  });
}

TEST(far_rows_are_multiplied_alike) {
  Random random(15);
  const std::int64_t n = 40;
  const auto lists = random_lists(n, n, 0.3, random);
  const auto values = random.numbers<float>(static_cast<std::int64_t>(lists.indices.size()));
  const auto squared = [&](const Rows& rows, const float* from) {
    std::vector<float> out(static_cast<std::size_t>(n * n));
    const SparseMatrix matrix{rows, from, n};
    sparse_product(matrix, matrix, out.data(), 3, {});
    return out;
  };
  const auto near = squared(lists.view(), values.data());
  far_away(lists, [&](const Far& far, std::int64_t begin) {
    const Sparse<float> moved(far.n(), begin, values);
    if (moved) CHECK(squared(far.view(), moved.data()) == near);
  });
}

TEST(far_lists_are_left_out_ranked_and_counted_alike) {
  Random random(14);
  const std::int64_t n = 30, n_items = 80, k = 10;
  const auto scored = tied_factors<float>(n, n_items, 4, 2, random);
  const auto lists = random_lists(n, n_items, 0.3, random);
  const auto size = lists.indices.size(), cells = static_cast<std::size_t>(n * k);
  const auto answers = [&](const Rows& rows) {
    std::vector<std::int32_t> codes(cells, -1), counts(n), above(size), tied(size), hits(n), at(n);
    std::vector<std::int64_t> candidates(n);
    std::vector<float> best(cells), scores(size);
    std::vector<double> dcg(n), precisions(n);
    top_k(*scored.source, k, rows, {}, {codes.data(), best.data(), counts.data()}, 2, {});
    ranks(*scored.source, rows, {}, above.data(), tied.data(), candidates.data(), 2, {});
    score_pairs(scored.queries.data(), scored.items.data(), 4, rows, scores.data(), 2, {});
    ranking_gains(rows, rows, k, {hits.data(), at.data(), dcg.data(), precisions.data()}, 2, {});
    return std::tuple(codes, counts, best, above, tied, candidates, scores, hits, at, dcg,
                      precisions);
  };
  const auto near = answers(lists.view());
  far_away(lists, [&](const Far& far, std::int64_t) { CHECK(answers(far.view()) == near); });
}
