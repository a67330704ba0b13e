// random.hpp: streams differ, permutations hold every number once.
#include <algorithm>

#include "penchant/random.hpp"
#include "problems.hpp"

using namespace penchant;

TEST(an_order_holds_every_number_once) {
  for (const std::int64_t n : {1, 2, 3, 5, 64, 65, 1000, 4097}) {
    for (const std::uint64_t seed : {0U, 1U, 99U}) {
      const Permutation order(n, seed);
      std::vector<std::int64_t> seen;
      for (std::int64_t place = 0; place < n; ++place) seen.push_back(order[place]);
      std::sort(seen.begin(), seen.end());
      for (std::int64_t place = 0; place < n; ++place)
        CHECK_EQUAL(seen[static_cast<std::size_t>(place)], place);
    }
  }
}

TEST(orders_look_random) {
  constexpr std::int64_t n = 5000;
  const Permutation one(n, 1), other(n, 2);
  std::int64_t same = 0, rising = 0, near = 0;
  for (std::int64_t place = 0; place + 1 < n; ++place) {
    same += one[place] == other[place];
    rising += one[place] < one[place + 1];
    near += std::abs(one[place] - one[place + 1]) < n / 10;
  }
  CHECK(same < 20);
  CHECK(rising > 2300 && rising < 2700);
  CHECK(near > 800 && near < 1100);  // 19 % of 5000
}

TEST(draws_are_even) {
  std::vector<int> counts(10, 0);
  for (std::uint64_t number = 0; number < 1000; ++number) {
    Stream stream(7, number);
    for (int draw = 0; draw < 10; ++draw) ++counts[static_cast<std::size_t>(stream.below(10))];
  }
  for (const int count : counts) CHECK(count > 880 && count < 1120);
}
