#include "penchant/log_reader.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "lines.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kMaxIrregularBytes = 8 << 20;  // bytes of irregular lines
constexpr double kLargest = 3.4028234663852886e38;    // of float32

/// Thrown to end a loop; never leaves LogReader::read.
struct TooLarge {};

template <class T>
std::int64_t bytes_of(const std::vector<T>& entries) {
  return static_cast<std::int64_t>(entries.capacity() * sizeof(T));
}

bool fits_float(double number) { return static_cast<double>(static_cast<float>(number)) == number; }

/// The ids of one column of a chunk; consecutive rows with the same id store it once.
class IdColumn {
 public:
  void clear() {
    texts_.clear();
    text_of_row_.clear();
  }
  std::size_t size() const { return text_of_row_.size(); }
  void hole() { text_of_row_.push_back(RowPart::kHole); }
  void add(std::string_view id) {
    if (texts_.empty() || texts_.back() != id) texts_.push_back(id);
    text_of_row_.push_back(static_cast<std::uint32_t>(texts_.size() - 1));
  }
  std::vector<std::uint32_t> numbers(Interner& ids) {
    found_.resize(texts_.size());
    ids.intern(texts_, found_.data(), scratch_);
    std::vector<std::uint32_t> out(text_of_row_);
    for (auto& entry : out) {
      if (entry != RowPart::kHole) entry = found_[entry];
    }
    return out;
  }

 private:
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> text_of_row_;
  std::vector<Interner::Number> found_;
  Interner::Scratch scratch_;
};

/// Parses chunks of lines into parts; one per thread.
class Reader {
 public:
  Reader(const std::string& path, const LineLayout& layout, bool valued, bool timed)
      : file(path),
        layout_(layout),
        splitter_(layout.sep, layout.width),
        valued_(valued),
        timed_(timed) {}

  /// Parses lines and numbers their ids.
  RowPart read(std::string_view lines, Interner& user_ids, Interner& item_ids) {
    part_ = RowPart();
    users_.clear();
    items_.clear();
    values_.clear();
    times_.clear();
    all_fit_ = true;
    while (!lines.empty()) {
      const auto feed = lines.find('\n');
      auto line = lines.substr(0, feed);
      lines.remove_prefix(feed == std::string_view::npos ? lines.size() : feed + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      take(line);
    }
    part_.users = users_.numbers(user_ids);
    part_.items = items_.numbers(item_ids);
    part_.times.assign(times_.begin(), times_.end());
    if (all_fit_) {
      part_.values.assign(values_.begin(), values_.end());
    } else {
      part_.wide.assign(values_.begin(), values_.end());
    }
    return std::move(part_);
  }

  File file;
  std::vector<char> buffer;

 private:
  /// Appends the row of a line, or a hole.
  void take(std::string_view line) {
    double value = 1;
    std::int64_t time = 0;
    if (line.empty()) {
      ++part_.blank;
    } else if (!parse(line, value, time)) {
      part_.irregular_rows.push_back(static_cast<std::uint32_t>(users_.size()));
      part_.irregular_text.append(line).push_back('\n');
    } else if (static_cast<float>(value) == 0) {
      ++part_.zeros;
    } else {
      ++part_.valid;
      users_.add(splitter_.field(layout_.user));
      items_.add(splitter_.field(layout_.item));
      store(value, time);
      return;
    }
    users_.hole();
    items_.hole();
    store(0, 0);
  }

  /// Parses value and time; returns false if the line is irregular.
  bool parse(std::string_view line, double& value, std::int64_t& time) {
    if (!splitter_.split(line)) return false;
    if (splitter_.field(layout_.user).empty() || splitter_.field(layout_.item).empty()) {
      return false;
    }
    if (valued_ &&
        !(parse_number(splitter_.field(layout_.value), value) && std::abs(value) <= kLargest)) {
      return false;
    }
    return !timed_ || parse_integer(splitter_.field(layout_.time), time);
  }

  void store(double value, std::int64_t time) {
    if (valued_) {
      values_.push_back(value);
      all_fit_ &= fits_float(value);
    }
    if (timed_) times_.push_back(time);
  }

  LineLayout layout_;
  Splitter splitter_;
  bool valued_, timed_;
  RowPart part_;
  IdColumn users_, items_;
  std::vector<double> values_;
  std::vector<std::int64_t> times_;
  bool all_fit_ = true;
};

/// Splits n texts at line feeds.
std::vector<std::string_view> split_lines(std::string_view joined, std::int64_t n) {
  std::vector<std::string_view> out;
  while (static_cast<std::int64_t>(out.size()) < n) {
    const auto feed = joined.find('\n');
    out.push_back(joined.substr(0, feed));
    joined.remove_prefix(feed == std::string_view::npos ? joined.size() : feed + 1);
  }
  return out;
}

}  // namespace

std::int64_t RowPart::bytes() const {
  return bytes_of(users) + bytes_of(items) + bytes_of(values) + bytes_of(wide) + bytes_of(times) +
         bytes_of(irregular_rows) + static_cast<std::int64_t>(irregular_text.capacity());
}

LogReader::LogReader(bool valued, bool timed, std::int64_t memory)
    : valued_(valued),
      timed_(timed),
      memory_(memory),
      user_ids_(std::make_unique<Interner>()),
      item_ids_(std::make_unique<Interner>()) {}

bool LogReader::read(const std::string& path, std::int64_t begin, std::int64_t end,
                     const LineLayout& layout, std::int64_t chunk, int threads, const Poll& poll) {
  if (!user_ids_)
    throw std::logic_error("LogReader::read: the ids are sorted already; read all files before");
  const auto n_chunks = std::max<std::int64_t>(0, end - begin + chunk - 1) / chunk;
  const auto before = parts_.size();
  parts_.resize(before + static_cast<std::size_t>(n_chunks));
  std::vector<std::unique_ptr<Reader>> readers;
  readers.reserve(static_cast<std::size_t>(threads));
  for (int worker = 0; worker < threads; ++worker) {
    readers.push_back(std::make_unique<Reader>(path, layout, valued_, timed_));
  }
  try {
    parallel_for(
        n_chunks, threads,
        [&](std::int64_t number, int worker) {
          auto& reader = *readers[static_cast<std::size_t>(worker)];
          const auto from = begin + number * chunk;
          const auto lines =
              lines_of(reader.file, begin, end, from, std::min(end, from + chunk), reader.buffer);
          auto& part = parts_[before + static_cast<std::size_t>(number)];
          part = reader.read(lines, *user_ids_, *item_ids_);
          const auto used = used_ += part.bytes();
          const auto irregular = irregular_bytes_ +=
              static_cast<std::int64_t>(part.irregular_text.size());
          if (irregular > kMaxIrregularBytes ||
              used + user_ids_->bytes() + item_ids_->bytes() > memory_) {
            throw TooLarge{};
          }
        },
        poll);
  } catch (const TooLarge&) {
    return false;
  }
  return true;
}

LogReader::Irregular LogReader::take_irregular() {
  Irregular irregular;
  std::int64_t line = 0;
  for (; taken_ < parts_.size(); ++taken_) {
    auto& part = parts_[taken_];
    for (const auto row : part.irregular_rows) {
      irregular.lines.push_back(line + row);
      irregular_places_.push_back({taken_, row});
    }
    irregular.text += part.irregular_text;
    part.irregular_text = std::string();
    line += static_cast<std::int64_t>(part.users.size());
  }
  return irregular;
}

void LogReader::fill(const std::int64_t* irregular, std::int64_t n, std::string_view users,
                     std::string_view items, const double* values, const std::int64_t* times) {
  if (!user_ids_)
    throw std::logic_error("LogReader::fill: the ids are sorted already; fill in rows before");
  if ((valued_ && !values) || (timed_ && !times))
    throw std::invalid_argument(
        "LogReader::fill: values or times are missing, but the reader reads them");
  const auto size = static_cast<std::size_t>(n);
  std::vector<std::uint32_t> user_numbers(size), item_numbers(size);
  Interner::Scratch scratch;
  user_ids_->intern(split_lines(users, n), user_numbers.data(), scratch);
  item_ids_->intern(split_lines(items, n), item_numbers.data(), scratch);
  for (std::size_t i = 0; i < size; ++i) {
    const auto [number, row] = irregular_places_.at(static_cast<std::size_t>(irregular[i]));
    auto& part = parts_[number];
    if (part.users[row] != RowPart::kHole)
      throw std::invalid_argument("LogReader::fill: irregular line " +
                                  std::to_string(irregular[i]) + " was filled in before");
    ++part.valid;
    part.users[row] = user_numbers[i];
    part.items[row] = item_numbers[i];
    if (timed_) part.times[row] = times[i];
    if (!valued_) continue;
    if (part.wide.empty() && !fits_float(values[i])) {
      part.wide.assign(part.values.begin(), part.values.end());
      part.values.clear();
    }
    if (part.wide.empty()) {
      part.values[row] = static_cast<float>(values[i]);
    } else {
      part.wide[row] = values[i];
    }
  }
}

LogReader::Counts LogReader::counts() const {
  Counts all;
  for (const auto& part : parts_) {
    all.lines += static_cast<std::int64_t>(part.users.size());
    all.valid += part.valid;
    all.blank += part.blank;
    all.zeros += part.zeros;
    all.irregular += static_cast<std::int64_t>(part.irregular_rows.size());
  }
  return all;
}

void LogReader::sort_ids(int threads, const Poll& poll) {
  parallel_for(
      2, threads,
      [&](std::int64_t side, int) {
        auto& ids = side == 0 ? user_ids_ : item_ids_;
        if (!ids) return;
        (side == 0 ? user_order_ : item_order_) = ids->order();
        ids.reset();
      },
      poll);
}

}  // namespace penchant
