#include "penchant/file.hpp"

#if defined(_WIN32)
#include <filesystem>
#endif

namespace penchant {
namespace {

std::FILE* open(const std::string& path) {
#if defined(_WIN32)
  return _wfopen(std::filesystem::path(std::u8string(path.begin(), path.end())).c_str(), L"rb");
#else
  return std::fopen(path.c_str(), "rb");
#endif
}

int seek(std::FILE* stream, std::int64_t offset) {
#if defined(_WIN32)
  return _fseeki64(stream, offset, SEEK_SET);
#else
  return fseeko(stream, offset, SEEK_SET);
#endif
}

}  // namespace

File::File(const std::string& path) : stream_(open(path)) {
  if (stream_) std::setvbuf(stream_.get(), nullptr, _IONBF, 0);  // blocks are large
}

std::int64_t File::read(std::int64_t offset, char* to, std::int64_t n) {
  if (!stream_ || n <= 0 || seek(stream_.get(), offset) != 0) return 0;
  return static_cast<std::int64_t>(std::fread(to, 1, static_cast<std::size_t>(n), stream_.get()));
}

}  // namespace penchant
