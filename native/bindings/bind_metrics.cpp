#include "bind_rows.hpp"
#include "bindings.hpp"
#include "penchant/metrics.hpp"

namespace penchant::bindings {
namespace {

/// Writes hits, first, dcg and precisions (an entry a list each).
void gains(In1<std::int64_t> list_indptr, In1<std::int32_t> list_indices,
           In1<std::int64_t> relevant_indptr, In1<std::int32_t> relevant_indices, std::int64_t k,
           std::int64_t n_items, Out1<std::int32_t> hits, Out1<std::int32_t> first,
           Out1<double> dcg, Out1<double> precisions, int threads) {
  const auto n_lists = static_cast<std::int64_t>(hits.size());
  const auto lists = rows_of(list_indptr, list_indices, n_lists, "lists");
  const auto relevant = rows_of(relevant_indptr, relevant_indices, n_lists, "relevant");
  check_pointers(lists, "lists");
  check_rows(relevant, n_items, "relevant");
  ranking_gains(lists, relevant, k, {hits.data(), first.data(), dcg.data(), precisions.data()},
             threads, poll_for_signals());
}

}  // namespace

void bind_metrics(nb::module_& m) {
  m.def("ranking_gains", &gains, nb::arg("list_indptr"), nb::arg("list_indices"),
        nb::arg("relevant_indptr"), nb::arg("relevant_indices"), nb::arg("k"), nb::arg("n_items"),
        nb::arg("hits"), nb::arg("first"), nb::arg("dcg"), nb::arg("precisions"),
        nb::arg("threads"), nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
