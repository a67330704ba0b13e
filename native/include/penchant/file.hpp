// Reading parts of a file by offset, with one open file per thread.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace penchant {

/// A file read by one thread. Bytes that cannot be read count as the end of the file: callers
/// compare the number of bytes with the expected one.
class File {
 public:
  /// Opens a file; `path` is UTF-8.
  explicit File(const std::string& path);

  /// Reads up to n bytes from an offset on; returns the number of bytes read.
  std::int64_t read(std::int64_t offset, char* to, std::int64_t n);

 private:
  std::ifstream stream_;
};

}  // namespace penchant
