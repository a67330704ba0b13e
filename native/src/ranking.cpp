#include "penchant/ranking.hpp"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "penchant/lockstep.hpp"
#include "ranking_step.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kHogwildChunk = 1024;  // examples between two polls
constexpr std::int64_t kBlock = 64;           // examples whose order is computed together
constexpr std::int64_t kAhead = 4;            // examples between a prefetch and its use
constexpr std::int64_t kShare = 64;           // examples per batch that justify another thread

/// The state of an epoch. An example is processed in two halves, `gather` and `move`.
class Epoch {
 public:
  Epoch(const Examples& examples, const Rows& likes, const Pool& pool, const RankingSide& users,
        const RankingSide& items, const RankingSettings& settings, int workers)
      : examples_(examples),
        likes_(likes),
        settings_(settings),
        per_example_(steps_per_example(settings)),
        order_(examples.n * per_example_, settings.seed),
        users_(users, settings.stride),
        items_(items, settings.stride),
        move_user_(users, settings),
        move_item_(items, settings) {
    samplers_.reserve(static_cast<std::size_t>(workers));
    for (int worker = 0; worker < workers; ++worker) samplers_.emplace_back(items_, pool, settings);
  }

  /// Calls act(place, step) for a range of places of the order, prefetching the data it reads. A
  /// step is the number of an example times the steps per example, plus the number of a negative.
  template <class Act>
  void each_example(std::int64_t first, std::int64_t last, const Act& act) const {
    std::int64_t steps[kBlock];
    for (auto block = first; block < last; block += kBlock) {
      const auto n = std::min(kBlock, last - block);
      for (std::int64_t j = 0; j < n; ++j) steps[j] = order_[block + j];
      for (std::int64_t j = 0; j < n; ++j) prefetch_example(steps[j] / per_example_);
      for (std::int64_t j = 0; j < n; ++j) {
        if (j + kAhead < n) prefetch_vectors(steps[j + kAhead] / per_example_);
        act(block + j, steps[j]);
      }
    }
  }

  /// Computes a step at a place of the order; writes its direction and the user's vector.
  RankingStep gather(std::int64_t place, std::int64_t number, int worker, float* user,
                     float* direction) {
    const auto example = number / per_example_;
    const auto code = examples_.users[example];
    const float* vector = users_.at(code, user);
    if (vector != user) std::copy_n(vector, settings_.stride, user);
    const float bias = std::exchange(user[settings_.factors], 1.0F);
    Stream random(settings_.seed, static_cast<std::uint64_t>(place) + 1);
    auto& sampler = samplers_[static_cast<std::size_t>(worker)];
    const float weight = examples_.weights[example];
    auto step = number % per_example_ == 0
                    ? sampler.draw(examples_.items[example], weight, likes_[code], user, bias,
                                   random, direction)
                    : sampler.draw_negative(weight, likes_[code], user, bias, random, direction);
    if (step.positive >= 0) step.user = code;
    return step;
  }

  /// Prefetches the rows that `move` updates.
  void prefetch(const RankingStep& step, std::int32_t part, std::int32_t mask) const {
    if (step.user < 0) return;
    if ((step.user & mask) == part) users_.prefetch_all(step.user);
    if ((step.positive & mask) == part) items_.prefetch_all(step.positive);
    if (step.negative >= 0 && (step.negative & mask) == part) items_.prefetch_all(step.negative);
  }

  /// Updates those features of a step whose code is `part` under the mask.
  void move(const RankingStep& step, const float* user, const float* direction, std::int32_t part,
            std::int32_t mask) const {
    if (step.user < 0) return;
    const auto along = [&](const Vectors& side, const Descent& descend, std::int32_t code,
                           float scale, const float* gradient) {
      side.each_feature(code, [&](std::int32_t feature, float weight) {
        if ((feature & mask) == part) descend(feature, scale * weight, gradient);
      });
    };
    along(users_, move_user_, step.user, step.scale, direction);
    along(items_, move_item_, step.positive, -step.scale, user);
    if (step.negative >= 0) along(items_, move_item_, step.negative, step.scale, user);
  }

 private:
  void prefetch_example(std::int64_t example) const {
    __builtin_prefetch(examples_.users + example);
    __builtin_prefetch(examples_.items + example);
    __builtin_prefetch(examples_.weights + example);
  }

  void prefetch_vectors(std::int64_t example) const {
    users_.prefetch(examples_.users[example]);
    items_.prefetch(examples_.items[example]);
  }

  Examples examples_;
  Rows likes_;
  RankingSettings settings_;
  std::int64_t per_example_;
  Permutation order_;
  Vectors users_, items_;
  Descent move_user_, move_item_;
  std::vector<Sampler> samplers_;
};

/// Trains in batches: computes all gradients of a batch, then applies the steps of every feature.
double in_batches(Epoch& epoch, std::int64_t n_steps, const RankingSettings& settings, int threads,
                  const Poll& poll) {
  const auto batch = std::min(settings.batch, n_steps), stride = settings.stride;
  const auto n_batches = (n_steps + batch - 1) / batch;
  threads = static_cast<int>(std::clamp<std::int64_t>(batch / kShare, 1, threads));
  const std::int64_t n_chunks =
      threads > 1 ? 2 * static_cast<std::int64_t>(std::bit_ceil(static_cast<unsigned>(threads)))
                  : 1;
  const auto mask = static_cast<std::int32_t>(n_chunks - 1);
  const auto users = make_buffer<float>(batch * stride);
  const auto directions = make_buffer<float>(batch * stride);
  std::vector<RankingStep> steps(static_cast<std::size_t>(batch));
  double loss = 0;

  const auto body = [&](std::int64_t stage, std::int64_t chunk, int worker) {
    const auto first = stage / 2 * batch, size = std::min(batch, n_steps - first);
    if (stage % 2 == 0) {
      const auto begin = first + size * chunk / n_chunks;
      epoch.each_example(begin, first + size * (chunk + 1) / n_chunks,
                         [&](std::int64_t place, std::int64_t number) {
                           const auto j = place - first;
                           steps[static_cast<std::size_t>(j)] =
                               epoch.gather(place, number, worker, users.get() + j * stride,
                                            directions.get() + j * stride);
                         });
      return;
    }
    for (std::int64_t j = 0; j < size; ++j) {
      if (j + kAhead < size) {
        epoch.prefetch(steps[static_cast<std::size_t>(j + kAhead)],
                       static_cast<std::int32_t>(chunk), mask);
      }
      const auto& step = steps[static_cast<std::size_t>(j)];
      epoch.move(step, users.get() + j * stride, directions.get() + j * stride,
                 static_cast<std::int32_t>(chunk), mask);
      if (chunk == 0) loss += static_cast<double>(step.loss);
    }
  };
  in_lockstep(2 * n_batches, n_chunks, threads, body, poll);
  return loss;
}

/// Trains without synchronization: threads read and update the same rows at the same time.
///
/// These data races are intended: a lost or torn step is small beside the noise of sampling (Niu et
/// al. 2011), and atomic floats cannot be vectorized. The tests of this path use one thread under
/// the thread sanitizer (test_ranking.cpp).
double hogwild(Epoch& epoch, std::int64_t n_steps, const RankingSettings& settings, int threads,
               const Poll& poll) {
  const auto stride = settings.stride;
  const auto rows = make_buffer<float>(2 * stride * threads);
  const auto n_chunks = (n_steps + kHogwildChunk - 1) / kHogwildChunk;
  std::vector<double> losses(static_cast<std::size_t>(n_chunks), 0.0);
  const auto body = [&](std::int64_t chunk, int worker) {
    float* user = rows.get() + 2 * stride * worker;
    const auto end = std::min((chunk + 1) * kHogwildChunk, n_steps);
    const auto act = [&](std::int64_t place, std::int64_t number) {
      const auto step = epoch.gather(place, number, worker, user, user + stride);
      epoch.move(step, user, user + stride, 0, 0);
      losses[static_cast<std::size_t>(chunk)] += static_cast<double>(step.loss);
    };
    epoch.each_example(chunk * kHogwildChunk, end, act);
  };
  parallel_for(n_chunks, threads, body, poll);
  double loss = 0;
  for (const double chunk_loss : losses) loss += chunk_loss;
  return loss;
}

/// Returns the liked items of a history.
std::vector<std::int32_t> liked(std::span<const std::int32_t> items, const float* weights) {
  std::vector<std::int32_t> out;
  for (std::size_t j = 0; j < items.size(); ++j) {
    if (weights[j] > 0) out.push_back(items[j]);
  }
  return out;
}

}  // namespace

std::int64_t ranking_granule() { return ranking_kernels().granule; }

double ranking_epoch(const Examples& examples, const Rows& likes, const Pool& pool,
                     const RankingSide& users, const RankingSide& items,
                     const RankingSettings& settings, int threads, const Poll& poll) {
  if (examples.n == 0 || pool.n == 0) return 0;
  const int workers = std::max(threads, 1);
  Epoch epoch(examples, likes, pool, users, items, settings, workers);
  const auto run = settings.hogwild ? hogwild : in_batches;
  return run(epoch, examples.n * steps_per_example(settings), settings, workers, poll);
}

void ranking_fold_in(const Rows& histories, const float* weights, const Pool& pool,
                     const float* items, const RankingFoldIn& fold_in,
                     const RankingSettings& settings, float* out, int threads, const Poll& poll) {
  const auto stride = settings.stride, per_example = steps_per_example(settings);
  const auto body = [&](std::int64_t person, int) {
    const auto history = histories[person];
    const float* sizes = weights + (history.data() - histories.indices);
    const auto likes = liked(history, sizes);
    const auto n = std::ssize(history) * per_example;
    const auto rows = make_buffer<float>(4 * stride);
    float *user = rows.get(), *direction = user + stride, *squares = direction + stride;
    float *steps = squares + stride, *vector = out + person * stride;
    std::fill_n(squares, stride, fold_in.adadelta ? 0.0F : 1.0F);
    std::fill_n(steps, stride, 0.0F);

    RankingSide fixed;
    fixed.vectors = const_cast<float*>(items);  // read only: items are not updated here
    Sampler sampler(Vectors(fixed, stride), pool, settings);
    const Descent descend({vector,
                           squares,
                           fold_in.adadelta ? steps : nullptr,
                           {},
                           nullptr,
                           fold_in.regularization,
                           1},
                          settings);
    for (std::int64_t pass = 0; pass < fold_in.passes && pool.n > 0; ++pass) {
      const Permutation order(n, settings.seed + static_cast<std::uint64_t>(pass));
      for (std::int64_t place = 0; place < n; ++place) {
        const auto number = order[place];
        const auto entry = static_cast<std::size_t>(number / per_example);
        std::copy_n(vector, stride, user);
        const float bias = std::exchange(user[settings.factors], 1.0F);
        Stream random(settings.seed, static_cast<std::uint64_t>(pass * n + place) + 1);
        const auto step =
            number % per_example == 0
                ? sampler.draw(history[entry], sizes[entry], likes, user, bias, random, direction)
                : sampler.draw_negative(sizes[entry], likes, user, bias, random, direction);
        if (step.positive >= 0) descend(0, step.scale, direction);
      }
    }
  };
  parallel_for(histories.n_rows, threads, body, poll);
}

}  // namespace penchant
