// Scores for the tests of top-k and ranks: a source, and the same scores as a table.
#pragma once

#include <limits>
#include <memory>

#include "penchant/scores.hpp"
#include "problems.hpp"

namespace penchant::tests {

template <class T>
struct Scored {
  std::int64_t n_queries, n_items;
  std::vector<T> queries, items;  // of factors
  std::vector<T> table;           // n_queries × n_items
  std::unique_ptr<Scores<T>> source;

  T at(std::int64_t query, std::int64_t item) const { return table[query * n_items + item]; }
};

/// Factors of small integers, so that many scores tie and sums are exact on every set.
template <class T>
Scored<T> tied_factors(std::int64_t n_queries, std::int64_t n_items, std::int64_t f, int threads,
                       Random& random) {
  Scored<T> out{n_queries,
                n_items,
                random.small_integers<T>(n_queries * f),
                random.small_integers<T>(n_items * f),
                {},
                {}};
  for (std::int64_t q = 0; q < n_queries; ++q) {
    for (std::int64_t i = 0; i < n_items; ++i) {
      T score = 0;
      for (std::int64_t k = 0; k < f; ++k) score += out.queries[q * f + k] * out.items[i * f + k];
      out.table.push_back(score);
    }
  }
  out.source =
      factor_scores(out.queries.data(), n_queries, out.items.data(), n_items, f, threads, {});
  return out;
}

/// A dense table of integers, with NaN and both infinities among them.
inline Scored<float> special_table(std::int64_t n_queries, std::int64_t n_items, int threads,
                                   Random& random) {
  Scored<float> out{n_queries, n_items, {}, {}, random.small_integers<float>(n_queries * n_items),
                    {}};
  for (auto& score : out.table) {
    const auto kind = random.below(10);
    if (kind == 0) score = std::numeric_limits<float>::quiet_NaN();
    if (kind == 1) score = -std::numeric_limits<float>::infinity();
    if (kind == 2) score = std::numeric_limits<float>::infinity();
  }
  out.source = dense_scores(out.table.data(), n_queries, n_items, threads);
  return out;
}

}  // namespace penchant::tests
