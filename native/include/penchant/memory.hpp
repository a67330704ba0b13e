// Aligned memory that is not initialized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace penchant {

inline constexpr std::align_val_t kCacheLine{64};

/// Deleter of aligned arrays.
struct FreeAligned {
  void operator()(void* block) const { ::operator delete[](block, kCacheLine); }
};

template <class T>
using Buffer = std::unique_ptr<T[], FreeAligned>;

/// Allocates n uninitialized entries of a trivial type, aligned to a cache line.
template <class T>
Buffer<T> make_buffer(std::int64_t n) {
  const auto bytes = static_cast<std::size_t>(n) * sizeof(T);
  return Buffer<T>(static_cast<T*>(::operator new[](bytes == 0 ? 1 : bytes, kCacheLine)));
}

}  // namespace penchant
