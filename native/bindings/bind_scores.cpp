#include "penchant/scores.hpp"

#include "bind_rows.hpp"

namespace penchant::bindings {
namespace {

/// Writes one score per entry of `cells`.
template <class T>
void bound_score_pairs(In2<T> queries, In2<T> items, const RowsRecord& cells, Out1<float> out,
                       int threads) {
  const auto rows = cells.view(length(queries), "cells");
  check_rows(rows, length(items), "cells");
  score_pairs(queries.data(), items.data(), length(items, 1), rows, out.data(), threads,
              poll_for_signals());
}

template <class T>
void bind_for(nb::module_& m) {
  m.def("score_pairs", &bound_score_pairs<T>, "queries"_a.noconvert(), "items"_a.noconvert(),
        nb::kw_only(), "cells"_a, "out"_a.noconvert(), "threads"_a,
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace

void bind_scores(nb::module_& m) {
  bind_for<float>(m);
  bind_for<double>(m);
}

}  // namespace penchant::bindings
