// A reader of delimited text that merges its rows into a matrix of users × items.
//
// It parses regular lines only: those with the right number of fields, nonempty ids and decimal
// numbers. All other lines are irregular: the caller takes them, parses them, and fills in the
// valid rows among them. Each line keeps its place, so that nothing depends on threads or chunks.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penchant/interner.hpp"
#include "penchant/parallel.hpp"

namespace penchant {

/// The separator and number of fields of a line, and the fields to read, from 0; −1 for none.
struct LineLayout {
  std::string sep;
  int width = 0;
  int user = -1, item = -1, value = -1, time = -1;
};

/// How rows of the same user and item are merged.
enum class MergePolicy { binary, sum, max, mean, last };

/// Output arrays of the matrix: `indptr` has n_users + 1 entries, the others one per valid row;
/// `times` is null if none are read.
struct CsrOutput {
  std::int64_t* indptr;
  std::int32_t* indices;
  float* values;
  std::int64_t* times;
};

/// Counts of merged rows.
struct Merged {
  std::int64_t pairs = 0;       // distinct pairs
  std::int64_t cancelled = 0;   // pairs that sum to 0 and are not stored
  std::int64_t overflowed = 0;  // pairs whose value exceeds float32
  std::int64_t duplicate_user = -1, duplicate_item = -1,
               duplicate_rows = 0;  // the first repeated pair
};

/// The rows of one chunk of lines, a row per line; `kHole` is the user of a line without a row.
struct RowPart {
  static constexpr std::uint32_t kHole = 0xffffffff;

  std::vector<std::uint32_t> users, items;  // numbers of the interners
  std::vector<float> values;                // in `wide` instead if float32 cannot hold one of them
  std::vector<double> wide;
  std::vector<std::int64_t> times;
  std::int64_t valid = 0, blank = 0, zeros = 0;
  std::vector<std::uint32_t> irregular_rows;
  std::string irregular_text;  // one line each

  std::int64_t bytes() const;
  double value(std::size_t row) const {
    return !wide.empty() ? wide[row] : !values.empty() ? values[row] : 1.0;
  }
};

/// Reads regular lines of delimited text in parallel and merges them into a matrix.
class LogReader {
 public:
  /// `memory` limits the bytes of rows and ids.
  LogReader(bool valued, bool timed, std::int64_t memory);

  /// Reads the lines of the bytes [begin, end) of a file, in chunks of about `chunk` bytes.
  /// Returns false if they exceed the memory or too many are irregular; the reader is unusable
  /// then.
  bool read(const std::string& path, std::int64_t begin, std::int64_t end, const LineLayout& layout,
            std::int64_t chunk, int threads, const Poll& poll);

  /// Irregular lines: their numbers within the lines read, and their text.
  struct Irregular {
    std::vector<std::int64_t> lines;
    std::string text;
  };

  /// Returns the irregular lines since the last call.
  Irregular take_irregular();

  /// Puts rows in the place of irregular lines, by their number among all irregular lines taken.
  /// Ids are joined by line feeds; values and times may be null where none are read.
  void fill(const std::int64_t* irregular, std::int64_t n, std::string_view users,
            std::string_view items, const double* values, const std::int64_t* times);

  struct Counts {
    std::int64_t lines = 0, valid = 0, blank = 0, zeros = 0, irregular = 0;
  };

  /// Counts the lines read.
  Counts counts() const;

  /// Sorts the ids; no rows can be read or filled in afterwards.
  void sort_ids(int threads, const Poll& poll);
  const Interner::Order& users() const { return user_order_; }
  const Interner::Order& items() const { return item_order_; }

  /// Merges the rows into the matrix and frees them; can be called once.
  Merged merge(MergePolicy policy, const CsrOutput& out, int threads, const Poll& poll);

 private:
  struct Place {
    std::size_t part;
    std::uint32_t row;
  };

  bool valued_, timed_;
  std::int64_t memory_;
  std::atomic<std::int64_t> used_{0}, irregular_bytes_{0};
  std::unique_ptr<Interner> user_ids_, item_ids_;
  Interner::Order user_order_, item_order_;
  std::vector<RowPart> parts_;
  std::size_t taken_ = 0;  // parts whose irregular lines were taken
  std::vector<Place> irregular_places_;
};

}  // namespace penchant
