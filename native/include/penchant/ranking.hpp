// Learning to rank by stochastic gradient descent with the WARP, k-OS WARP, BPR and logistic
// losses, over vectors that are sums of the vectors of features (Kula 2015, "Metadata embeddings").
//
// An epoch visits the examples in a random order, in batches. (Under the logistic loss a like
// stands for several steps, its own and those of sampled negatives, which the order mixes all.)
// Gradients of a batch are computed at the vectors at its beginning; then every feature applies its
// steps in the order of the examples. So the result is the same on any number of threads, and a
// batch of one is sequential descent.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"

namespace penchant {

enum class RankingLoss { warp, bpr, logistic, k_os_warp };

/// The tables of users or of items, updated in place. Rows of `vectors`, `squares` and `steps` have
/// `stride` floats, one row per feature: the factors, the bias, zeros (`squares`: ones).
struct RankingSide {
  float* vectors = nullptr;
  float* squares = nullptr;        ///< sums of squared gradients of AdaGrad or AdaDelta
  float* steps = nullptr;          ///< sums of squared steps of AdaDelta; null: AdaGrad
  Rows features = {};              ///< of each row; none: each row has one feature, its own
  const float* weights = nullptr;  ///< of the entries of `features`
  float regularization = 0;        ///< L2, applied to the rows that an example updates

  std::int64_t n_features = 0;
};

/// Codes of users and items with weights, negative for dislikes.
struct Examples {
  const std::int32_t* users;
  const std::int32_t* items;
  const float* weights;
  std::int64_t n;
};

/// The settings of an epoch.
struct RankingSettings {
  RankingLoss loss;
  std::int64_t factors, stride;
  float learning_rate, rho, epsilon;
  std::int64_t max_sampled;  ///< negatives tried per example
  std::int64_t negatives;    ///< logistic: items drawn for each like, beside the dislikes
  std::int64_t k, n;         ///< k-OS: the k-th best of n likes
  std::int64_t batch;        ///< examples per batch
  std::uint64_t seed;        ///< of this epoch
  bool hogwild;              ///< threads update without synchronization (Niu et al. 2011)
};

/// The steps that an epoch takes for an example: under the logistic loss, one more for each
/// negative.
inline std::int64_t steps_per_example(const RankingSettings& settings) {
  return settings.loss == RankingLoss::logistic ? 1 + settings.negatives : 1;
}

/// How vectors of new people are trained.
struct RankingFoldIn {
  float regularization;  ///< L2
  bool adadelta;         ///< AdaDelta, else AdaGrad
  std::int64_t passes;   ///< epochs
};

/// The items that negatives are drawn from; repeated items are drawn more often.
struct Pool {
  const std::int32_t* items;
  std::int64_t n;
};

/// Returns the number that strides must be a multiple of, on the instruction set in use.
std::int64_t ranking_granule();

/// Trains one epoch over the examples; `likes` holds each user's liked items.
///
/// Returns the sum of the losses of the examples, each at the vectors of its gradient.
double ranking_epoch(const Examples& examples, const Rows& likes, const Pool& pool,
                     const RankingSide& users, const RankingSide& items,
                     const RankingSettings& settings, int threads, const Poll& poll = {});

/// Trains vectors of new people with the vectors of items (row-major, one per item) fixed.
///
/// Row r of `out`, stride floats, holds the initial vector and takes the steps of `passes` epochs
/// over history r. A row's result does not depend on other rows.
void ranking_fold_in(const Rows& histories, const float* weights, const Pool& pool,
                     const float* items, const RankingFoldIn& fold_in,
                     const RankingSettings& settings, float* out, int threads,
                     const Poll& poll = {});

}  // namespace penchant
