#include <nanobind/stl/vector.h>

#include <stdexcept>

#include "bind_rows.hpp"
#include "penchant/fused_scores.hpp"

namespace penchant::bindings {
namespace {

/// Writes all of `out`, shape (n_queries, n_items), as each part has.
void bound_fused_scores(const std::vector<In2<float>>& parts, const std::vector<double>& weights,
                        const RowsRecord& seen, Fusion fusion, Out2<float> out, int threads) {
  if (parts.size() != weights.size()) throw std::invalid_argument("a part has no weight");
  std::vector<WeightedScores> weighted;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    if (length(parts[part]) != length(out) || length(parts[part], 1) != length(out, 1)) {
      throw std::invalid_argument("the shapes of the parts and of the result differ");
    }
    weighted.push_back({parts[part].data(), weights[part]});
  }
  const auto rows = seen.view(length(out), "seen");
  check_rows(rows, length(out, 1), "seen");
  fused_scores(weighted, length(out), length(out, 1), rows, fusion, out.data(), threads,
               poll_for_signals());
}

}  // namespace

void bind_fused_scores(nb::module_& m) {
  nb::enum_<Fusion>(m, "Fusion")
      .value("none", Fusion::none)
      .value("z_score", Fusion::z_score)
      .value("min_max", Fusion::min_max)
      .value("rank", Fusion::rank)
      .value("top_mean", Fusion::top_mean);
  m.def("fused_scores", &bound_fused_scores, "parts"_a.noconvert(), "weights"_a, nb::kw_only(),
        "seen"_a, "fusion"_a, "out"_a.noconvert(), "threads"_a,
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
