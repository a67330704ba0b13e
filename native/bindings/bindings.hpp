// Declarations shared by the binding files: array types, the poll for Ctrl-C, bind functions.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>

#include "penchant/parallel.hpp"

namespace penchant::bindings {

namespace nb = nanobind;
using namespace nanobind::literals;  // "name"_a

/// C-contiguous arrays on the CPU. penchant._kernels has converted dtypes and checked shapes.
template <class T>
using In1 = nb::ndarray<nb::numpy, const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using In2 = nb::ndarray<nb::numpy, const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out1 = nb::ndarray<nb::numpy, T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out2 = nb::ndarray<nb::numpy, T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

/// The length of an axis, signed as in the core.
template <class Array>
std::int64_t length(const Array& array, std::size_t axis = 0) {
  return static_cast<std::int64_t>(array.shape(axis));
}

/// Returns a poll that acquires the GIL, checks for Ctrl-C and throws what Python's handler raised.
inline Poll poll_for_signals() {
  return [] {
    const nb::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  };
}

void bind_block_product(nb::module_& m);
void bind_bootstrap(nb::module_& m);
void bind_cooccurrence(nb::module_& m);
void bind_elastic_net(nb::module_& m);
void bind_fused_scores(nb::module_& m);
void bind_isa(nb::module_& m);
void bind_log_reader(nb::module_& m);
void bind_metrics(nb::module_& m);
void bind_momentum(nb::module_& m);
void bind_pruned_topk(nb::module_& m);
void bind_ranking(nb::module_& m);
void bind_ranks(nb::module_& m);
void bind_rows(nb::module_& m);
void bind_scan(nb::module_& m);
void bind_scores(nb::module_& m);
void bind_solve(nb::module_& m);
void bind_sparse_product(nb::module_& m);
void bind_sparse_scores(nb::module_& m);
void bind_spgemm(nb::module_& m);
void bind_topk(nb::module_& m);
void bind_transpose(nb::module_& m);

}  // namespace penchant::bindings
