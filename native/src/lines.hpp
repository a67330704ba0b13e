// Lines of delimited text: cut from chunks of a file, split into fields, read as numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penchant/file.hpp"

namespace penchant {

/// The whole lines that begin in [begin, end) of a file that is read from `first` to `last`;
/// the last of them may have no line feed. They stay valid until the next call.
std::string_view lines_of(File& file, std::int64_t first, std::int64_t last, std::int64_t begin,
                          std::int64_t end, std::vector<char>& buffer);

/// Splits lines by a separator, from left to right.
class Splitter {
 public:
  Splitter(std::string sep, int width);

  /// False unless the line has as many fields as it should.
  bool split(std::string_view line);
  std::string_view field(int number) const {
    const auto n = static_cast<std::size_t>(number);
    return line_.substr(begins_[n], begins_[n + 1] - begins_[n] - sep_.size());
  }

 private:
  std::size_t next(std::size_t from) const;

  std::string sep_;
  std::string_view line_;
  std::vector<std::size_t> begins_;  // of fields, and of one more than there are
};

/// A plain decimal number such as −12.5 or 1e5, rounded correctly; false for all else.
bool parse_number(std::string_view text, double& number);

/// A whole number of up to 18 digits; false for all else.
bool parse_integer(std::string_view text, std::int64_t& number);

}  // namespace penchant
