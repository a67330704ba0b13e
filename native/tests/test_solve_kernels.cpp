// solve_kernels.hpp: each row with scratch memory of the exact size.
#include <cmath>

#include "penchant/memory.hpp"
#include "problems.hpp"
#include "solve_kernels.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

/// The gradient at v = γ∘z, in the coordinates of z, relative to that at 0.
template <class T>
double gradient_left(const RowProblem<T>& row, std::int64_t f) {
  std::vector<double> left(static_cast<std::size_t>(f), 0);
  double before = 0, after = 0;
  for (std::int64_t i = 0; i < row.n; ++i) {
    const T* w = row.W + row.columns[i] * row.stride;
    double predicted = 0;
    for (std::int64_t j = 0; j < f; ++j)
      predicted += static_cast<double>(w[j]) * static_cast<double>(row.v[j]);
    const double confidence_delta = row.confidence_delta[i];
    const double target = confidence_delta > 0 ? row.unobserved_weight + confidence_delta : 0;
    for (std::int64_t j = 0; j < f; ++j)
      left[j] += row.gamma[j] * (std::abs(confidence_delta) * predicted - target) *
                 static_cast<double>(w[j]);
    before += target;
  }
  for (std::int64_t j = 0; j < f; ++j) {
    left[j] += static_cast<double>(row.v[j]) / row.gamma[j];
    after += left[j] * left[j];
  }
  return std::sqrt(after) / std::max(before, 1e-300);
}

/// The row's entries [first, first + n).
template <class T>
RowProblem<T> part(RowProblem<T> row, std::int64_t first, std::int64_t n) {
  row.columns += first, row.confidence_delta += first, row.n = n;
  return row;
}

template <class T>
void solve_exact_in_parts(const RowProblem<T>& row, char* scratch) {
  const auto& kernels = solve_kernels<T>();
  const std::int64_t size = kernels.normal_size(row.stride), half = row.n / 2;
  const auto equations = make_buffer<T>(2 * size);
  kernels.normal_part(part(row, 0, half), equations.get(), scratch);
  kernels.normal_part(part(row, half, row.n - half), equations.get() + size, scratch);
  kernels.solve_normal_parts(row, equations.get(), 2, scratch);
}

template <class T>
void solve_cg_in_parts(const RowProblem<T>& row, char* scratch) {
  const auto& kernels = solve_kernels<T>();
  const std::int64_t half = row.n / 2;
  const auto state = make_buffer<char>(kernels.cg_bytes(row.stride));
  const auto sums = make_buffer<T>(2 * row.stride);
  kernels.cg_start(row, state.get());
  do {
    kernels.cg_pass(part(row, 0, half), state.get(), sums.get(), scratch);
    kernels.cg_pass(part(row, half, row.n - half), state.get(), sums.get() + row.stride, scratch);
  } while (kernels.cg_advance(row, state.get(), sums.get(), 2, scratch));
}

template <class T>
void check_rows_in_tight_scratch() {
  Random random(1);
  const auto& kernels = solve_kernels<T>();
  for (const std::int64_t f : {1, 3, 8, 17, 33, 64, 130}) {
    const std::int64_t stride = (f + kernels.granule - 1) / kernels.granule * kernels.granule;
    for (const std::int64_t n : {std::int64_t{1}, std::int64_t{2}, std::int64_t{5}, f - 1, f, f + 1,
                                 stride - 1, stride, std::int64_t{300}}) {
      if (n < 1) continue;
      auto W = make_buffer<T>(n * stride);
      auto v = make_buffer<T>(stride);
      std::vector<double> gamma(static_cast<std::size_t>(stride), 0);
      std::vector<T> shared(gamma.size(), T(0)), inverse(gamma.size(), T(0));
      std::vector<std::int32_t> columns;
      std::vector<float> confidence_delta;
      for (std::int64_t j = 0; j < stride; ++j) {
        for (std::int64_t i = 0; i < n; ++i)
          W[i * stride + j] = j < f ? static_cast<T>(2 * random.unit() - 1) : T(0);
        if (j >= f) continue;
        const auto at = static_cast<std::size_t>(j);
        gamma[at] = 0.2 + random.unit();
        inverse[at] = static_cast<T>(gamma[at] * gamma[at]);
        shared[at] = static_cast<T>(1 / (gamma[at] * gamma[at]));
      }
      for (std::int64_t i = 0; i < n; ++i) {
        columns.push_back(static_cast<std::int32_t>(n - 1 - i));
        confidence_delta.push_back(
            static_cast<float>(i % 4 == 3 ? -random.unit() : 0.1 + random.unit()));
      }
      const auto run = [&](auto solve, int cg_steps) {
        std::fill(v.get(), v.get() + stride, T(0));
        auto scratch = make_buffer<char>(kernels.scratch_bytes(stride, n));
        const RowProblem<T> row{
            W.get(), stride,       columns.data(), confidence_delta.data(), n,        0,
            1.0,     gamma.data(), shared.data(),  inverse.data(),          cg_steps, v.get()};
        solve(row, scratch.get());
        for (std::int64_t j = f; j < stride; ++j) CHECK_EQUAL(v[j], T(0));
        return gradient_left(row, f);
      };
      CHECK_NEAR(run(kernels.solve_exact, 0), 0, sizeof(T) == 4 ? 1e-4 : 1e-12);
      CHECK_NEAR(run(kernels.solve_cg, 400), 0, sizeof(T) == 4 ? 1e-3 : 1e-6);
      if (n < 2 * stride) continue;  // heavy rows have many more entries than factors
      CHECK_NEAR(run(&solve_exact_in_parts<T>, 0), 0, sizeof(T) == 4 ? 1e-4 : 1e-12);
      CHECK_NEAR(run(&solve_cg_in_parts<T>, 400), 0, sizeof(T) == 4 ? 1e-3 : 1e-6);
    }
  }
}

}  // namespace

TEST_BOTH(rows_keep_to_the_scratch_they_ask_for, check_rows_in_tight_scratch)
