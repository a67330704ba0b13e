#include "bindings.hpp"
#include "penchant/momentum.hpp"
#include "penchant/solve.hpp"

namespace penchant::bindings {
namespace {

/// Factors as penchant._kernels lays them down: the whole rows, zeros beyond the columns included.
template <class T>
using Padded = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <class T>
Factors<T> factors_of(const Padded<T>& array, std::int64_t columns) {
  return {array.data(), static_cast<std::int64_t>(array.shape(0)), columns,
          static_cast<std::int64_t>(array.shape(1))};
}

WeightedRows rows_of(const In1<std::int64_t>& indptr, const In1<std::int32_t>& indices,
             const In1<float>& confidence_delta) {
  return {indptr.data(), indices.data(), confidence_delta.data(),
          static_cast<std::int64_t>(indptr.shape(0)) - 1};
}

template <class T>
void bind_for(nb::module_& m, const char* granule_name) {
  m.def(granule_name, [] { return factor_granule<T>(); });

  m.def("gram", [](Padded<const T> Y, Out2<double> out, bool precise, int threads) {
    const nb::gil_scoped_release release;
    gram<T>(factors_of(Y, static_cast<std::int64_t>(out.shape(0))), out.data(), precise, threads,
            poll_for_signals());
  });

  m.def("half_step", [](In1<std::int64_t> indptr, In1<std::int32_t> indices, In1<float> confidence_delta,
                        Padded<T> fixed, In1<double> eigenvalues, In2<T> eigenvectors,
                        In1<double> regularization, double unobserved_weight, int solver,
                        int cg_steps, Padded<T> out, int threads) {
    const nb::gil_scoped_release release;
    const Shared<T> shared{eigenvalues.data(), eigenvectors.data(),        regularization.data(),
                           unobserved_weight,  static_cast<Solver>(solver), cg_steps};
    const auto f = static_cast<std::int64_t>(eigenvalues.shape(0));
    half_step<T>(rows_of(indptr, indices, confidence_delta), shared, factors_of(fixed, f),
                 factors_of(out, f), threads, poll_for_signals());
  });

  m.def("fold_in", [](In1<std::int64_t> indptr, In1<std::int32_t> indices, In1<float> confidence_delta,
                      Padded<const T> fixed, In1<double> eigenvalues, In2<T> eigenvectors,
                      In1<double> regularization, double unobserved_weight, Padded<T> out,
                      int threads) {
    const nb::gil_scoped_release release;
    const Shared<T> shared{eigenvalues.data(), eigenvectors.data(), regularization.data(),
                           unobserved_weight,  Solver::exact,       0};
    const auto f = static_cast<std::int64_t>(eigenvalues.shape(0));
    fold_in<T>(rows_of(indptr, indices, confidence_delta), shared, factors_of(fixed, f), factors_of(out, f),
               threads, poll_for_signals());
  });

  m.def("observed_loss",
        [](In1<std::int64_t> indptr, In1<std::int32_t> indices, In1<float> confidence_delta,
           Padded<const T> X, Padded<const T> Y, double unobserved_weight, int threads) {
          const nb::gil_scoped_release release;
          const auto f = static_cast<std::int64_t>(X.shape(1));
          return observed_loss<T>(rows_of(indptr, indices, confidence_delta), factors_of(X, f),
                                  factors_of(Y, f), unobserved_weight, threads,
                                  poll_for_signals());
        });
}

void bind_momentum(nb::module_& m) {
  m.def("quantize_previous", [](Padded<const float> X, Out2<std::int16_t> numbers, Out1<float> largest,
                       int threads) {
    const nb::gil_scoped_release release;
    const auto columns = static_cast<std::int64_t>(X.shape(1));
    quantize_previous(factors_of(X, columns), {numbers.data(), largest.data()}, threads);
  });

  m.def("extrapolate", [](Padded<float> X, Out2<std::int16_t> numbers, Out1<float> largest,
                          In2<float> turn, float momentum, int threads) {
    const nb::gil_scoped_release release;
    const auto columns = static_cast<std::int64_t>(turn.shape(0));
    extrapolate(factors_of(X, columns), {numbers.data(), largest.data()}, turn.data(), momentum,
                threads);
  });
}

}  // namespace

void bind_solve(nb::module_& m) {
  bind_for<float>(m, "float_granule");
  bind_for<double>(m, "double_granule");
  bind_momentum(m);
}

}  // namespace penchant::bindings
