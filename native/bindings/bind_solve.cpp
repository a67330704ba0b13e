#include "bindings.hpp"
#include "tacit/solve.hpp"

namespace tacit::bindings {
namespace {

Rows rows_of(const In1<std::int64_t>& indptr, const In1<std::int32_t>& indices,
             const In1<float>& excess) {
  return {indptr.data(), indices.data(), excess.data(),
          static_cast<std::int64_t>(indptr.shape(0)) - 1};
}

template <class Array>
auto matrix_of(Array& array) {
  return Matrix<std::remove_pointer_t<decltype(array.data())>>{
      array.data(), static_cast<std::int64_t>(array.shape(0)),
      static_cast<std::int64_t>(array.shape(1))};
}

template <class T>
void bind_for(nb::module_& m) {
  m.def("gram", [](In2<T> Y, Out2<double> out, int threads) {
    const nb::gil_scoped_release release;
    gram<T>(matrix_of(Y), out.data(), threads, poll_for_signals());
  });

  m.def("half_step", [](In1<std::int64_t> indptr, In1<std::int32_t> indices, In1<float> excess,
                        In2<T> fixed, In1<double> eigenvalues, In2<T> eigenvectors,
                        In1<double> regularization, double unobserved_weight, int solver,
                        int cg_steps, Out2<T> out, int threads) {
    const nb::gil_scoped_release release;
    const Shared<T> shared{matrix_of(fixed),      eigenvalues.data(), eigenvectors.data(),
                           regularization.data(), unobserved_weight,  static_cast<Solver>(solver),
                           cg_steps};
    half_step<T>(rows_of(indptr, indices, excess), shared, matrix_of(out), threads,
                 poll_for_signals());
  });

  m.def("observed_loss",
        [](In1<std::int64_t> indptr, In1<std::int32_t> indices, In1<float> excess, In2<T> X,
           In2<T> Y, double unobserved_weight, int threads) {
          const nb::gil_scoped_release release;
          return observed_loss<T>(rows_of(indptr, indices, excess), matrix_of(X), matrix_of(Y),
                                  unobserved_weight, threads, poll_for_signals());
        });
}

}  // namespace

void bind_solve(nb::module_& m) {
  bind_for<float>(m);
  bind_for<double>(m);
}

}  // namespace tacit::bindings
