// Numbering of distinct texts: a hash table in shards, each with its own lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace penchant {

/// Assigns numbers to texts, which are copied. Numbers depend on the timing of threads; `order`
/// maps them to places in sorted order, which do not.
class Interner {
 public:
  using Number = std::uint32_t;

  /// Scratch of one thread for `intern`.
  struct Scratch {
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint32_t> sorted;
  };

  /// Writes the numbers of texts, adding those that are new. Several threads may call it at once.
  /// Throws std::length_error beyond 2³⁰ texts.
  void intern(const std::vector<std::string_view>& texts, Number* numbers, Scratch& scratch);

  /// Returns the approximate memory in bytes.
  std::int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  /// The texts sorted by their bytes, joined by line feeds, and the place of each number.
  struct Order {
    std::string joined;
    std::int64_t n_texts = 0;
    std::vector<std::vector<std::int32_t>> codes;  // by shard and index

    /// Returns the place of a text among the sorted ones.
    std::int32_t code(Number number) const { return codes[number % kShards][number / kShards]; }
  };

  /// Sorts the texts. No thread may intern meanwhile.
  Order order() const;

 private:
  static constexpr std::uint32_t kShards = 64;

  struct Slot {
    std::uint32_t tag = 0;    // the low half of the hash
    std::uint32_t index = 0;  // of the text, plus 1; 0 if free
  };

  class Shard {
   public:
    std::uint32_t find_or_add(std::string_view text, std::uint32_t tag);
    const std::vector<std::string_view>& texts() const { return texts_; }
    std::int64_t bytes() const;

    std::mutex lock;

   private:
    void grow();
    std::string_view keep(std::string_view text);

    std::vector<Slot> slots_;
    std::vector<std::string_view> texts_;
    std::vector<std::unique_ptr<char[]>> blocks_;
    std::size_t block_size_ = 0, block_used_ = 0, held_ = 0;
  };

  std::array<Shard, kShards> shards_;
  std::atomic<std::int64_t> bytes_{0};
};

}  // namespace penchant
