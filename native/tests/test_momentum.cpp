// momentum.hpp: quantized factors and extrapolation.
#include "penchant/momentum.hpp"

#include <utility>

#include "solving.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

/// Quantizes factors, replaces them and extrapolates.
struct Moved {
  Moved(const std::vector<float>& was, const std::vector<float>& now, std::int64_t f,
        const std::vector<float>& rotation, float momentum, int threads) {
    Padded<float> side(was, f);
    std::vector<std::int16_t> values(side.data.size());
    std::vector<float> row_max(static_cast<std::size_t>(side.rows));
    const QuantizedFactors before{values.data(), row_max.data()};
    quantize_previous(std::as_const(side).view(), before, threads);
    side = Padded<float>(now, f);
    extrapolate(side.view(), before, rotation.data(), momentum, threads);
    factors = side.compact();
    extrapolate(side.view(), before, identity(f).data(), 1, threads);  // from `now`
    again = side.compact();
  }

  static std::vector<float> identity(std::int64_t f) {
    std::vector<float> out(static_cast<std::size_t>(f * f), 0);
    for (std::int64_t j = 0; j < f; ++j) out[static_cast<std::size_t>(j * f + j)] = 1;
    return out;
  }

  std::vector<float> factors, again;
};

void check_moves(std::int64_t rows, std::int64_t f) {
  Random random(13);
  const auto was = random.numbers<float>(rows * f), now = random.numbers<float>(rows * f);
  const auto rotation = random.numbers<float>(f * f);
  const Moved one(was, now, f, rotation, 0.5F, 1), three(was, now, f, rotation, 0.5F, 3);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t j = 0; j < f; ++j) {
      double rotated = 0, size = 1;
      for (std::int64_t i = 0; i < f; ++i) {
        rotated += static_cast<double>(was[r * f + i]) * rotation[i * f + j];
        size += std::abs(static_cast<double>(rotation[i * f + j]));
      }
      const auto at = static_cast<std::size_t>(r * f + j);
      CHECK_NEAR(one.factors[at], now[at] + 0.5 * (now[at] - rotated), 1e-4 * size);
      CHECK_NEAR(one.again[at], 2 * one.factors[at] - now[at], 1e-3 * size);
      CHECK_EQUAL(one.factors[at], three.factors[at]);
      CHECK_EQUAL(one.again[at], three.again[at]);
    }
  }
}

}  // namespace

TEST(factors_move_on_alike_whatever_the_threads) {
  on_every_isa([] {
    for (const std::int64_t rows : {0, 1, 255, 256, 257, 700})
      for (const std::int64_t f : {1, 7, 8, 33}) check_moves(rows, f);
  });
}
