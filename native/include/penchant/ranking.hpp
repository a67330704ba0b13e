// Learning to rank by stochastic gradients: WARP, k-OS WARP, BPR and logistic loss over vectors
// that are sums of features' vectors (Kula 2015, "Metadata embeddings").
//
// An epoch goes through the examples in a random order, a batch at a time. For each example of a
// batch the gradient is taken at the vectors as they are when the batch begins; then every
// feature takes its steps, in the order of the examples. So the result is the same on any number
// of threads, and a batch of one is plain sequential descent.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"

namespace penchant {

enum class RankingLoss { warp, bpr, logistic, k_os_warp };

/// What is learned of users or of items. Rows of `vectors`, `squares` and `steps` are `stride`
/// floats, one a feature: the factors, the bias, zeros (`squares`: ones).
struct RankingSide {
  float* vectors = nullptr;
  float* squares = nullptr;        ///< AdaGrad's and AdaDelta's sums of squared gradients
  float* steps = nullptr;          ///< AdaDelta's sums of squared steps; null: AdaGrad
  Rows features = {};              ///< of each row; none: a row is its own only feature
  const float* weights = nullptr;  ///< of the entries of `features`
  float regularization = 0;        ///< L2, for what an example touches

  std::int64_t n_features = 0;
};

/// Who did what: users' and items' codes and weights, negative for dislikes.
struct Examples {
  const std::int32_t* users;
  const std::int32_t* items;
  const float* weights;
  std::int64_t n;
};

struct RankingSettings {
  RankingLoss loss;
  std::int64_t factors, stride;
  float learning_rate, rho, epsilon;
  std::int64_t max_sampled;  ///< negatives tried for an example
  std::int64_t k, n;         ///< k-OS: the k-th best of n likes
  std::int64_t batch;        ///< examples
  std::uint64_t seed;        ///< of this epoch
  bool hogwild;              ///< threads step at once, over each other (Niu et al. 2011)
};

/// How vectors of new people are trained.
struct RankingFoldIn {
  float regularization;  ///< L2
  bool adadelta;         ///< AdaDelta, else AdaGrad
  std::int64_t passes;   ///< epochs
};

/// Items that negatives are drawn from; one may be there several times.
struct Pool {
  const std::int32_t* items;
  std::int64_t n;
};

/// Rows of vectors are whole vectors of the instruction set: stride is a multiple of this.
std::int64_t ranking_granule();

/// Goes once through the examples; `likes` holds each user's liked items. Returns the sum of the
/// examples' losses, each at the vectors that its gradient was taken at.
double ranking_epoch(const Examples& examples, const Rows& likes, const Pool& pool,
                     const RankingSide& users, const RankingSide& items,
                     const RankingSettings& settings, int threads, const Poll& poll = {});

/// Vectors for people never seen, the items' vectors (row-major, one an item) held: row r of `out`
/// (stride floats, zeros or what is known of the person) takes the steps of `passes` epochs over
/// its own history. A row's result does not depend on other rows.
void ranking_fold_in(const Rows& histories, const float* weights, const Pool& pool,
                     const float* items, const RankingFoldIn& fold_in,
                     const RankingSettings& settings, float* out, int threads,
                     const Poll& poll = {});

}  // namespace penchant
