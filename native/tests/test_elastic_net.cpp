// elastic_net.hpp: the conditions of optimality, and the same bits on any number of threads.
#include "penchant/elastic_net.hpp"

#include <cmath>

#include "matrices.hpp"
#include "penchant/spgemm.hpp"
#include "penchant/transpose.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

struct Arrays {
  std::vector<std::int64_t> indptr;
  std::vector<std::int32_t> indices;
  std::vector<float> values;

  SparseMatrix view(std::int64_t n_columns) const {
    const auto n_rows = static_cast<std::int64_t>(indptr.size()) - 1;
    return {{indptr.data(), indices.data(), n_rows, static_cast<std::int64_t>(indices.size())},
            values.data(),
            n_columns};
  }
};

/// XᵀX, both triangles.
Arrays gram_of(const Matrix& X) {
  const auto nnz = X.values.size();
  Arrays Xt{std::vector<std::int64_t>(static_cast<std::size_t>(X.n_columns) + 1),
            std::vector<std::int32_t>(nnz), std::vector<float>(nnz)};
  transpose(X.lists.view(), X.values.data(), X.n_columns, Xt.indptr.data(), Xt.indices.data(),
            Xt.values.data(), 1, {});
  SparseProduct product(Xt.view(X.lists.view().n_rows), X.view(), {}, 1 << 30, 1, {});
  const auto entries = static_cast<std::size_t>(product.n_entries());
  Arrays gram{std::vector<std::int64_t>(static_cast<std::size_t>(X.n_columns) + 1),
              std::vector<std::int32_t>(entries), std::vector<float>(entries)};
  product.take(gram.indptr.data(), gram.indices.data(), gram.values.data());
  return gram;
}

Arrays solve(const SparseMatrix& gram, const ElasticNet& problem, int threads) {
  const ElasticNetWeights weights(gram, problem, 0, gram.n_columns, threads, {});
  CHECK_EQUAL(weights.n_unfinished(), 0);
  const auto entries = static_cast<std::size_t>(weights.n_entries());
  Arrays out{std::vector<std::int64_t>(static_cast<std::size_t>(gram.n_columns) + 1),
             std::vector<std::int32_t>(entries), std::vector<float>(entries)};
  weights.write(out.indptr.data(), out.indices.data(), out.values.data());
  return out;
}

}  // namespace

TEST(gradients_are_those_of_a_minimum) {
  Random random(1);
  const std::int64_t n = 40;
  const auto gram = gram_of(Matrix(60, n, 0.3, random));
  const std::vector<double> l2(n, 3.0);
  for (const bool nonnegative : {false, true}) {
    const ElasticNet problem{0.5, l2.data(), nonnegative, false, 0, 1e-10, 100000};
    const auto weights = solve(gram.view(n), problem, 2);
    const auto products = product_of(weights.view(n), gram.view(n));  // rows: (G w_j)ᵀ
    for (std::int64_t j = 0; j < n; ++j) {
      std::vector<double> g(n, 0.0), w(n, 0.0);
      for (auto at = gram.indptr[j]; at < gram.indptr[j + 1]; ++at) {
        g[static_cast<std::size_t>(gram.indices[at])] = gram.values[at];
      }
      for (auto at = weights.indptr[j]; at < weights.indptr[j + 1]; ++at) {
        w[static_cast<std::size_t>(weights.indices[at])] = weights.values[at];
      }
      CHECK_EQUAL(w[static_cast<std::size_t>(j)], 0.0);
      for (std::int64_t i = 0; i < n; ++i) {
        const auto place = static_cast<std::size_t>(i);
        const double gradient = g[place] - products[j * n + i] - 3.0 * w[place];
        if (i == j) continue;
        if (w[place] != 0) {
          CHECK(std::abs(gradient - std::copysign(0.5, w[place])) < 1e-3);
        } else {
          CHECK(gradient < 0.5 + 1e-3 && (nonnegative || gradient > -0.5 - 1e-3));
        }
        CHECK(!nonnegative || w[place] >= 0);
      }
    }
  }
}

TEST(weights_have_the_same_bits_on_any_number_of_threads) {
  Random random(2);
  const std::int64_t n = 70;
  const auto gram = gram_of(Matrix(50, n, 0.2, random));
  const std::vector<double> l2(n, 2.0);
  for (const std::int64_t candidates : {0, 9}) {
    const ElasticNet problem{0.1, l2.data(), false, false, candidates, 1e-4, 10000};
    const auto first = solve(gram.view(n), problem, 1);
    for (const int threads : thread_counts) {
      const auto again = solve(gram.view(n), problem, threads);
      CHECK(again.indices == first.indices && again.values == first.values);
    }
    for (std::int64_t j = 0; candidates > 0 && j < n; ++j) {
      CHECK(first.indptr[j + 1] - first.indptr[j] <= candidates);
    }
  }
}

TEST(a_poll_that_throws_stops_it) {
  Random random(3);
  const auto gram = gram_of(Matrix(300, 300, 0.1, random));
  const std::vector<double> l2(300, 1.0);
  const ElasticNet problem{0.1, l2.data(), true, false, 0, 1e-6, 1000};
  CHECK_THROWS(Stopped, ElasticNetWeights(gram.view(300), problem, 0, 300, 1, stop_at_once));
}
