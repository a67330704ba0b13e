#include "penchant/cooccurrence.hpp"

#include "bind_rows.hpp"

namespace penchant::bindings {
namespace {

/// Writes codes and scores, shape (n_rows, k), and counts, shape (n_rows,). Validated rows are not
/// checked.
void bound_nearest(const RowsRecord& left, const RowsRecord& right, In1<float> common,
                   In1<float> source, In1<float> target, const RowsRecord& exclude,
                   Out2<std::int32_t> codes, Out2<float> scores, Out1<std::int32_t> counts,
                   bool validated, int threads) {
  const auto n_rows = left.n_rows(), inner = length(common), n_columns = length(target);
  const auto A = left.view(length(source), "left"), B = right.view(inner, "right");
  const auto excluded = exclude.view(n_rows, "exclude");
  if (!validated) {
    check_rows(A, inner, "left");
    check_rows(B, n_columns, "right");
    check_rows(excluded, n_columns, "exclude");
  }
  nearest_by_cooccurrence(
      A, B, n_columns, {common.data(), source.data(), target.data()}, length(codes, 1), excluded,
      TopKLists{codes.data(), scores.data(), counts.data()}, threads, poll_for_signals());
}

}  // namespace

void bind_cooccurrence(nb::module_& m) {
  m.def("nearest_by_cooccurrence", &bound_nearest, "left"_a, "right"_a, nb::kw_only(), "common"_a,
        "source"_a, "target"_a, "exclude"_a, "codes"_a.noconvert(), "scores"_a.noconvert(),
        "counts"_a.noconvert(), "validated"_a, "threads"_a,
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
