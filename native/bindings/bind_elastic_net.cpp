#include "penchant/elastic_net.hpp"

#include "bind_sparse.hpp"

namespace penchant::bindings {
namespace {

/// Solves columns [begin, end); no array is kept. A validated Gram matrix is not checked.
void init_weights(ElasticNetWeights* self, const SparseMatrixRecord& gram, In1<double> l2,
                  double l1, bool nonnegative, bool gram_nonnegative, std::int64_t max_candidates,
                  double tolerance, std::int64_t max_sweeps, std::int64_t begin, std::int64_t end,
                  bool validated, int threads) {
  const auto n = gram.rows.n_rows();
  const auto G = matrix_of(gram, n, n, validated, "gram");
  const ElasticNet problem{l1,        l2.data(), nonnegative, gram_nonnegative, max_candidates,
                           tolerance, max_sweeps};
  const nb::gil_scoped_release release;
  new (self) ElasticNetWeights(G, problem, begin, end, threads, poll_for_signals());
}

void write(const ElasticNetWeights& weights, Out1<std::int64_t> indptr, Out1<std::int32_t> indices,
           Out1<float> values) {
  weights.write(indptr.data(), indices.data(), values.data());
}

}  // namespace

void bind_elastic_net(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  nb::class_<ElasticNetWeights>(m, "ElasticNetWeights")
      .def("__init__", &init_weights, "gram"_a, "l2"_a.noconvert(), nb::kw_only(), "l1"_a,
           "nonnegative"_a, "gram_nonnegative"_a, "max_candidates"_a, "tolerance"_a, "max_sweeps"_a,
           "begin"_a, "end"_a, "validated"_a, "threads"_a)
      .def_prop_ro("n_entries", &ElasticNetWeights::n_entries)
      .def_prop_ro("n_unfinished", &ElasticNetWeights::n_unfinished)
      .def("write", &write, nb::kw_only(), "indptr"_a.noconvert(), "indices"_a.noconvert(),
           "values"_a.noconvert(), release);
}

}  // namespace penchant::bindings
