#include <nanobind/stl/optional.h>

#include <new>
#include <optional>

#include "bind_rows.hpp"
#include "bindings.hpp"
#include "penchant/pruned_topk.hpp"

namespace penchant::bindings {
namespace {

using Indptr = In1<std::int64_t>;
using Indices = In1<std::int32_t>;

/// What each query must not get, and the only items that it may get, where that is given.
struct Candidates {
  Rows exclude, allow;
};

Candidates candidates_of(const Indptr& exclude_indptr, const Indices& exclude_indices,
                         const std::optional<Indptr>& allow_indptr,
                         const std::optional<Indices>& allow_indices, std::int64_t n_queries,
                         std::int64_t n_items) {
  Candidates out{rows_of(exclude_indptr, exclude_indices, n_queries, "exclude"), {}};
  check_rows(out.exclude, n_items, "exclude");
  if (allow_indptr && allow_indices) {
    out.allow = rows_of(*allow_indptr, *allow_indices, n_queries, "allow");
    check_rows(out.allow, n_items, "allow");
  }
  return out;
}

constexpr std::int64_t kUsualLength = 32;  // of a list; longer ones are found, a little slower

/// Nothing of the items is held on to.
template <class T>
void make_index(FactorIndex<T>* place, In2<T> items, int threads) {
  const nb::gil_scoped_release release;
  new (place) FactorIndex<T>(items.data(), static_cast<std::int64_t>(items.shape(0)),
                             static_cast<std::int64_t>(items.shape(1)), kUsualLength, threads,
                             poll_for_signals());
}

/// Writes codes and scores (n_queries × k) and counts (n_queries). prune: 0 where it should pay,
/// 1 never, 2 always. index: that of these very items, or None.
template <class T>
void bound_factor_top_k(In2<T> queries, In2<T> items, Indptr exclude_indptr,
                        Indices exclude_indices, std::optional<Indptr> allow_indptr,
                        std::optional<Indices> allow_indices, Out2<std::int32_t> codes,
                        Out2<float> out, Out1<std::int32_t> counts, int prune,
                        const FactorIndex<T>* index, int threads) {
  const auto n_queries = static_cast<std::int64_t>(queries.shape(0));
  const auto n_items = static_cast<std::int64_t>(items.shape(0));
  const auto [exclude, allow] = candidates_of(exclude_indptr, exclude_indices, allow_indptr,
                                              allow_indices, n_queries, n_items);
  factor_top_k(queries.data(), n_queries, items.data(), n_items,
               static_cast<std::int64_t>(items.shape(1)),
               static_cast<std::int64_t>(codes.shape(1)), exclude, allow,
               TopKLists{codes.data(), out.data(), counts.data()}, static_cast<PruneMode>(prune),
               index, threads, poll_for_signals());
}

void dense_top_k(In2<float> scores, Indptr exclude_indptr, Indices exclude_indices,
                 std::optional<Indptr> allow_indptr, std::optional<Indices> allow_indices,
                 Out2<std::int32_t> codes, Out2<float> out, Out1<std::int32_t> counts,
                 int threads) {
  const auto source = dense_scores(scores.data(), static_cast<std::int64_t>(scores.shape(0)),
                                   static_cast<std::int64_t>(scores.shape(1)), threads);
  const auto [exclude, allow] =
      candidates_of(exclude_indptr, exclude_indices, allow_indptr, allow_indices,
                    source->n_queries, source->n_items);
  top_k(*source, static_cast<std::int64_t>(codes.shape(1)), exclude, allow,
        TopKLists{codes.data(), out.data(), counts.data()}, threads, poll_for_signals());
}

/// Writes one score an entry of `cells` (float32).
template <class T>
void score_pairs(In2<T> queries, In2<T> items, Indptr indptr, Indices indices, Out1<float> out,
                  int threads) {
  const auto cells =
      rows_of(indptr, indices, static_cast<std::int64_t>(queries.shape(0)), "cells");
  check_rows(cells, static_cast<std::int64_t>(items.shape(0)), "cells");
  cell_scores(queries.data(), items.data(), static_cast<std::int64_t>(items.shape(1)), cells,
              out.data(), threads, poll_for_signals());
}

template <class T>
void bind_factors(nb::module_& m, const char* index) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  nb::class_<FactorIndex<T>>(m, index)
      .def("__init__", &make_index<T>, nb::arg("items").noconvert(), nb::arg("threads"))
      .def_prop_ro("n_bytes", &FactorIndex<T>::size);
  m.def("factor_top_k", &bound_factor_top_k<T>, nb::arg("queries").noconvert(),
        nb::arg("items").noconvert(), nb::arg("exclude_indptr"), nb::arg("exclude_indices"),
        nb::arg("allow_indptr").none(), nb::arg("allow_indices").none(), nb::arg("codes"),
        nb::arg("scores"), nb::arg("counts"), nb::arg("prune"),
        nb::arg("index").none(), nb::arg("threads"), release);
  m.def("score_pairs", &score_pairs<T>, nb::arg("queries").noconvert(),
        nb::arg("items").noconvert(), nb::arg("indptr"), nb::arg("indices"), nb::arg("out"),
        nb::arg("threads"), release);
}

}  // namespace

void bind_topk(nb::module_& m) {
  bind_factors<float>(m, "FactorIndex32");
  bind_factors<double>(m, "FactorIndex64");
  m.def("dense_top_k", &dense_top_k, nb::arg("scores").noconvert(), nb::arg("exclude_indptr"),
        nb::arg("exclude_indices"), nb::arg("allow_indptr").none(),
        nb::arg("allow_indices").none(), nb::arg("codes"), nb::arg("out"), nb::arg("counts"),
        nb::arg("threads"), nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
