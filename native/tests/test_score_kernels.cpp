// score_kernels.hpp: every inner loop, on blocks of the exact size.
#include <cstring>
#include <limits>

#include "penchant/memory.hpp"
#include "penchant/score_kernels.hpp"
#include "penchant/scores.hpp"
#include "problems.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();

template <class T>
bool same_bits(const T* a, const T* b, std::int64_t n) {
  return std::memcmp(a, b, static_cast<std::size_t>(n) * sizeof(T)) == 0;
}

/// Random integers with some NaN and infinities.
template <class T>
std::vector<T> special_numbers(std::int64_t n, Random& random) {
  auto out = random.small_integers<T>(n);
  for (auto& number : out) {
    const auto kind = random.below(12);
    if (kind == 0) number = nan<T>;
    if (kind == 1) number = infinity<T>;
    if (kind == 2) number = -infinity<T>;
  }
  return out;
}

template <class T>
void check_tile_and_dots() {
  Random random(1);
  const auto& kernels = score_kernels<T>();
  const std::int64_t width = kernels.panel_items;
  for (const std::int64_t f : {0, 1, 3, 8, 33}) {
    const auto items = random.numbers<T>(width * f);
    auto panel = make_buffer<T>(width * f);
    for (std::int64_t item = 0; item < width; ++item)
      for (std::int64_t k = 0; k < f; ++k) panel[k * width + item] = items[item * f + k];
    for (int rows = 1; rows <= kernels.tile_rows; ++rows) {
      const auto queries = random.numbers<T>(rows * f);
      const std::int64_t stride = width + 5;
      auto tile = make_buffer<T>((rows - 1) * stride + width);
      kernels.tile(queries.data(), rows, f, panel.get(), tile.get(), stride);
      for (int row = 0; row < rows; ++row) {
        auto dots = make_buffer<T>(width);
        kernels.dots(queries.data() + row * f, items.data(), nullptr, width, f, dots.get());
        CHECK(same_bits(dots.get(), tile.get() + row * stride, width));
        for (std::int64_t item = 0; item < width; ++item) {
          double exact = 0;
          for (std::int64_t k = 0; k < f; ++k)
            exact += static_cast<double>(queries[row * f + k]) *
                     static_cast<double>(items[item * f + k]);
          CHECK_NEAR(dots[item], exact, sizeof(T) == 4 ? 1e-5 : 1e-13);
        }
      }
    }
  }
}

template <class T>
void check_dots_by_code() {
  Random random(2);
  const std::int64_t f = 5, n_items = 40;
  const auto items = random.numbers<T>(n_items * f), query = random.numbers<T>(f);
  std::vector<T> all(n_items);
  score_kernels<T>().dots(query.data(), items.data(), nullptr, n_items, f, all.data());
  for (const std::int64_t n : {0, 1, 7, 8, 9, 31}) {
    std::vector<std::int32_t> codes;
    for (std::int64_t j = 0; j < n; ++j)
      codes.push_back(static_cast<std::int32_t>(random.below(n_items)));
    auto out = make_buffer<T>(n);
    score_kernels<T>().dots(query.data(), items.data(), codes.data(), n, f, out.get());
    for (std::int64_t j = 0; j < n; ++j) CHECK_EQUAL(out[j], all[codes[j]]);
  }
}

template <class T>
void check_find_above() {
  Random random(3);
  for (std::int64_t n = 0; n < 70; ++n) {
    const auto numbers = special_numbers<T>(n, random);
    auto scores = make_buffer<T>(n);
    std::copy(numbers.begin(), numbers.end(), scores.get());
    for (const T bound : {-infinity<T>, T(-1), T(0), T(2), infinity<T>}) {
      auto positions = make_buffer<std::int32_t>(n);
      const auto found = score_kernels<T>().find_above(scores.get(), n, bound, positions.get());
      std::int64_t expected = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        if (!(numbers[j] > bound)) continue;
        if (expected < found) CHECK_EQUAL(positions[expected], j);
        ++expected;
      }
      CHECK_EQUAL(found, expected);
    }
  }
}

template <class T>
void check_count() {
  Random random(4);
  for (std::int64_t n = 0; n < 70; n += n < 20 ? 1 : 7) {
    const auto numbers = special_numbers<T>(n, random);
    auto scores = make_buffer<T>(n);
    std::copy(numbers.begin(), numbers.end(), scores.get());
    const std::vector<T> bounds{-infinity<T>, T(-2), T(0), T(1), infinity<T>};
    for (std::size_t m = 0; m <= bounds.size(); ++m) {
      std::vector<std::int64_t> above(bounds.size(), 100), equal(bounds.size(), 200);  // it adds
      score_kernels<T>().count(scores.get(), n, bounds.data(), static_cast<std::int64_t>(m),
                               above.data(), equal.data());
      for (std::size_t b = 0; b < m; ++b) {
        for (const T number : numbers) {
          above[b] -= number > bounds[b];
          equal[b] -= number == bounds[b];
        }
      }
      CHECK(std::count(above.begin(), above.end(), 100) == std::ssize(above));
      CHECK(std::count(equal.begin(), equal.end(), 200) == std::ssize(equal));
    }
  }
}

template <class T>
void check_sink_nan() {
  Random random(5);
  for (std::int64_t n = 0; n < 40; ++n) {
    const auto numbers = special_numbers<T>(n, random);
    auto scores = make_buffer<T>(n);
    std::copy(numbers.begin(), numbers.end(), scores.get());
    score_kernels<T>().sink_nan(scores.get(), n);
    for (std::int64_t j = 0; j < n; ++j)
      CHECK_EQUAL(scores[j], std::isnan(numbers[j]) ? -infinity<T> : numbers[j]);
  }
}

}  // namespace

TEST_BOTH(a_tile_has_the_bits_of_dots, check_tile_and_dots)
TEST_BOTH(dots_take_items_by_code, check_dots_by_code)
TEST_BOTH(find_above_finds_all_and_no_nan, check_find_above)
TEST_BOTH(count_adds_above_and_equal, check_count)
TEST_BOTH(sink_nan_leaves_the_rest, check_sink_nan)
