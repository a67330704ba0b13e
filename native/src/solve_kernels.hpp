// The inner loops of solve.cpp: one table per instruction set, defined by solve_kernels.cpp.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

/// The problem of one row. S is the type of the stored factors.
template <class S>
struct RowProblem {
  const S* W;           // rotated fixed side, n × stride
  std::int64_t stride;  // f rounded up to whole vectors, padded with 0
  const std::int32_t* columns;
  const float* confidence_delta;
  std::int64_t n;       // entries of the row, 1 or more
  std::int64_t n_next;  // entries of the next row, which follow in columns
  double unobserved_weight;
  const double* gamma;  // γ, stride; 0 beyond f
  const S* shared;      // Γ; 0 where γ is
  const S* inverse;     // γ²
  int cg_steps;
  S* v;  // stride: Qᵀx: the start of cg, then the solution
};

template <class S>
struct SolveKernels {
  int granule;  // strides are multiples of it
  /// Returns the bytes of scratch that a row of n entries needs.
  std::int64_t (*scratch_bytes)(std::int64_t stride, std::int64_t n);
  void (*solve_exact)(const RowProblem<S>&, char* scratch);
  void (*solve_cg)(const RowProblem<S>&, char* scratch);
  // Heavy rows, split into parts that are problems with some of the entries. Exactly: normal_part
  // computes the equations of a part, normal_size numbers, and solve_normal_parts sums and solves
  // them, overwriting them.
  std::int64_t (*normal_size)(std::int64_t stride);
  void (*normal_part)(const RowProblem<S>& part, S* equations, char* scratch);
  void (*solve_normal_parts)(const RowProblem<S>&, S* equations, std::int64_t n_parts,
                             char* scratch);
  // By conjugate gradients: cg_pass writes the sum of a part (stride numbers, of which the last
  // pass uses one); cg_advance adds them and returns whether another pass is needed, else writes v.
  std::int64_t (*cg_bytes)(std::int64_t stride);
  void (*cg_start)(const RowProblem<S>&, char* state);
  void (*cg_pass)(const RowProblem<S>& part, const char* state, S* sum, char* scratch);
  bool (*cg_advance)(const RowProblem<S>&, char* state, const S* sums, std::int64_t n_parts,
                     char* scratch);
  double (*dot)(const S* x, const S* y, std::int64_t stride);
};

template <class S>
const SolveKernels<S>& solve_kernels();

PENCHANT_DISPATCH(SolveKernels<float>, solve_kernels_f32)
PENCHANT_DISPATCH(SolveKernels<double>, solve_kernels_f64)

template <>
inline const SolveKernels<float>& solve_kernels<float>() {
  return solve_kernels_f32();
}
template <>
inline const SolveKernels<double>& solve_kernels<double>() {
  return solve_kernels_f64();
}

}  // namespace penchant
