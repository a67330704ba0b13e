// memory.hpp: blocks are aligned, complete and freed.
#include "penchant/memory.hpp"
#include "problems.hpp"

using namespace penchant;

template <class T>
void write_all() {
  for (const std::int64_t n : {0, 1, 7, 64, 1000}) {
    auto block = make_buffer<T>(n);
    CHECK(block != nullptr);
    CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(block.get()) % 64, 0U);
    for (std::int64_t i = 0; i < n; ++i) block[static_cast<std::size_t>(i)] = static_cast<T>(i);
    if (n > 0) CHECK_EQUAL(block[static_cast<std::size_t>(n - 1)], static_cast<T>(n - 1));
    block.reset();
    CHECK(!block);
  }
}

TEST(blocks_are_aligned_and_whole) {
  write_all<char>();
  write_all<float>();
  write_all<double>();
  write_all<std::int64_t>();
}
