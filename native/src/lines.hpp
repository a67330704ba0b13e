// Parsing of delimited text: lines of a chunk of a file, fields of a line, numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penchant/file.hpp"

namespace penchant {

/// Reads the lines that begin in [begin, end) of a file with the bytes [first, last).
///
/// The last line may have no line feed. The result is valid until the next call with the buffer.
std::string_view lines_of(File& file, std::int64_t first, std::int64_t last, std::int64_t begin,
                          std::int64_t end, std::vector<char>& buffer);

/// Splits lines by a separator, from left to right.
class Splitter {
 public:
  Splitter(std::string sep, int width);

  /// Splits a line; returns false unless it has `width` fields.
  bool split(std::string_view line);
  std::string_view field(int number) const {
    const auto n = static_cast<std::size_t>(number);
    return line_.substr(begins_[n], begins_[n + 1] - begins_[n] - sep_.size());
  }

 private:
  std::size_t next(std::size_t from) const;

  std::string sep_;
  std::string_view line_;
  std::vector<std::size_t> begins_;  // of fields, and of one beyond the last
};

/// Parses a decimal number such as −12.5 or 1e5, rounded correctly; returns false for other text.
bool parse_number(std::string_view text, double& number);

/// Parses an integer of up to 18 digits; returns false for other text.
bool parse_integer(std::string_view text, std::int64_t& number);

}  // namespace penchant
