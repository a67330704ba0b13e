#include "penchant/ranking.hpp"

#include <nanobind/stl/optional.h>

#include <optional>
#include <stdexcept>
#include <utility>

#include "bind_rows.hpp"

namespace penchant::bindings {
namespace {

/// Codes of users and items, and weights, one entry per example each.
struct ExamplesRecord {
  In1<std::int32_t> users, items;
  In1<float> weights;

  Examples view() const { return {users.data(), items.data(), weights.data(), length(users)}; }
};

/// The tables of users or of items, which an epoch updates in place, and their features.
struct SideRecord {
  Out2<float> vectors, squares;
  std::optional<Out2<float>> steps;
  std::optional<SparseMatrixRecord> features;
  float regularization;

  std::int64_t stride() const { return length(vectors, 1); }

  RankingSide view() const {
    RankingSide out;
    out.vectors = vectors.data();
    out.squares = squares.data();
    if (steps) out.steps = steps->data();
    if (features) {
      out.features = features->rows.view();
      out.weights = features->values_data();
    }
    out.regularization = regularization;
    out.n_features = length(vectors);
    return out;
  }
};

void init_examples(ExamplesRecord* self, In1<std::int32_t> users, In1<std::int32_t> items,
                   In1<float> weights) {
  if (users.size() != items.size() || users.size() != weights.size()) {
    throw std::invalid_argument(std::to_string(users.size()) + " users, " +
                                std::to_string(items.size()) + " items and " +
                                std::to_string(weights.size()) + " weights");
  }
  new (self) ExamplesRecord{std::move(users), std::move(items), std::move(weights)};
}

bool same_shape(const Out2<float>& a, const Out2<float>& b) {
  return a.shape(0) == b.shape(0) && a.shape(1) == b.shape(1);
}

void init_side(SideRecord* self, Out2<float> vectors, Out2<float> squares,
               std::optional<Out2<float>> steps, std::optional<SparseMatrixRecord> features,
               float regularization) {
  if (!same_shape(vectors, squares) || (steps && !same_shape(vectors, *steps))) {
    throw std::invalid_argument("the tables of one side must have one shape");
  }
  if (features && !features->values) {
    throw std::invalid_argument("the features of one side must have values");
  }
  new (self) SideRecord{std::move(vectors), std::move(squares), std::move(steps),
                        std::move(features), regularization};
}

void init_settings(RankingSettings* self, RankingLoss loss, std::int64_t factors,
                   float learning_rate, float rho, float epsilon, std::int64_t max_sampled,
                   std::int64_t negatives, std::int64_t k, std::int64_t n, std::int64_t batch,
                   std::uint64_t seed, bool hogwild) {
  new (self) RankingSettings{loss,      factors, 0, learning_rate, rho,  epsilon, max_sampled,
                             negatives, k,       n, batch,         seed, hogwild};
}

RankingSettings with_stride(const RankingSettings& settings, std::int64_t stride) {
  auto out = settings;
  out.stride = stride;
  return out;
}

Pool pool_of(const In1<std::int32_t>& items) { return {items.data(), length(items)}; }

double bound_ranking_epoch(const ExamplesRecord& examples, const RowsRecord& likes,
                           In1<std::int32_t> pool, const SideRecord& users, const SideRecord& items,
                           const RankingSettings& settings, int threads) {
  return ranking_epoch(examples.view(), likes.view(), pool_of(pool), users.view(), items.view(),
                       with_stride(settings, users.stride()), threads, poll_for_signals());
}

void bound_ranking_fold_in(const SparseMatrixRecord& histories, In1<std::int32_t> pool,
                           In2<float> items, const RankingFoldIn& fold_in,
                           const RankingSettings& settings, Out2<float> out, int threads) {
  ranking_fold_in(histories.rows.view(length(out), "histories"), histories.values_data(),
                  pool_of(pool), items.data(), fold_in, with_stride(settings, length(items, 1)),
                  out.data(), threads, poll_for_signals());
}

void bind_records(nb::module_& m) {
  nb::enum_<RankingLoss>(m, "RankingLoss")
      .value("warp", RankingLoss::warp)
      .value("bpr", RankingLoss::bpr)
      .value("logistic", RankingLoss::logistic)
      .value("k_os_warp", RankingLoss::k_os_warp);
  nb::class_<ExamplesRecord>(m, "RankingExamples")
      .def("__init__", &init_examples, "users"_a, "items"_a, "weights"_a);
  nb::class_<SideRecord>(m, "RankingSide")
      .def("__init__", &init_side, nb::kw_only(), "vectors"_a.noconvert(), "squares"_a.noconvert(),
           "steps"_a.noconvert().none(), "features"_a.none(), "regularization"_a);
  nb::class_<RankingSettings>(m, "RankingSettings")
      .def("__init__", &init_settings, nb::kw_only(), "loss"_a, "factors"_a, "learning_rate"_a,
           "rho"_a, "epsilon"_a, "max_sampled"_a, "negatives"_a, "k"_a, "n"_a, "batch"_a, "seed"_a,
           "hogwild"_a)
      .def_ro("factors", &RankingSettings::factors);
  nb::class_<RankingFoldIn>(m, "RankingFoldIn")
      .def(nb::init<float, bool, std::int64_t>(), nb::kw_only(), "regularization"_a, "adadelta"_a,
           "passes"_a);
}

}  // namespace

void bind_ranking(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  bind_records(m);
  m.def("ranking_granule", &ranking_granule);
  m.def("ranking_epoch", &bound_ranking_epoch, "examples"_a, nb::kw_only(), "likes"_a, "pool"_a,
        "users"_a, "items"_a, "settings"_a, "threads"_a, release);
  m.def("ranking_fold_in", &bound_ranking_fold_in, "histories"_a, nb::kw_only(), "pool"_a,
        "items"_a, "fold_in"_a, "settings"_a, "out"_a.noconvert(), "threads"_a, release);
}

}  // namespace penchant::bindings
