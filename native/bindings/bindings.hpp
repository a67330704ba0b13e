// What the binding files share: array types, the poll that looks for Ctrl-C, one line a file.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>

#include "penchant/parallel.hpp"

namespace penchant::bindings {

namespace nb = nanobind;

/// C-contiguous arrays on the CPU; penchant._kernels has checked shapes and converted dtypes.
template <class T>
using In1 = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using In2 = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out1 = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out2 = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

/// Looks for Ctrl-C, taking the GIL for as long; throws what Python's handler raised.
inline Poll poll_for_signals() {
  return [] {
    const nb::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  };
}

void bind_bootstrap(nb::module_& m);
void bind_isa(nb::module_& m);
void bind_metrics(nb::module_& m);
void bind_ranking(nb::module_& m);
void bind_ranks(nb::module_& m);
void bind_rowlog(nb::module_& m);
void bind_solve(nb::module_& m);
void bind_sparse_product(nb::module_& m);
void bind_sparse_scores(nb::module_& m);
void bind_spgemm(nb::module_& m);
void bind_survey(nb::module_& m);
void bind_topk(nb::module_& m);
void bind_transpose(nb::module_& m);

}  // namespace penchant::bindings
