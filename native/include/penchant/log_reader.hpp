// Rows of delimited text as they are read, and the matrix of users × items that they make.
//
// Only what is plain is understood here: lines with the right number of fields, ids that are
// there, decimal numbers. All other lines are irregular: they are handed out, and what is well
// among them is handed back. Each line keeps its place, so that nothing depends on threads or
// chunks.
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

/// How lines are split, and which fields are wanted, from 0; −1 for none.
struct LineLayout {
  std::string sep;
  int width = 0;
  int user = -1, item = -1, value = -1, time = -1;
};

/// What becomes of rows of the same user and item.
enum class MergePolicy { binary, sum, max, mean, last };

/// Where the matrix goes: `indptr` has a place more than there are users, the others as many as
/// there are rows; `times` is null where none were read.
struct CsrOutput {
  std::int64_t* indptr;
  std::int32_t* indices;
  float* values;
  std::int64_t* times;
};

/// What became of the rows.
struct Merged {
  std::int64_t pairs = 0;       // different ones
  std::int64_t cancelled = 0;   // that came to 0 and are not stored
  std::int64_t overflowed = 0;  // whose value no float32 holds
  std::int64_t duplicate_user = -1, duplicate_item = -1,
               duplicate_rows = 0;  // the first that came twice
};

/// The rows of one chunk of lines, a row a line; `kHole` stands for a user where there is none.
struct RowPart {
  static constexpr std::uint32_t kHole = 0xffffffff;

  std::vector<std::uint32_t> users, items;  // numbers of the interners
  std::vector<float> values;                // or else in `wide`, where a float32 can't hold one
  std::vector<double> wide;
  std::vector<std::int64_t> times;
  std::int64_t valid = 0, blank = 0, zeros = 0;
  std::vector<std::uint32_t> irregular_rows;
  std::string irregular_text;  // a line each

  std::int64_t bytes() const;
  double value(std::size_t row) const {
    return !wide.empty() ? wide[row] : !values.empty() ? values[row] : 1.0;
  }
};

class LogReader {
 public:
  /// `memory` is what rows and ids may take, in bytes.
  LogReader(bool valued, bool timed, std::int64_t memory);

  /// Reads the lines of the bytes [begin, end) of a file, in chunks of about `chunk` bytes.
  /// False if they are too many for the memory, or too many are irregular: then the log is of no
  /// use.
  bool read(const std::string& path, std::int64_t begin, std::int64_t end, const LineLayout& layout,
            std::int64_t chunk, int threads, const Poll& poll);

  /// The irregular lines since the last call: their numbers within what was read, and their text.
  struct Irregular {
    std::vector<std::int64_t> lines;
    std::string text;
  };
  Irregular take_irregular();

  /// Puts rows in the place of irregular lines, by their number among all irregular lines taken so
  /// far. Ids are joined by line feeds; values and times may be null where none are read.
  void fill(const std::int64_t* irregular, std::int64_t n, std::string_view users,
            std::string_view items, const double* values, const std::int64_t* times);

  struct Counts {
    std::int64_t lines = 0, valid = 0, blank = 0, zeros = 0, irregular = 0;
  };
  Counts counts() const;

  /// Puts the ids in order; no rows can be read or filled in afterwards.
  void sort_ids(int threads, const Poll& poll);
  const Interner::Order& users() const { return user_order_; }
  const Interner::Order& items() const { return item_order_; }

  /// Makes the matrix, once; the rows are gone afterwards.
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
