// log_reader.hpp, interner.hpp, scan.hpp: the same matrix for any threads and chunks.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>

#include "check.hpp"
#include "penchant/log_reader.hpp"
#include "penchant/scan.hpp"

using namespace penchant;

namespace {

/// A temporary file, removed by the destructor.
class TempFile {
 public:
  explicit TempFile(const std::string& text)
      : path_((std::filesystem::temp_directory_path() /
               ("penchant-test-" + std::to_string(std::rand()) + "-" + std::to_string(++made_)))
                  .string()),
        size_(static_cast<std::int64_t>(text.size())) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }
  std::int64_t size() const { return size_; }

 private:
  static inline int made_ = 0;
  std::string path_;
  std::int64_t size_;
};

struct Matrix {
  std::vector<std::int64_t> indptr;
  std::vector<std::int32_t> indices;
  std::vector<float> values;
  std::vector<std::int64_t> times;
  Merged merged;
  std::string users, items;

  bool operator==(const Matrix& other) const {
    return indptr == other.indptr && indices == other.indices && values == other.values &&
           times == other.times && users == other.users && items == other.items;
  }
};

Matrix matrix_of(LogReader& log, MergePolicy policy, int threads) {
  log.sort_ids(threads, {});
  const auto valid = static_cast<std::size_t>(log.counts().valid);
  Matrix out;
  out.indptr.resize(static_cast<std::size_t>(log.users().n_texts) + 1);
  out.indices.resize(valid);
  out.values.resize(valid);
  out.times.resize(valid);
  out.merged = log.merge(
      policy, {out.indptr.data(), out.indices.data(), out.values.data(), out.times.data()}, threads,
      {});
  const auto kept = static_cast<std::size_t>(out.indptr.back());
  out.indices.resize(kept);
  out.values.resize(kept);
  out.times.resize(kept);
  out.users = log.users().joined;
  out.items = log.items().joined;
  return out;
}

const LineLayout kLayout{"\t", 4, 0, 1, 2, 3};

/// Unsorted rows with repeated pairs, values that need a double, irregular and blank lines.
std::string many_rows(int n) {
  std::string text;
  for (int row = 0; row < n; ++row) {
    const int user = row * 7919 % 97, item = row * 104729 % 53;
    text += "user " + std::to_string(user) + "\ti" + std::to_string(item) + "\t" +
            (row % 11 == 0 ? "0.1" : std::to_string(row % 5)) + "\t" + std::to_string(row % 13);
    text += row % 3 == 0 ? "\r\n" : "\n";
    if (row % 17 == 0) text += "irregular\n";
    if (row % 29 == 0) text += "\n";
  }
  return text;
}

Matrix read_all(const TempFile& file, MergePolicy policy, std::int64_t chunk, int threads) {
  LogReader log(true, true, 1 << 30);
  CHECK(log.read(file.path(), 0, file.size(), kLayout, chunk, threads, {}));
  return matrix_of(log, policy, threads);
}

}  // namespace

TEST(threads_and_chunks_change_nothing) {
  const TempFile file(many_rows(3000));
  for (const auto policy : {MergePolicy::binary, MergePolicy::sum, MergePolicy::max,
                            MergePolicy::mean, MergePolicy::last}) {
    const auto wanted = read_all(file, policy, 1 << 20, 1);
    CHECK(wanted.merged.pairs > 1000);
    for (const int threads : {1, 2, 8}) {
      for (const std::int64_t chunk : {7, 100, 5000}) {
        CHECK(read_all(file, policy, chunk, threads) == wanted);
      }
    }
  }
}

TEST(rows_are_merged_by_their_policy) {
  const TempFile file("v\tb\t2\t1\nu\ta\t4\t9\nu\ta\t-1\t3\nu\tb\t1\t1\nu\tb\t-1\t2");
  const std::map<MergePolicy, std::vector<float>> wanted = {
      {MergePolicy::sum, {3, 2}},    {MergePolicy::binary, {1, 1}},   {MergePolicy::max, {4, 1, 2}},
      {MergePolicy::mean, {1.5, 2}}, {MergePolicy::last, {4, -1, 2}},
  };
  for (const auto& [policy, values] : wanted) {
    const auto found = read_all(file, policy, 3, 2);
    CHECK(found.values == values);
    CHECK(found.users == "u\nv");
    CHECK_EQUAL(found.merged.pairs, 3);
    CHECK_EQUAL(found.merged.duplicate_user, 0);
    CHECK_EQUAL(found.merged.duplicate_rows, 2);
    CHECK_EQUAL(found.times[0], 9);
  }
}

TEST(irregular_lines_are_handed_out_and_keep_their_place) {
  const TempFile file("u\ta\t1\t1\nu\ta\tseven\t1\n\nu\tb\nu\ta\t3\t1\n\tb\t0\t1\n");
  for (const std::int64_t chunk : {1, 10, 1000}) {
    LogReader log(true, true, 1 << 30);
    CHECK(log.read(file.path(), 0, file.size(), kLayout, chunk, 2, {}));
    const auto irregular = log.take_irregular();
    CHECK(irregular.lines == (std::vector<std::int64_t>{1, 3, 5}));
    CHECK(irregular.text == "u\ta\tseven\t1\nu\tb\n\tb\t0\t1\n");
    const std::vector<std::int64_t> which{0};
    const std::vector<double> value{0.7};
    const std::vector<std::int64_t> time{1};
    log.fill(which.data(), 1, "u", "a", value.data(), time.data());
    CHECK_THROWS(std::invalid_argument,
                 log.fill(which.data(), 1, "u", "a", value.data(), time.data()));
    const std::vector<std::int64_t> beyond{3};
    CHECK_THROWS(std::out_of_range,
                 log.fill(beyond.data(), 1, "u", "a", value.data(), time.data()));
    CHECK_EQUAL(log.counts().lines, 6);
    CHECK_EQUAL(log.counts().blank, 1);
    CHECK_EQUAL(log.counts().valid, 3);
    const auto found = matrix_of(log, MergePolicy::last, 2);
    CHECK(found.values == std::vector<float>{3});
    CHECK_THROWS(std::logic_error, log.read(file.path(), 0, 1, kLayout, 1, 1, {}));
  }
}

TEST(too_much_is_told) {
  const TempFile file(many_rows(3000));
  LogReader small(true, true, 10'000);
  CHECK(!small.read(file.path(), 0, file.size(), kLayout, 1000, 2, {}));
  const TempFile irregular(std::string(9 << 20, 'x'));
  LogReader log(true, true, 1 << 30);
  CHECK(!log.read(irregular.path(), 0, irregular.size(), kLayout, 1 << 20, 2, {}));
}

TEST(nothing_makes_an_empty_matrix) {
  const TempFile file("");
  const auto found = read_all(file, MergePolicy::sum, 100, 2);
  CHECK_EQUAL(found.indptr.size(), 1U);
  CHECK(found.users.empty());
  LogReader gone(false, false, 1 << 20);
  CHECK(gone.read("/nowhere/at/all", 0, 1000, {"\t", 2, 0, 1}, 100, 2, {}));
  CHECK_EQUAL(gone.counts().lines, 0);
}

TEST(ids_are_numbered_in_the_order_of_their_bytes) {
  Interner ids;
  Interner::Scratch scratch;
  std::set<std::string> wanted;
  std::vector<std::string> texts;
  for (int n = 0; n < 5000; ++n) texts.push_back("\xc3\xa9 and " + std::to_string(n * 31 % 2003));
  for (const auto* text : {"z", "a", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "abcdefgh", "abcdefghi"}) {
    texts.emplace_back(text);
  }
  wanted.insert(texts.begin(), texts.end());
  std::vector<Interner::Number> numbers(texts.size());
  ids.intern({texts.begin(), texts.end()}, numbers.data(), scratch);
  const auto order = ids.order();
  CHECK_EQUAL(order.n_texts, static_cast<std::int64_t>(wanted.size()));
  std::string joined;
  for (const auto& text : wanted) joined += (joined.empty() ? "" : "\n") + text;
  CHECK(order.joined == joined);
  for (std::size_t n = 0; n < texts.size(); ++n) {
    CHECK_EQUAL(order.code(numbers[n]), std::distance(wanted.begin(), wanted.find(texts[n])));
  }
  CHECK(ids.bytes() > 0);
}

TEST(a_scan_finds_the_first_fault_for_any_chunks) {
  const std::string valid = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\r\n\"\x1f";
  const TempFile file(valid + valid + "a\xe2\x82" + valid);
  for (const std::int64_t chunk : {1, 2, 3, 5, 1000}) {
    for (const int threads : {1, 3}) {
      const auto found = scan(file.path(), 0, file.size(), "\"", 1000, chunk, threads, {});
      CHECK_EQUAL(found.bad, 27);
      CHECK_EQUAL(found.crlf, 3);
      CHECK_EQUAL(found.lf, 3);
      CHECK(found.holds_quote);
      CHECK(found.ends_open);
      CHECK(found.controls >> 31 & 1);
    }
  }
}
