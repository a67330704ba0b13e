// A scan of every byte of a text file: line ends, control characters, invalid UTF-8.
#pragma once

#include <cstdint>
#include <string>

#include "penchant/parallel.hpp"

namespace penchant {

/// Results of a scan; offsets are from the file's beginning, −1 for none.
struct Scan {
  std::int64_t lf = 0;         // "\n", also those after a "\r"
  std::int64_t cr = 0;         // "\r", also those before a "\n"
  std::int64_t crlf = 0;       // "\r\n"
  std::uint32_t controls = 0;  // bit c: the byte c, below 32, occurs
  bool holds_quote = false;
  bool ends_open = false;     // the last line has no line end
  std::int64_t bad = -1;      // offset of the first invalid UTF-8 sequence
  std::int64_t nul = -1;      // offset of the first NUL
  std::int64_t endless = -1;  // approximate offset where the first line exceeds the limit
};

/// Scans the bytes [begin, end) of a file, in chunks of `chunk` bytes. `quote` is empty or
/// one character in UTF-8; a line may be `longest` bytes long.
Scan scan(const std::string& path, std::int64_t begin, std::int64_t end, const std::string& quote,
          std::int64_t longest, std::int64_t chunk, int threads, const Poll& poll);

}  // namespace penchant
