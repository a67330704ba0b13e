#include "penchant/file.hpp"

#include <filesystem>

namespace penchant {

File::File(const std::string& path) {
  stream_.rdbuf()->pubsetbuf(nullptr, 0);  // unbuffered: blocks are large
  stream_.open(std::filesystem::path(std::u8string(path.begin(), path.end())), std::ios::binary);
}

std::int64_t File::read(std::int64_t offset, char* to, std::int64_t n) {
  stream_.clear();
  if (!stream_.seekg(offset)) return 0;
  stream_.read(to, n);
  return stream_.gcount();
}

}  // namespace penchant
