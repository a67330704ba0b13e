// Parts of a file, read by offset: each reader holds the file open for itself.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace penchant {

/// A file that is read by one thread. What can't be read, or is no longer there, counts as the
/// end of the file: callers compare what they got with what they expected.
class File {
 public:
  /// `path` is UTF-8.
  explicit File(const std::string& path);

  /// Reads up to n bytes from an offset on; returns how many there were.
  std::int64_t read(std::int64_t offset, char* to, std::int64_t n);

 private:
  std::ifstream stream_;
};

}  // namespace penchant
