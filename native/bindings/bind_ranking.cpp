#include <stdexcept>

#include "bind_rows.hpp"
#include "penchant/ranking.hpp"

namespace penchant::bindings {
namespace {

using Table = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

/// As the settings come from penchant._kernels, in this order.
RankingSettings settings_of(const nb::tuple& from, std::int64_t stride) {
  return {static_cast<RankingLoss>(nb::cast<int>(from[0])),
          nb::cast<std::int64_t>(from[1]),
          stride,
          nb::cast<float>(from[2]),
          nb::cast<float>(from[3]),
          nb::cast<float>(from[4]),
          nb::cast<std::int64_t>(from[5]),
          nb::cast<std::int64_t>(from[6]),
          nb::cast<std::int64_t>(from[7]),
          nb::cast<std::int64_t>(from[8]),
          nb::cast<std::uint64_t>(from[9]),
          nb::cast<bool>(from[10])};
}

/// (vectors, squares, steps or None, features or None as (indptr, indices, weights), decay)
Learned learned_of(const nb::tuple& from) {
  const auto vectors = nb::cast<Table>(from[0]);
  Learned out;
  out.vectors = vectors.data();
  out.squares = nb::cast<Table>(from[1]).data();
  if (!from[2].is_none()) out.steps = nb::cast<Table>(from[2]).data();
  if (!from[3].is_none()) {
    const auto features = nb::cast<nb::tuple>(from[3]);
    const auto indptr = nb::cast<In1<std::int64_t>>(features[0]);
    const auto indices = nb::cast<In1<std::int32_t>>(features[1]);
    out.features = rows_of(indptr, indices, static_cast<std::int64_t>(indptr.size()) - 1, "features");
    out.weights = nb::cast<In1<float>>(features[2]).data();
  }
  out.decay = nb::cast<float>(from[4]);
  out.n_features = static_cast<std::int64_t>(vectors.shape(0));
  return out;
}

}  // namespace

void bind_ranking(nb::module_& m) {
  m.def("ranking_granule", [] { return ranking_granule(); });

  m.def("ranking_epoch",
        [](In1<std::int32_t> users, In1<std::int32_t> items, In1<float> weights,
           In1<std::int64_t> likes_indptr, In1<std::int32_t> likes, In1<std::int32_t> pool,
           nb::tuple user_side, nb::tuple item_side, nb::tuple settings, int threads) {
          const auto stride = static_cast<std::int64_t>(nb::cast<Table>(user_side[0]).shape(1));
          const auto left = learned_of(user_side), right = learned_of(item_side);
          const auto how = settings_of(settings, stride);
          const auto rows = rows_of(likes_indptr, likes,
                                    static_cast<std::int64_t>(likes_indptr.size()) - 1, "likes");
          const nb::gil_scoped_release release;
          return ranking_epoch({users.data(), items.data(), weights.data(),
                                static_cast<std::int64_t>(users.size())},
                               rows, {pool.data(), static_cast<std::int64_t>(pool.size())}, left,
                               right, how, threads, poll_for_signals());
        });

  m.def("ranking_fold_in",
        [](In1<std::int64_t> indptr, In1<std::int32_t> indices, In1<float> weights,
           In1<std::int32_t> pool, In2<float> items, float decay, nb::tuple settings,
           bool adadelta, std::int64_t passes, Table out, int threads) {
          const auto how = settings_of(settings, static_cast<std::int64_t>(items.shape(1)));
          const auto rows =
              rows_of(indptr, indices, static_cast<std::int64_t>(out.shape(0)), "histories");
          const nb::gil_scoped_release release;
          ranking_fold_in(rows, weights.data(),
                          {pool.data(), static_cast<std::int64_t>(pool.size())}, items.data(),
                          decay, how, adadelta, passes, out.data(), threads, poll_for_signals());
        });
}

}  // namespace penchant::bindings
