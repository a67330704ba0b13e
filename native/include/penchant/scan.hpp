// One look at every byte of a text file: line ends, control characters, what is no UTF-8.
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
  std::uint32_t controls = 0;  // bit c: the byte c, below 32, is there
  bool holds_quote = false;
  bool ends_open = false;     // the last byte ends no line
  std::int64_t bad = -1;      // where the first sequence begins that is no UTF-8
  std::int64_t nul = -1;      // where the first NUL is
  std::int64_t endless = -1;  // where the first line goes beyond its limit, about
};

/// Looks through the bytes [begin, end) of a file, in chunks of `chunk` bytes. `quote` is empty or
/// one character in UTF-8; a line may be `longest` bytes long.
Scan scan(const std::string& path, std::int64_t begin, std::int64_t end, const std::string& quote,
          std::int64_t longest, std::int64_t chunk, int threads, const Poll& poll);

}  // namespace penchant
