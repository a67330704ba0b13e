#include "penchant/interner.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace penchant {
namespace {

constexpr std::size_t kFirstBlock = 1 << 12, kLargestBlock = 1 << 18;
constexpr std::size_t kMaxTexts = std::size_t{1} << 24;  // per shard

std::uint64_t load(const char* from, std::size_t n) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, n);
  return word;
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  a ^= b * 0x9e3779b97f4a7c15u;
  a = (a ^ (a >> 32)) * 0xd6e8feb86659fd93u;
  return a ^ (a >> 29);
}

/// Hashes a text, eight bytes at a time.
std::uint64_t hash(std::string_view text) {
  auto h = mix(text.size(), 0x2545f4914f6cdd1du);
  const char* at = text.data();
  auto left = text.size();
  for (; left > 8; at += 8, left -= 8) h = mix(h, load(at, 8));
  return mix(mix(h, load(at, left)), h >> 32);
}

/// Returns the first eight bytes as a number that compares like the text.
std::uint64_t prefix(std::string_view text) {
  std::uint64_t key = 0;
  const auto n = std::min<std::size_t>(8, text.size());
  for (std::size_t i = 0; i < n; ++i) {
    key |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (56 - 8 * i);
  }
  return key;
}

/// A text with its number, ordered by the text.
struct Named {
  std::uint64_t prefix;
  std::string_view text;
  Interner::Number number;

  bool operator<(const Named& other) const {
    return prefix != other.prefix ? prefix < other.prefix : text < other.text;
  }
};

}  // namespace

std::uint32_t Interner::Shard::find_or_add(std::string_view text, std::uint32_t tag) {
  if (texts_.size() * 2 >= slots_.size()) grow();
  const auto mask = slots_.size() - 1;
  auto at = tag & mask;
  for (; slots_[at].index != 0; at = (at + 1) & mask) {
    if (slots_[at].tag == tag && texts_[slots_[at].index - 1] == text) return slots_[at].index - 1;
  }
  if (texts_.size() >= kMaxTexts)
    throw std::length_error("too many distinct ids: about 2^30 can be numbered");
  texts_.push_back(keep(text));
  slots_[at] = {tag, static_cast<std::uint32_t>(texts_.size())};
  return slots_[at].index - 1;
}

void Interner::Shard::grow() {
  std::vector<Slot> wider(std::max<std::size_t>(64, slots_.size() * 2));
  const auto mask = wider.size() - 1;
  for (const auto& slot : slots_) {
    if (slot.index == 0) continue;
    auto at = slot.tag & mask;
    while (wider[at].index != 0) at = (at + 1) & mask;
    wider[at] = slot;
  }
  slots_.swap(wider);
}

std::string_view Interner::Shard::keep(std::string_view text) {
  if (block_size_ - block_used_ < text.size()) {
    block_size_ = std::max(text.size(), std::clamp(held_, kFirstBlock, kLargestBlock));
    blocks_.push_back(std::make_unique<char[]>(block_size_));
    block_used_ = 0;
    held_ += block_size_;
  }
  auto* copy = blocks_.back().get() + block_used_;
  std::memcpy(copy, text.data(), text.size());
  block_used_ += text.size();
  return {copy, text.size()};
}

std::int64_t Interner::Shard::bytes() const {
  return static_cast<std::int64_t>(held_ + slots_.capacity() * sizeof(Slot) +
                                   texts_.capacity() * sizeof(std::string_view));
}

void Interner::intern(const std::vector<std::string_view>& texts, Number* numbers,
                      Scratch& scratch) {
  // shard by shard: a shard fits the cache, and its lock is acquired once
  std::array<std::uint32_t, kShards + 1> begins{};
  scratch.hashes.resize(texts.size());
  scratch.sorted.resize(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    scratch.hashes[i] = hash(texts[i]);
    ++begins[(scratch.hashes[i] >> 58) + 1];
  }
  for (std::size_t shard = 0; shard < kShards; ++shard) begins[shard + 1] += begins[shard];
  auto next = begins;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    scratch.sorted[next[scratch.hashes[i] >> 58]++] = static_cast<std::uint32_t>(i);
  }
  for (std::uint32_t number = 0; number < kShards; ++number) {
    if (begins[number] == begins[number + 1]) continue;
    auto& shard = shards_[number];
    const std::lock_guard guard(shard.lock);
    const auto before = shard.bytes();
    for (auto i = begins[number]; i < begins[number + 1]; ++i) {
      const auto text = scratch.sorted[i];
      const auto tag = static_cast<std::uint32_t>(scratch.hashes[text]);
      numbers[text] = shard.find_or_add(texts[text], tag) * kShards + number;
    }
    bytes_.fetch_add(shard.bytes() - before, std::memory_order_relaxed);
  }
}

Interner::Order Interner::order() const {
  Order made;
  std::vector<Named> all;
  std::size_t length = 0;
  for (std::uint32_t number = 0; number < kShards; ++number) {
    const auto& texts = shards_[number].texts();
    made.codes.emplace_back(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      all.push_back({prefix(texts[i]), texts[i], static_cast<Number>(i * kShards + number)});
      length += texts[i].size() + 1;
    }
  }
  std::sort(all.begin(), all.end());
  made.n_texts = static_cast<std::int64_t>(all.size());
  made.joined.reserve(length);
  for (std::size_t place = 0; place < all.size(); ++place) {
    const auto number = all[place].number;
    made.codes[number % kShards][number / kShards] = static_cast<std::int32_t>(place);
    if (place > 0) made.joined += '\n';
    made.joined += all[place].text;
  }
  return made;
}

}  // namespace penchant
