// interner.hpp: the seed of the hash decides about time only.
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "penchant/interner.hpp"

using namespace penchant;

namespace {

constexpr std::uint64_t kLow = 0x3ff, kShard = std::uint64_t{63} << 58;

/// Texts of one shard and one slot of a small table under this seed, and thus of one long chain.
std::vector<std::string> colliding(std::uint64_t seed, std::size_t n) {
  const KeyedHash hash(seed);
  const auto wanted = hash("item-0") & (kLow | kShard);
  std::vector<std::string> texts;
  for (std::uint64_t number = 0; texts.size() < n; ++number) {
    auto text = "item-" + std::to_string(number);
    if ((hash(text) & (kLow | kShard)) == wanted) texts.push_back(std::move(text));
  }
  return texts;
}

/// Numbers by order, after the texts came in batches.
std::vector<std::int32_t> codes_of(Interner& ids, const std::vector<std::string>& texts) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<Interner::Number> numbers(texts.size());
  Interner::Scratch scratch;
  ids.intern(views, numbers.data(), scratch);
  const auto order = ids.order();
  std::vector<std::int32_t> codes;
  for (const auto number : numbers) codes.push_back(order.code(number));
  return codes;
}

}  // namespace

TEST(texts_that_collide_under_one_seed_are_spread_by_another) {
  const auto texts = colliding(1, 300);
  std::set<std::uint64_t> same, other;
  for (const auto& text : texts) {
    same.insert(KeyedHash(1)(text) & (kLow | kShard));
    other.insert(KeyedHash(2)(text) & (kLow | kShard));
  }
  CHECK_EQUAL(same.size(), std::size_t{1});
  CHECK(other.size() > 290);
}

TEST(the_result_does_not_depend_on_the_seed) {
  auto texts = colliding(1, 300);
  for (const auto* text :
       {"", "a", "12345678", "123456789", "0123456789abcdef", "名前", "item-0"}) {
    texts.emplace_back(text);
  }
  Interner first(1), second(2), random;
  const auto expected = codes_of(first, texts);
  CHECK(codes_of(second, texts) == expected);
  CHECK(codes_of(random, texts) == expected);
  CHECK(first.order().joined == random.order().joined);
  CHECK_EQUAL(expected.back(), expected.front());  // "item-0" again
}

TEST(texts_that_differ_in_one_byte_or_in_length_differ_in_hash) {
  std::set<std::uint64_t> hashes;
  std::size_t n = 0;
  for (std::size_t length = 0; length <= 40; ++length) {
    for (std::size_t at = 0; at <= length; ++at, ++n) {
      std::string text(length, 'a');
      if (at < length) text[at] = 'b';
      hashes.insert(KeyedHash(3)(text));
    }
    if (length == 0) continue;
    hashes.insert(KeyedHash(3)(std::string(length, '\0')));
    ++n;
  }
  CHECK_EQUAL(hashes.size(), n);
}
