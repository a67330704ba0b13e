#include "penchant/metrics.hpp"

#include "bind_rows.hpp"

namespace penchant::bindings {
namespace {

/// Writes hits, first, dcg and precisions, one entry per list each.
void bound_ranking_gains(const RowsRecord& lists, const RowsRecord& relevant, std::int64_t k,
                         std::int64_t n_items, Out1<std::int32_t> hits, Out1<std::int32_t> first,
                         Out1<double> dcg, Out1<double> precisions, int threads) {
  const auto n_lists = length(hits);
  const auto list_rows = lists.view(n_lists, "lists");
  const auto relevant_rows = relevant.view(n_lists, "relevant");
  check_pointers(list_rows, "lists");
  check_rows(relevant_rows, n_items, "relevant");
  ranking_gains(list_rows, relevant_rows, k,
                {hits.data(), first.data(), dcg.data(), precisions.data()}, threads,
                poll_for_signals());
}

}  // namespace

void bind_metrics(nb::module_& m) {
  m.def("ranking_gains", &bound_ranking_gains, "lists"_a, "relevant"_a, nb::kw_only(), "k"_a,
        "n_items"_a, "hits"_a.noconvert(), "first"_a.noconvert(), "dcg"_a.noconvert(),
        "precisions"_a.noconvert(), "threads"_a, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
