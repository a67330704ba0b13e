// The inner loops of the solver, compiled once per instruction set: exact solutions
// (exact_row.hpp) and conjugate gradients (cg_row.hpp).
//
// The exact solver spends its time on C ± AᵀB for an upper triangle: the Gram matrix of the
// gathered rows (or of their transpose, for the dual system) and the trailing update of a blocked
// Cholesky factorization. One register-tiled micro-kernel (tiles.hpp) computes both.
#include "solve_kernels.hpp"

#include "cg_row.hpp"
#include "exact_row.hpp"
#include "tiles.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

template <class S>
constexpr SolveKernels<S> kTable{
    kGranule<S>,     &scratch_bytes<S>, &solve_exact<S>,        &solve_cg<S>,
    &normal_size<S>, &normal_part<S>,   &solve_normal_parts<S>, &cg_bytes<S>,
    &cg_start<S>,    &cg_pass<S>,       &cg_advance<S>,         &dot<S>,
};

}  // namespace

const SolveKernels<float>& solve_kernels_f32() { return kTable<float>; }
const SolveKernels<double>& solve_kernels_f64() { return kTable<double>; }

}  // namespace penchant::PENCHANT_ISA
