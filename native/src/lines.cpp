#include "lines.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <version>

namespace penchant {
namespace {

constexpr std::int64_t kMargin = 1 << 12;  // bytes read beyond a chunk; most lines end within them

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Returns the byte after the first line feed from `at` on, or null.
const char* after_feed(const char* at, const char* end) {
  if (at == end) return nullptr;
  const auto* feed =
      static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
  return feed ? feed + 1 : nullptr;
}

/// Parses numbers with many digits or an exponent. Lines with them are irregular if the standard
/// library cannot parse them.
bool parse_long_number([[maybe_unused]] std::string_view text, [[maybe_unused]] double& number) {
// libc++ has it for double, but does not define the macro of the standard
#if defined(__cpp_lib_to_chars) || _LIBCPP_AVAILABILITY_HAS_FROM_CHARS_FLOATING_POINT
  const auto* end = text.data() + text.size();
  const auto* digits = text.data() + (text.starts_with('-') ? 1 : 0);
  // from_chars would accept "inf" and "nan" as well
  if (digits == end || (!is_digit(*digits) && *digits != '.')) return false;
  const auto found = std::from_chars(text.data(), end, number);
  return found.ec == std::errc{} && found.ptr == end && std::isfinite(number);
#else
  return false;
#endif
}

}  // namespace

std::string_view lines_of(File& file, std::int64_t first, std::int64_t last, std::int64_t begin,
                          std::int64_t end, std::vector<char>& buffer) {
  // from the byte before, which tells whether a line begins at `begin`
  const auto from = std::max(first, begin - 1);
  const auto wanted = [&](std::int64_t margin) {
    return std::min(last - from, end - from + margin);
  };
  std::int64_t size = 0;
  for (auto margin = kMargin;; margin *= 8) {
    const auto more = wanted(margin);
    if (static_cast<std::int64_t>(buffer.size()) < more) {
      buffer.resize(static_cast<std::size_t>(more));
    }
    const auto got = file.read(from + size, buffer.data() + size, more - size);
    const bool all = got < more - size || from + more == last;
    size += got;
    const auto* data = buffer.data();
    const auto* stop = data + size;
    const auto* at = begin > first ? after_feed(data, stop) : data;
    if (at == nullptr || at - data >= end - from) return {};  // no line begins here
    const auto inside = std::min(size, end - from - 1);
    if (const auto* done = after_feed(data + inside, stop)) {
      return {at, static_cast<std::size_t>(done - at)};
    }
    if (all) return {at, static_cast<std::size_t>(stop - at)};
  }
}

Splitter::Splitter(std::string sep, int width)
    : sep_(std::move(sep)), begins_(static_cast<std::size_t>(width) + 1) {}

bool Splitter::split(std::string_view line) {
  line_ = line;
  const auto width = begins_.size() - 1;
  for (std::size_t field = 1; field < width; ++field) {
    const auto found = next(begins_[field - 1]);
    if (found == std::string_view::npos) return false;
    begins_[field] = found + sep_.size();
  }
  begins_[width] = line.size() + sep_.size();
  return next(begins_[width - 1]) == std::string_view::npos;
}

std::size_t Splitter::next(std::size_t from) const {
  return sep_.size() == 1 ? line_.find(sep_[0], from) : line_.find(sep_, from);
}

bool parse_number(std::string_view text, double& number) {
  // integers of 15 digits and these powers of ten are exact as a double, so there is one rounding
  static constexpr double kTens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = text.starts_with('-');
  std::int64_t digits = 0;
  int n = 0, behind_point = 0;
  bool pointed = false;
  for (const char c : text.substr(negative ? 1 : 0)) {
    if (c == '.' && !pointed) {
      pointed = true;
    } else if (is_digit(c) && n < 15) {
      digits = digits * 10 + (c - '0');
      behind_point += pointed;
      ++n;
    } else {
      return parse_long_number(text, number);
    }
  }
  if (n == 0) return false;
  number = static_cast<double>(digits) / kTens[behind_point];
  if (negative) number = -number;
  return true;
}

bool parse_integer(std::string_view text, std::int64_t& number) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.size() > 18 || !std::all_of(text.begin(), text.end(), is_digit)) {
    return false;
  }
  number = 0;
  for (const char c : text) number = number * 10 + (c - '0');
  if (negative) number = -number;
  return true;
}

}  // namespace penchant
