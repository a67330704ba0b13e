#include "penchant/pruned_topk.hpp"

#include <new>

#include "bind_topk.hpp"

namespace penchant::bindings {
namespace {

constexpr std::int64_t kUsualLength = 32;  // of lists; longer ones work too, a little slower

/// Builds an index, which keeps no reference to the items.
template <class T>
void init_index(FactorIndex<T>* self, In2<T> items, int threads) {
  const nb::gil_scoped_release release;
  new (self) FactorIndex<T>(items.data(), length(items), length(items, 1), kUsualLength, threads,
                            poll_for_signals());
}

/// Writes codes and scores, shape (n_queries, k), and counts, shape (n_queries,). The index is
/// that of these items, or null.
template <class T>
void bound_factor_top_k(In2<T> queries, In2<T> items, const RowsRecord& exclude,
                        const RowsRecord* allow, Out2<std::int32_t> codes, Out2<float> scores,
                        Out1<std::int32_t> counts, PruneMode prune, const FactorIndex<T>* index,
                        int threads) {
  const auto n_queries = length(queries), n_items = length(items);
  const Candidates candidates(exclude, allow, n_queries, n_items);
  factor_top_k(queries.data(), n_queries, items.data(), n_items, length(items, 1), length(codes, 1),
               candidates.exclude, candidates.allow,
               TopKLists{codes.data(), scores.data(), counts.data()}, prune, index, threads,
               poll_for_signals());
}

template <class T>
void bind_for(nb::module_& m, const char* index) {
  nb::class_<FactorIndex<T>>(m, index)
      .def("__init__", &init_index<T>, "items"_a.noconvert(), nb::kw_only(), "threads"_a)
      .def_prop_ro("n_bytes", &FactorIndex<T>::size);
  m.def("factor_top_k", &bound_factor_top_k<T>, "queries"_a.noconvert(), "items"_a.noconvert(),
        nb::kw_only(), "exclude"_a, "allow"_a.none(), "codes"_a.noconvert(), "scores"_a.noconvert(),
        "counts"_a.noconvert(), "prune"_a, "index"_a.none(), "threads"_a,
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace

void bind_pruned_topk(nb::module_& m) {
  nb::enum_<PruneMode>(m, "PruneMode")
      .value("automatic", PruneMode::automatic)
      .value("never", PruneMode::never)
      .value("always", PruneMode::always);
  bind_for<float>(m, "FactorIndex32");
  bind_for<double>(m, "FactorIndex64");
}

}  // namespace penchant::bindings
