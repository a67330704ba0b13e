// One example of learning to rank: the items it compares, its loss and gradient, and the updates of
// the features of its user and items.
#pragma once

#include <span>
#include <vector>

#include "penchant/memory.hpp"
#include "penchant/random.hpp"
#include "penchant/ranking.hpp"
#include "ranking_kernels.hpp"

namespace penchant {

/// The step of an example. Its gradient is scale · direction for the user's vector, −scale · user
/// for the positive item's and scale · user for the negative item's. A code of −1: there is none.
struct RankingStep {
  std::int32_t user = -1, positive = -1, negative = -1;
  float scale = 0, loss = 0;
};

inline void prefetch_row(const float* row, std::int64_t stride) {
  for (std::int64_t k = 0; k < stride; k += 16) __builtin_prefetch(row + k);
}

/// The vectors of users or items: rows of the table, or sums of rows if there are features.
class Vectors {
 public:
  Vectors(const RankingSide& side, std::int64_t stride) : side_(side), stride_(stride) {}

  /// Returns the vector of `code`, which is computed in `scratch` if there are features.
  const float* at(std::int32_t code, float* scratch) const {
    if (!side_.features) return side_.vectors + code * stride_;
    const auto features = side_.features[code];
    ranking_kernels().combine(side_.vectors, stride_, features.data(), weights_of(features),
                              std::ssize(features), scratch);
    return scratch;
  }

  /// Whether vectors are computed rather than read in place.
  bool is_computed() const { return static_cast<bool>(side_.features); }

  void prefetch(std::int32_t code) const {
    if (!is_computed()) prefetch_row(side_.vectors + code * stride_, stride_);
  }

  /// Prefetches all rows that a step updates.
  void prefetch_all(std::int32_t code) const {
    if (is_computed()) return;
    prefetch_row(side_.vectors + code * stride_, stride_);
    prefetch_row(side_.squares + code * stride_, stride_);
  }

  /// Calls act(feature, weight) for every feature of a row.
  template <class Act>
  void each_feature(std::int32_t code, const Act& act) const {
    if (!side_.features) return act(code, 1.0F);
    const auto features = side_.features[code];
    const float* weights = weights_of(features);
    for (std::size_t j = 0; j < features.size(); ++j) act(features[j], weights[j]);
  }

 private:
  const float* weights_of(std::span<const std::int32_t> features) const {
    return side_.weights + (features.data() - side_.features.indices);
  }

  RankingSide side_;
  std::int64_t stride_;
};

/// Draws the items that examples are compared with; one per thread.
class Sampler {
 public:
  Sampler(const Vectors& items, const Pool& pool, const RankingSettings& settings);

  /// Computes the step of an example, except for the code of the user, and writes `direction`.
  ///
  /// `user` is the user's vector with 1 in place of the bias, which is passed as `bias`; `likes`
  /// are the user's liked items.
  RankingStep draw(std::int32_t item, float weight, std::span<const std::int32_t> likes,
                   const float* user, float bias, Stream& random, float* direction);

  /// Computes the step of a negative of the logistic loss, a drawn item with weight 1; none for a
  /// dislike. Arguments are as for `draw`.
  RankingStep draw_negative(float weight, std::span<const std::int32_t> likes, const float* user,
                            float bias, Stream& random, float* direction);

 private:
  struct Scored {
    std::int32_t item = -1;
    float score = 0;
  };

  RankingStep logistic(std::int32_t item, float weight, const float* user, float bias,
                       float* direction);
  RankingStep bpr(Scored liked, float weight, std::span<const std::int32_t> likes,
                  const float* user, Stream& random, float* direction);
  RankingStep warp(Scored liked, float weight, std::span<const std::int32_t> likes,
                   const float* user, Stream& random, float* direction);
  RankingStep disliked(std::int32_t item, float weight, std::span<const std::int32_t> likes,
                       const float* user, Stream& random, float* direction);
  std::int32_t other_than(std::span<const std::int32_t> likes, Stream& random);
  Scored scored(std::int32_t item, const float* user);
  Scored kth_best(std::span<const std::int32_t> likes, const float* user, Stream& random);
  RankingStep pair(Scored liked, Scored other, float scale, float loss, float* direction);

  Vectors items_;
  Pool pool_;
  RankingSettings settings_;
  const RankingKernels& kernels_;
  Buffer<float> first_, second_, zeros_;
  std::vector<Scored> sampled_;
};

/// Updates one row against the gradient scale · direction.
class Descent {
 public:
  Descent(const RankingSide& side, const RankingSettings& settings)
      : side_(side), settings_(settings), kernels_(ranking_kernels()) {}

  void operator()(std::int32_t feature, float scale, const float* direction) const {
    const auto& s = settings_;
    const auto row = feature * s.stride;
    if (side_.steps == nullptr) {
      kernels_.adagrad(side_.vectors + row, side_.squares + row, direction, scale, s.learning_rate,
                       side_.regularization, s.stride);
    } else {
      kernels_.adadelta(side_.vectors + row, side_.squares + row, side_.steps + row, direction,
                        scale, s.rho, s.epsilon, side_.regularization, s.stride);
    }
  }

 private:
  RankingSide side_;
  RankingSettings settings_;
  const RankingKernels& kernels_;
};

}  // namespace penchant
