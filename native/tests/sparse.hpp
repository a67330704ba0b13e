// Arrays of more than 2^31 entries without the memory for them: pages that are never written take
// none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

namespace penchant::tests {

/// n zeros, with `content` copied to `begin`.
template <class T>
class Sparse {
 public:
  Sparse(std::int64_t n, std::int64_t begin, const std::vector<T>& content)
      : bytes_(static_cast<std::size_t>(n) * sizeof(T)) {
#if defined(__unix__) || defined(__APPLE__)
    void* got = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got != MAP_FAILED) data_ = static_cast<T*>(got);
#endif
    if (data_) std::copy(content.begin(), content.end(), data_ + begin);
  }
  Sparse(const Sparse&) = delete;
  Sparse& operator=(const Sparse&) = delete;
  ~Sparse() {
#if defined(__unix__) || defined(__APPLE__)
    if (data_) munmap(data_, bytes_);
#endif
  }

  /// False if the system does not overcommit memory.
  explicit operator bool() const {
    if (!data_) std::printf("left out: no address space for %zu bytes\n", bytes_);
    return data_ != nullptr;
  }
  T* data() const { return data_; }

 private:
  T* data_ = nullptr;
  std::size_t bytes_;
};

}  // namespace penchant::tests
