// Reading parts of a file by offset, with one open file per thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace penchant {

/// A file read by one thread. Bytes that cannot be read count as the end of the file: callers
/// compare the number of bytes with the expected one. Not an std::ifstream: without a buffer,
/// libc++ reads it byte by byte.
class File {
 public:
  /// Opens a file; `path` is UTF-8.
  explicit File(const std::string& path);

  /// Reads up to n bytes from an offset on; returns the number of bytes read.
  std::int64_t read(std::int64_t offset, char* to, std::int64_t n);

 private:
  struct Close {
    void operator()(std::FILE* stream) const { std::fclose(stream); }
  };

  std::unique_ptr<std::FILE, Close> stream_;
};

}  // namespace penchant
