// Shared by the tests: random numbers, lists and matrices, and a loop over instruction sets.
#pragma once

#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.hpp"
#include "penchant/isa.hpp"
#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"

namespace penchant::tests {

inline const std::vector<int> thread_counts{1, 2, 3, 8};

/// Runs the body once per instruction set of this processor.
template <class Body>
void on_every_isa(const Body& body) {
  const std::string test = check::where;
  for (const Isa isa : available_isas()) {
    check::where = test + " on " + isa_name(isa);
    set_isa(isa_name(isa));
    body();
  }
  set_isa(isa_name(available_isas().back()));
  check::where = test;
}

struct Stopped : std::runtime_error {
  Stopped() : std::runtime_error("stopped") {}
};

/// A poll that stops the loop at its first call.
inline const Poll stop_at_once = [] { throw Stopped(); };

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  /// Uniform in [0, n).
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(unit() * static_cast<double>(n));
  }

  /// Uniform in (−1, 1).
  template <class T>
  std::vector<T> numbers(std::int64_t n) {
    std::vector<T> out(static_cast<std::size_t>(n));
    for (auto& number : out) number = static_cast<T>(2 * unit() - 1);
    return out;
  }

  /// Integers in −2…2, so that many products are equal.
  template <class T>
  std::vector<T> small_integers(std::int64_t n) {
    std::vector<T> out(static_cast<std::size_t>(n));
    for (auto& number : out) number = static_cast<T>(below(5) - 2);
    return out;
  }

 private:
  std::mt19937_64 engine_;
};

/// Outputs of a search, k places for each of n queries, filled with values that no result has.
struct BestLists {
  BestLists(std::int64_t n, std::int64_t k)
      : codes(static_cast<std::size_t>(n * k), -1),
        scores(codes.size(), -99.0F),
        counts(static_cast<std::size_t>(n), -1) {}
  bool operator==(const BestLists&) const = default;

  std::vector<std::int32_t> codes;
  std::vector<float> scores;
  std::vector<std::int32_t> counts;
};

/// Rows that own their arrays.
struct Lists {
  std::vector<std::int64_t> indptr{0};
  std::vector<std::int32_t> indices;

  void add(const std::vector<std::int32_t>& row) {
    indices.insert(indices.end(), row.begin(), row.end());
    indptr.push_back(static_cast<std::int64_t>(indices.size()));
  }

  std::int64_t n_rows() const { return static_cast<std::int64_t>(indptr.size()) - 1; }

  std::vector<std::int32_t> row(std::int64_t r) const {
    return {indices.begin() + indptr[static_cast<std::size_t>(r)],
            indices.begin() + indptr[static_cast<std::size_t>(r) + 1]};
  }

  Rows view() const {
    return {indptr.data(), indices.data(), n_rows(), static_cast<std::int64_t>(indices.size())};
  }
};

/// Random rows that hold each column with a probability; every fifth row is empty.
inline Lists random_lists(std::int64_t n_rows, std::int64_t n_columns, double chance,
                          Random& random) {
  Lists out;
  for (std::int64_t r = 0; r < n_rows; ++r) {
    std::vector<std::int32_t> row;
    for (std::int64_t c = 0; c < n_columns && r % 5 != 4; ++c)
      if (random.unit() < chance) row.push_back(static_cast<std::int32_t>(c));
    out.add(row);
  }
  return out;
}

}  // namespace penchant::tests

/// A test of both kinds of factors on every instruction set.
#define TEST_BOTH(NAME, CHECK_IT)                                \
  TEST(NAME) {                                                   \
    on_every_isa([] { CHECK_IT<float>(), CHECK_IT<double>(); }); \
  }
