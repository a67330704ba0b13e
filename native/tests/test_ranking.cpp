// ranking.hpp: equal results on any number of threads, falling losses, and interruption.
#include <algorithm>
#include <numeric>

#include "penchant/ranking.hpp"
#include "problems.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

constexpr std::int64_t kUsers = 60, kItems = 45, kFactors = 7, kTags = 5;

struct Side {
  Side(std::int64_t n, std::int64_t stride, Random& random, bool adadelta)
      : vectors(random.numbers<float>(n * stride)),
        squares(vectors.size(), adadelta ? 0.0F : 1.0F),
        steps(adadelta ? vectors.size() : 0, 0.0F) {
    for (std::size_t at = 0; at < vectors.size(); ++at) {
      const auto k = static_cast<std::int64_t>(at) % stride;
      if (k > kFactors) vectors[at] = 0.0F;
    }
  }

  RankingSide view() {
    RankingSide out;
    out.vectors = vectors.data();
    out.squares = squares.data();
    out.steps = steps.empty() ? nullptr : steps.data();
    out.features = features.view().n_rows > 0 ? features.view() : Rows{};
    out.weights = weights.data();
    out.regularization = 0.001F;
    out.n_features = kItems;
    return out;
  }

  std::vector<float> vectors, squares, steps, weights;
  Lists features;
};

/// Users with likes and dislikes and initial vectors; items with or without tags.
struct Problem {
  explicit Problem(bool tags, bool adadelta)
      : random(5),
        stride((kFactors / ranking_granule() + 1) * ranking_granule()),
        likes(random_lists(kUsers, kItems, 0.2, random)),
        users(kUsers, stride, random, adadelta),
        items(kItems + (tags ? kTags : 0), stride, random, adadelta),
        pool(static_cast<std::size_t>(kItems)) {
    std::iota(pool.begin(), pool.end(), 0);
    for (std::int64_t u = 0; u < kUsers; ++u) {
      for (const auto item : likes.row(u)) add(u, item, 1.5F);
      const auto row = likes.row(u);
      const auto item = static_cast<std::int32_t>(random.below(kItems));
      if (std::find(row.begin(), row.end(), item) == row.end()) add(u, item, -0.5F);
    }
    for (std::int32_t i = 0; tags && i < kItems; ++i) {
      items.features.add(
          {static_cast<std::int32_t>(i % kTags), static_cast<std::int32_t>(kTags + i)});
      items.weights.insert(items.weights.end(), {0.5F, 1.0F});
    }
  }

  void add(std::int64_t user, std::int32_t item, float weight) {
    who.push_back(static_cast<std::int32_t>(user));
    what.push_back(item);
    weights.push_back(weight);
  }

  RankingSettings settings(RankingLoss loss) const {
    return {loss, kFactors, stride, 0.05F, 0.95F, 1e-6F, 10, 3, 2, 4, 256, 77, false};
  }

  double run(const RankingSettings& how, int threads, const Poll& poll = {}) {
    return ranking_epoch(
        {who.data(), what.data(), weights.data(), static_cast<std::int64_t>(who.size())},
        likes.view(), {pool.data(), kItems}, users.view(), items.view(), how, threads, poll);
  }

  bool finite() const {
    const auto all = [](const std::vector<float>& v) {
      return std::all_of(v.begin(), v.end(), [](float x) { return std::isfinite(x); });
    };
    return all(users.vectors) && all(items.vectors);
  }

  Random random;
  std::int64_t stride;
  Lists likes;
  Side users, items;
  std::vector<std::int32_t> who, what, pool;
  std::vector<float> weights;
};

constexpr RankingLoss kLosses[] = {RankingLoss::warp, RankingLoss::bpr, RankingLoss::logistic,
                                   RankingLoss::k_os_warp};

template <class Check>
void on_every_problem(const Check& check) {
  on_every_isa([&] {
    for (const auto loss : kLosses)
      for (const bool tags : {false, true})
        for (const bool adadelta : {false, true}) check(loss, tags, adadelta);
  });
}

}  // namespace

TEST(an_epoch_does_not_depend_on_threads) {
  on_every_problem([](RankingLoss loss, bool tags, bool adadelta) {
    Problem one(tags, adadelta);
    const double alone = one.run(one.settings(loss), 1);
    for (const int threads : thread_counts) {
      Problem other(tags, adadelta);
      CHECK_EQUAL(other.run(other.settings(loss), threads), alone);
      CHECK(other.users.vectors == one.users.vectors);
      CHECK(other.items.vectors == one.items.vectors);
      CHECK(other.items.squares == one.items.squares);
      CHECK(other.items.steps == one.items.steps);
    }
  });
}

TEST(epochs_lower_the_loss_and_leave_what_lies_beyond_the_factors_at_zero) {
  on_every_problem([](RankingLoss loss, bool tags, bool adadelta) {
    Problem problem(tags, adadelta);
    auto how = problem.settings(loss);
    how.batch = 16;
    const double first = problem.run(how, 2);
    double last = first;
    for (int epoch = 0; epoch < 40; ++epoch) {
      ++how.seed;
      last = problem.run(how, 2);
    }
    CHECK(last < 0.8 * first);
    CHECK(problem.finite());
    for (std::size_t at = 0; at < problem.users.vectors.size(); ++at) {
      if (static_cast<std::int64_t>(at) % problem.stride > kFactors)
        CHECK_EQUAL(problem.users.vectors[at], 0.0F);
    }
  });
}

TEST(threads_that_step_over_each_other_learn_too) {
#if defined(__SANITIZE_THREAD__)
  const int threads = 1;  // races are intended: see hogwild() in ranking.cpp
#else
  const int threads = 3;
#endif
  Problem problem(true, false);
  auto how = problem.settings(RankingLoss::warp);
  how.hogwild = true;
  const double first = problem.run(how, threads);
  for (int epoch = 0; epoch < 40; ++epoch) {
    ++how.seed;
    problem.run(how, threads);
  }
  CHECK(problem.finite());
  CHECK(problem.run(how, threads) < 0.8 * first);
}

TEST(people_are_folded_in_each_by_themselves) {
  on_every_isa([] {
    Problem problem(false, false);
    const auto rows = problem.likes.view();
    const std::vector<float> weights(problem.likes.indices.size(), 1.0F);
    const auto fold = [&](const Rows& histories, const float* sizes, int threads) {
      std::vector<float> out(static_cast<std::size_t>(histories.n_rows * problem.stride), 0.0F);
      ranking_fold_in(histories, sizes, {problem.pool.data(), kItems}, problem.items.vectors.data(),
                      {0.0F, false, 5}, problem.settings(RankingLoss::warp), out.data(), threads);
      return out;
    };
    const auto all = fold(rows, weights.data(), 1);
    CHECK(all == fold(rows, weights.data(), 3));
    const Rows last{rows.indptr + kUsers - 2, rows.indices, 1, rows.n_indices};
    const auto alone = fold(last, weights.data(), 1);
    CHECK(std::equal(alone.begin(), alone.end(), all.end() - 2 * problem.stride));
  });
}

TEST(an_epoch_can_be_stopped) {
  for (const bool hogwild : {false, true}) {
    Problem problem(false, false);
    auto how = problem.settings(RankingLoss::warp);
    how.hogwild = hogwild;
    CHECK_THROWS(Stopped, problem.run(how, 1, stop_at_once));
  }
}
