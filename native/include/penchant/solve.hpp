// The half step of alternating least squares: one small least-squares problem per row.
//
// Rows are solved in the coordinates of the eigenvectors Q of YᵀY, where the part of the system
// that all rows share is diagonal; docs/solver.md derives it. For one row, with the fixed side Y, W
// = YQ, Γ = α0 Λ + λ_row I and γ = Γ^(−1/2):
//
//     (I + BᵀB) z = Bᵀt        rows of B: √(c − α0) · γ∘w        t = c·p / √(c − α0)
//
// and the row's factors, in the coordinates of Q, are γ∘z. Directions with Γ = 0 get γ = 0: the
// solution of least norm.
//
// Where λ is the same for all rows, the Cholesky factor of α0 YᵀY + λI = LLᵀ takes the place of Q:
// with W = YL⁻ᵀ and γ = 1 the system is the same, and x = L⁻ᵀz.
//
// T is the type of the factors, float or double. Results do not depend on the number of threads.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"

namespace penchant {

enum class Solver { exact, cg, automatic };

/// Sparse rows: row r holds the entries indptr[r] … indptr[r + 1].
///
/// confidence_delta is the weight of an observed cell above that of an unobserved one, c − α0 > 0,
/// with the sign of the preference: positive where p = 1, negative where p = 0 (a dislike).
struct WeightedRows {
  const std::int64_t* indptr;
  const std::int32_t* indices;
  const float* confidence_delta;
  std::int64_t n_rows;
  /// Row pointers of all rows that these are a part of: which rows are split over threads, in sums
  /// of their own, follows from all of them, so that parts give the bits of the whole. Null: none.
  const std::int64_t* whole_indptr = nullptr;
  std::int64_t n_whole = 0;
};

/// Row-major factors, rows `stride` apart. stride is a multiple of factor_granule<T>(), and numbers
/// beyond the columns are 0.
template <class T>
struct Factors {
  T* data;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t stride;
};

/// Returns the number that strides of factors must be a multiple of, on the instruction set in use.
template <class T>
std::int64_t factor_granule();

/// The eigendecomposition QΛQᵀ of the Gram matrix YᵀY of the fixed side.
template <class T>
struct Spectrum {
  const double* eigenvalues;  ///< Λ, f numbers, none negative
  const T* eigenvectors;      ///< Q, f × f, row-major: eigenvectors are columns
};

/// The Cholesky factor L of α0 YᵀY + λI, and its inverse; both f × f, row-major, lower triangular.
template <class T>
struct Whitening {
  const T* factor;
  const T* inverse;
};

/// The weights of the objective, and how rows are solved.
struct RowObjective {
  const double* regularization;  ///< λ of each row
  double unobserved_weight;      ///< α0
  Solver solver;
  int cg_steps;
};

/// Processor seconds of the parts of a half step, of all threads.
struct HalfStepSeconds {
  double products;  ///< changes of coordinates
  double rows;      ///< solutions of rows
};

/// Computes YᵀY in double, f × f. `precise` sums in double throughout, else in T in blocks of rows.
template <class T>
void gram(Factors<const T> Y, double* out, bool precise, int threads, const Poll& poll = {});

/// Rotates both sides to the coordinates of Q; each row's result depends on that row and Q alone.
///
/// It is not interrupted: the rows of both sides are in the same coordinates, before and after.
template <class T>
void rotate(const Spectrum<T>& spectrum, Factors<T> Y, Factors<T> X, int threads);

/// Solves every row of V with W fixed, both in the coordinates of Q: the second part of half_step.
///
/// Rows of V may be a block of the rows of a side. The eigenvectors are not used.
template <class T>
void solve_rotated(const WeightedRows& rows, const Spectrum<T>& spectrum,
                   const RowObjective& objective, Factors<const T> W, Factors<T> V, int threads,
                   const Poll& poll = {});

/// Solves every row of X with Y fixed, and rotates both to the coordinates of Q.
///
/// The model is X Yᵀ, which does not change when both sides are rotated. Rows of X without entries
/// become zero. Conjugate gradients start from X. If poll throws, every row of X is either solved
/// or as it was, but rotated.
template <class T>
HalfStepSeconds half_step(const WeightedRows& rows, const Spectrum<T>& spectrum,
                          const RowObjective& objective, Factors<T> Y, Factors<T> X, int threads,
                          const Poll& poll = {});

/// Solves every row of X with Y fixed, both in the coordinates they have; λ is the same for all
/// rows.
///
/// Rows of X without entries become zero. Conjugate gradients start from X. If poll throws, every
/// row of X is either solved or as it was, up to rounding. W is memory for as many numbers as Y
/// has: new memory for every half step would cost a fifth of the products, in page faults.
template <class T>
HalfStepSeconds whitened_half_step(const WeightedRows& rows, const Whitening<T>& whitening,
                                   const RowObjective& objective, Factors<const T> Y, Factors<T> X,
                                   T* W, int threads, const Poll& poll = {});

/// Solves every row of X exactly with Y fixed, in the coordinates of Y.
template <class T>
void fold_in(const WeightedRows& rows, const Spectrum<T>& spectrum, const RowObjective& objective,
             Factors<const T> Y, Factors<T> X, int threads, const Poll& poll = {});

/// Computes Σ c (p − ŷ)² − α0 ŷ² over the stored cells, ŷ = x·y: the objective without
/// α0 tr(XᵀX YᵀY) and the regularization.
template <class T>
double observed_loss(const WeightedRows& rows, Factors<const T> X, Factors<const T> Y,
                     double unobserved_weight, int threads, const Poll& poll = {});

/// Counts the rows that Solver::automatic solves exactly, of rows with some numbers of entries.
std::int64_t count_exact_rows(const std::int64_t* entries, std::int64_t n_rows, std::int64_t stride,
                              int cg_steps);

}  // namespace penchant
