#include "penchant/solve.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "bind_factors.hpp"

namespace penchant::bindings {
namespace {

/// Rows with the confidence of each entry above that of an unobserved cell.
struct WeightedRowsRecord {
  In1<std::int64_t> indptr;
  In1<std::int32_t> indices;
  In1<float> confidence_delta;
  std::int64_t n_columns;
  std::optional<In1<std::int64_t>> whole_indptr;

  std::int64_t n_rows() const { return length(indptr) - 1; }
  WeightedRows view() const {
    WeightedRows rows{indptr.data(), indices.data(), confidence_delta.data(), n_rows()};
    if (whole_indptr) {
      rows.whole_indptr = whole_indptr->data();
      rows.n_whole = length(*whole_indptr) - 1;
    }
    return rows;
  }
};

/// Eigenvalues and eigenvectors of the Gram matrix of the fixed side.
template <class T>
struct SpectrumRecord {
  In1<double> eigenvalues;
  In2<T> eigenvectors;

  Spectrum<T> view() const { return {eigenvalues.data(), eigenvectors.data()}; }
  std::int64_t f() const { return length(eigenvalues); }
};

/// The regularization of each row, and what all rows share.
struct RowObjectiveRecord {
  In1<double> regularization;
  double unobserved_weight;
  Solver solver;
  int cg_steps;

  RowObjective view() const { return {regularization.data(), unobserved_weight, solver, cg_steps}; }
};

void init_rows(WeightedRowsRecord* self, In1<std::int64_t> indptr, In1<std::int32_t> indices,
               In1<float> confidence_delta, std::int64_t n_columns,
               std::optional<In1<std::int64_t>> whole_indptr) {
  if (indptr.size() == 0 || (whole_indptr && whole_indptr->size() == 0)) {
    throw std::invalid_argument("indptr is empty; it must hold at least one row pointer");
  }
  if (indices.size() != confidence_delta.size()) {
    throw std::invalid_argument(std::to_string(confidence_delta.size()) +
                                " values of confidence_delta for " +
                                std::to_string(indices.size()) + " indices");
  }
  new (self) WeightedRowsRecord{std::move(indptr), std::move(indices), std::move(confidence_delta),
                                n_columns, std::move(whole_indptr)};
}

template <class T>
void init_spectrum(SpectrumRecord<T>* self, In1<double> eigenvalues, In2<T> eigenvectors) {
  const auto f = eigenvalues.size();
  if (eigenvectors.shape(0) != f || eigenvectors.shape(1) != f) {
    throw std::invalid_argument(std::to_string(f) + " eigenvalues for eigenvectors of shape (" +
                                std::to_string(eigenvectors.shape(0)) + ", " +
                                std::to_string(eigenvectors.shape(1)) + ")");
  }
  new (self) SpectrumRecord<T>{std::move(eigenvalues), std::move(eigenvectors)};
}

void init_objective(RowObjectiveRecord* self, In1<double> regularization, double unobserved_weight,
                    Solver solver, int cg_steps) {
  new (self) RowObjectiveRecord{std::move(regularization), unobserved_weight, solver, cg_steps};
}

/// Throws std::invalid_argument unless arrays fit each other.
void check_fit(const WeightedRowsRecord& rows, const RowObjectiveRecord& objective,
               std::int64_t n_fixed, std::int64_t n_solved) {
  if (length(objective.regularization) != rows.n_rows() || n_solved != rows.n_rows()) {
    throw std::invalid_argument(std::to_string(rows.n_rows()) + " rows, " +
                                std::to_string(n_solved) + " rows of factors and " +
                                std::to_string(length(objective.regularization)) +
                                " values of regularization: these numbers must be equal");
  }
  if (n_fixed < rows.n_columns) {
    throw std::invalid_argument("rows over " + std::to_string(rows.n_columns) +
                                " columns, but only " + std::to_string(n_fixed) +
                                " rows of fixed factors");
  }
}

template <class T>
void bound_gram(In2<T> Y, Out2<double> out, bool precise, int threads) {
  gram<T>(factors_of(Y, length(out)), out.data(), precise, threads, poll_for_signals());
}

template <class T>
std::tuple<double, double> bound_half_step(const WeightedRowsRecord& rows, Out2<T> fixed,
                                           const SpectrumRecord<T>& spectrum,
                                           const RowObjectiveRecord& objective, Out2<T> solved,
                                           int threads) {
  check_fit(rows, objective, length(fixed), length(solved));
  const auto seconds =
      half_step<T>(rows.view(), spectrum.view(), objective.view(), factors_of(fixed, spectrum.f()),
                   factors_of(solved, spectrum.f()), threads, poll_for_signals());
  return {seconds.products, seconds.rows};
}

template <class T>
std::tuple<double, double> bound_whitened_half_step(const WeightedRowsRecord& rows, In2<T> fixed,
                                                    In2<T> factor, In2<T> inverse,
                                                    Out2<T> workspace,
                                                    const RowObjectiveRecord& objective,
                                                    Out2<T> solved, int threads) {
  check_fit(rows, objective, length(fixed), length(solved));
  if (length(workspace) < length(fixed) || length(workspace, 1) != length(fixed, 1)) {
    throw std::invalid_argument("a workspace of " + std::to_string(length(workspace)) +
                                " rows for a fixed side of " + std::to_string(length(fixed)) +
                                ", or rows of another length: it must have as many rows or more");
  }
  const auto seconds =
      whitened_half_step<T>(rows.view(), {factor.data(), inverse.data()}, objective.view(),
                            factors_of(fixed, length(factor)), factors_of(solved, length(factor)),
                            workspace.data(), threads, poll_for_signals());
  return {seconds.products, seconds.rows};
}

template <class T>
void bound_rotate(const SpectrumRecord<T>& spectrum, Out2<T> fixed, Out2<T> solved, int threads) {
  rotate<T>(spectrum.view(), factors_of(fixed, spectrum.f()), factors_of(solved, spectrum.f()),
            threads);
}

template <class T>
void bound_solve_rotated(const WeightedRowsRecord& rows, In2<T> fixed,
                         const SpectrumRecord<T>& spectrum, const RowObjectiveRecord& objective,
                         Out2<T> solved, int threads) {
  check_fit(rows, objective, length(fixed), length(solved));
  solve_rotated<T>(rows.view(), spectrum.view(), objective.view(), factors_of(fixed, spectrum.f()),
                   factors_of(solved, spectrum.f()), threads, poll_for_signals());
}

template <class T>
void bound_fold_in(const WeightedRowsRecord& rows, In2<T> fixed, const SpectrumRecord<T>& spectrum,
                   const RowObjectiveRecord& objective, Out2<T> out, int threads) {
  check_fit(rows, objective, length(fixed), length(out));
  fold_in<T>(rows.view(), spectrum.view(), objective.view(), factors_of(fixed, spectrum.f()),
             factors_of(out, spectrum.f()), threads, poll_for_signals());
}

template <class T>
double bound_observed_loss(const WeightedRowsRecord& rows, In2<T> X, In2<T> Y,
                           double unobserved_weight, int threads) {
  const auto stride = length(X, 1);
  return observed_loss<T>(rows.view(), factors_of(X, stride), factors_of(Y, stride),
                          unobserved_weight, threads, poll_for_signals());
}

std::int64_t bound_count_exact_rows(In1<std::int64_t> entries, std::int64_t stride, int cg_steps) {
  return count_exact_rows(entries.data(), length(entries), stride, cg_steps);
}

/// Binds everything that depends on the type of the factors; `bits` ends the names of classes.
template <class T>
void bind_for(nb::module_& m, const std::string& bits) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  m.def(("factor_granule" + bits).c_str(), &factor_granule<T>);
  nb::class_<SpectrumRecord<T>>(m, ("Spectrum" + bits).c_str())
      .def("__init__", &init_spectrum<T>, "eigenvalues"_a, "eigenvectors"_a.noconvert());
  m.def("gram", &bound_gram<T>, "Y"_a.noconvert(), nb::kw_only(), "out"_a.noconvert(), "precise"_a,
        "threads"_a, release);
  m.def("half_step", &bound_half_step<T>, "rows"_a, nb::kw_only(), "fixed"_a.noconvert(),
        "spectrum"_a, "objective"_a, "solved"_a.noconvert(), "threads"_a, release);
  m.def("rotate", &bound_rotate<T>, "spectrum"_a, nb::kw_only(), "fixed"_a.noconvert(),
        "solved"_a.noconvert(), "threads"_a, release);
  m.def("solve_rotated", &bound_solve_rotated<T>, "rows"_a, nb::kw_only(), "fixed"_a.noconvert(),
        "spectrum"_a, "objective"_a, "solved"_a.noconvert(), "threads"_a, release);
  m.def("whitened_half_step", &bound_whitened_half_step<T>, "rows"_a, nb::kw_only(),
        "fixed"_a.noconvert(), "factor"_a.noconvert(), "inverse"_a.noconvert(),
        "workspace"_a.noconvert(), "objective"_a, "solved"_a.noconvert(), "threads"_a, release);
  m.def("fold_in", &bound_fold_in<T>, "rows"_a, nb::kw_only(), "fixed"_a.noconvert(), "spectrum"_a,
        "objective"_a, "out"_a.noconvert(), "threads"_a, release);
  m.def("observed_loss", &bound_observed_loss<T>, "rows"_a, nb::kw_only(), "X"_a.noconvert(),
        "Y"_a.noconvert(), "unobserved_weight"_a, "threads"_a, release);
}

}  // namespace

void bind_solve(nb::module_& m) {
  nb::enum_<Solver>(m, "Solver")
      .value("exact", Solver::exact)
      .value("cg", Solver::cg)
      .value("auto", Solver::automatic);
  nb::class_<WeightedRowsRecord>(m, "WeightedRows")
      .def("__init__", &init_rows, "indptr"_a, "indices"_a, "confidence_delta"_a, nb::kw_only(),
           "n_columns"_a, "whole_indptr"_a.none() = nb::none())
      .def_prop_ro("n_rows", &WeightedRowsRecord::n_rows)
      .def_ro("n_columns", &WeightedRowsRecord::n_columns);
  nb::class_<RowObjectiveRecord>(m, "RowObjective")
      .def("__init__", &init_objective, "regularization"_a, nb::kw_only(), "unobserved_weight"_a,
           "solver"_a = Solver::exact, "cg_steps"_a = 0);
  m.def("count_exact_rows", &bound_count_exact_rows, "entries"_a, nb::kw_only(), "stride"_a,
        "cg_steps"_a);
  bind_for<float>(m, "32");
  bind_for<double>(m, "64");
}

}  // namespace penchant::bindings
