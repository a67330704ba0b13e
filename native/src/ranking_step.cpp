#include "ranking_step.hpp"

#include <algorithm>
#include <cmath>

namespace penchant {
namespace {

constexpr float kLargestScale = 10.0F;  // of WARP: limits the effect of rare outliers
constexpr std::int64_t kAhead = 4;      // items that WARP draws (and prefetches) ahead
constexpr int kTries = 64;              // for a negative; a user who likes all items has none

/// Whether an item is among rising codes.
bool holds(std::span<const std::int32_t> rising, std::int32_t item) {
  const std::int32_t* at = rising.data();
  auto n = rising.size();
  if (n == 0) return false;
  while (n > 1) {  // without branches, since they cannot be predicted
    const auto half = n / 2;
    at += at[half - 1] < item ? half : 0;
    n -= half;
  }
  return *at == item;
}

/// Computes log(1 + exp(x)) without overflow.
float softplus(float x) { return std::max(x, 0.0F) + std::log1p(std::exp(-std::abs(x))); }

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

}  // namespace

Sampler::Sampler(const Vectors& items, const Pool& pool, const RankingSettings& settings)
    : items_(items),
      pool_(pool),
      settings_(settings),
      kernels_(ranking_kernels()),
      first_(make_buffer<float>(settings.stride)),
      second_(make_buffer<float>(settings.stride)),
      zeros_(make_buffer<float>(settings.stride)) {
  std::fill_n(zeros_.get(), settings.stride, 0.0F);
}

RankingStep Sampler::draw(std::int32_t item, float weight, std::span<const std::int32_t> likes,
                          const float* user, float bias, Stream& random, float* direction) {
  if (settings_.loss == RankingLoss::logistic) return logistic(item, weight, user, bias, direction);
  if (weight < 0) return disliked(item, -weight, likes, user, random, direction);
  if (settings_.loss == RankingLoss::k_os_warp) {
    return warp(kth_best(likes, user, random), weight, likes, user, random, direction);
  }
  const Scored liked = scored(item, user);
  return settings_.loss == RankingLoss::bpr ? bpr(liked, weight, likes, user, random, direction)
                                            : warp(liked, weight, likes, user, random, direction);
}

RankingStep Sampler::logistic(std::int32_t item, float weight, const float* user, float bias,
                              float* direction) {
  const float* vector = items_.at(item, first_.get());
  const float score = kernels_.dot(user, vector, settings_.stride) + bias;
  const float size = std::abs(weight);
  const float error = (weight > 0 ? 1.0F : 0.0F) - sigmoid(score);
  kernels_.difference(zeros_.get(), vector, settings_.stride, direction);
  direction[settings_.factors] = -1.0F;
  return {-1, item, -1, size * error, size * softplus(weight > 0 ? -score : score)};
}

RankingStep Sampler::bpr(Scored liked, float weight, std::span<const std::int32_t> likes,
                         const float* user, Stream& random, float* direction) {
  const std::int32_t item = other_than(likes, random);
  if (item < 0) return {};
  const float ahead =
      liked.score - kernels_.dot(user, items_.at(item, second_.get()), settings_.stride);
  return pair(liked, {item}, weight * sigmoid(-ahead), weight * softplus(-ahead), direction);
}

RankingStep Sampler::draw_negative(float weight, std::span<const std::int32_t> likes,
                                   const float* user, float bias, Stream& random,
                                   float* direction) {
  if (weight < 0) return {};
  const std::int32_t item = other_than(likes, random);
  return item < 0 ? RankingStep{} : logistic(item, -1.0F, user, bias, direction);
}

RankingStep Sampler::warp(Scored liked, float weight, std::span<const std::int32_t> likes,
                          const float* user, Stream& random, float* direction) {
  std::int32_t drawn[kAhead];
  const auto draw = [&](std::int64_t number) {
    const std::int32_t item = pool_.items[random.below(pool_.n)];
    items_.prefetch(item);
    drawn[number % kAhead] = item;
  };
  for (std::int64_t number = 0; number < kAhead; ++number) draw(number);
  for (std::int64_t sampled = 1; sampled <= settings_.max_sampled; ++sampled) {
    const std::int32_t item = drawn[(sampled - 1) % kAhead];
    draw(sampled - 1 + kAhead);
    const float score = kernels_.dot(user, items_.at(item, second_.get()), settings_.stride);
    if (!(score > liked.score - 1.0F) || holds(likes, item)) continue;
    const std::int64_t whole_rank = (pool_.n - 1) / sampled;
    const auto rank = static_cast<float>(whole_rank);
    const float scale = std::min(weight * std::log(std::max(rank, 1.0F)), kLargestScale);
    return pair(liked, {item}, scale, scale * (1.0F - liked.score + score), direction);
  }
  return {};
}

RankingStep Sampler::disliked(std::int32_t item, float weight, std::span<const std::int32_t> likes,
                              const float* user, Stream& random, float* direction) {
  if (likes.empty()) return {};
  const Scored liked =
      scored(likes[static_cast<std::size_t>(random.below(std::ssize(likes)))], user);
  const float ahead =
      liked.score - kernels_.dot(user, items_.at(item, second_.get()), settings_.stride);
  if (settings_.loss == RankingLoss::bpr) {
    return pair(liked, {item}, weight * sigmoid(-ahead), weight * softplus(-ahead), direction);
  }
  if (!(ahead < 1.0F)) return {};
  const float scale = std::min(weight, kLargestScale);
  return pair(liked, {item}, scale, scale * (1.0F - ahead), direction);
}

/// Draws an item that is not among the likes; −1: there seems to be none.
std::int32_t Sampler::other_than(std::span<const std::int32_t> likes, Stream& random) {
  for (int tried = 0; tried < kTries; ++tried) {
    const std::int32_t item = pool_.items[random.below(pool_.n)];
    if (!holds(likes, item)) return item;
  }
  return -1;
}

/// Scores an item; its vector stays in first_ if it is computed.
Sampler::Scored Sampler::scored(std::int32_t item, const float* user) {
  return {item, kernels_.dot(user, items_.at(item, first_.get()), settings_.stride)};
}

/// Returns the k-th best of n likes drawn with replacement (Weston, Yee & Weiss 2013, section 3).
Sampler::Scored Sampler::kth_best(std::span<const std::int32_t> likes, const float* user,
                                  Stream& random) {
  const auto n = std::min<std::int64_t>(settings_.n, std::ssize(likes));
  sampled_.clear();
  for (std::int64_t j = 0; j < n; ++j) {
    sampled_.push_back(
        scored(likes[static_cast<std::size_t>(random.below(std::ssize(likes)))], user));
  }
  const auto kth = sampled_.begin() + (std::min(settings_.k, n) - 1);
  std::nth_element(sampled_.begin(), kth, sampled_.end(), [](const Scored& a, const Scored& b) {
    return a.score != b.score ? a.score > b.score : a.item < b.item;
  });
  return scored(kth->item, user);
}

/// Makes the step of a pair. If vectors are computed, first_ and second_ hold those of both items.
RankingStep Sampler::pair(Scored liked, Scored other, float scale, float loss, float* direction) {
  const auto vector = [&](std::int32_t item, const Buffer<float>& computed) {
    return items_.is_computed() ? computed.get() : items_.at(item, nullptr);
  };
  kernels_.difference(vector(other.item, second_), vector(liked.item, first_), settings_.stride,
                      direction);
  direction[settings_.factors] = 0.0F;  // a user's bias does not order items
  return {-1, liked.item, other.item, scale, loss};
}

}  // namespace penchant
