#include "penchant/spgemm.hpp"

#include <algorithm>
#include <atomic>
#include <bit>

#include "sparse_rows.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kRowsAtOnce = 16;  // of a chunk
constexpr std::int64_t kDenseShare = 8;   // additions for an eighth of the columns: scan them all

/// Adds up rows of a product, and appends them without zeros.
class RowWriter {
 public:
  RowWriter(const SparseMatrix& left, const SparseMatrix& right, const Rows& exclude)
      : left_(left),
        right_(right),
        exclude_(exclude),
        row_(static_cast<std::size_t>(right.n_columns), 0.0F),
        bits_(static_cast<std::size_t>((right.n_columns + 63) / 64), 0) {}

  /// Returns how many entries the row has.
  std::int64_t append(std::int64_t r, std::vector<std::int32_t>& columns,
                      std::vector<float>& values) {
    const auto before = columns.size();
    add_product_row(left_, right_, r, row_.data());
    if (exclude_) {
      for (const auto column : exclude_[r]) row_[static_cast<std::size_t>(column)] = 0.0F;
    }
    if (product_row_cost(left_, right_, r) * kDenseShare < right_.n_columns) {
      append_marked(r, columns, values);
    } else {
      append_all(columns, values);
    }
    return static_cast<std::int64_t>(columns.size() - before);
  }

 private:
  // few columns are reached: they are marked in bits, which give them in order
  void append_marked(std::int64_t r, std::vector<std::int32_t>& columns,
                     std::vector<float>& values) {
    for (const auto column : left_.rows[r]) {
      for (const auto target : right_.rows[column]) {
        bits_[static_cast<std::size_t>(target) / 64] |= std::uint64_t{1} << (target % 64);
      }
    }
    for (std::size_t word = 0; word < bits_.size(); ++word) {
      for (auto left = bits_[word]; left != 0; left &= left - 1) {
        const auto column = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
        if (row_[column] == 0.0F) continue;
        columns.push_back(static_cast<std::int32_t>(column));
        values.push_back(row_[column]);
        row_[column] = 0.0F;
      }
      bits_[word] = 0;
    }
  }

  void append_all(std::vector<std::int32_t>& columns, std::vector<float>& values) {
    const auto n = row_.size(), begin = columns.size();
    const auto n_nonzero = static_cast<std::size_t>(
        std::count_if(row_.begin(), row_.end(), [](float value) { return value != 0.0F; }));
    // one more than there are: without branches, each column is written before it is known to count
    columns.resize(begin + n_nonzero + 1);
    values.resize(begin + n_nonzero + 1);
    auto* column = columns.data() + begin;
    auto* value = values.data() + begin;
    for (std::size_t j = 0, next = 0; j < n; ++j) {
      column[next] = static_cast<std::int32_t>(j);
      value[next] = row_[j];
      next += row_[j] != 0.0F ? 1 : 0;
    }
    columns.resize(begin + n_nonzero);
    values.resize(begin + n_nonzero);
    std::fill(row_.begin(), row_.end(), 0.0F);
  }

  const SparseMatrix& left_;
  const SparseMatrix& right_;
  const Rows& exclude_;
  std::vector<float> row_;           // all zeros between two rows
  std::vector<std::uint64_t> bits_;  // the same
};

}  // namespace

SparseProduct::SparseProduct(const SparseMatrix& left, const SparseMatrix& right,
                             const Rows& exclude, std::int64_t max_entries, int threads,
                             const Poll& poll) {
  const auto n_rows = left.rows.n_rows;
  chunks_.resize(static_cast<std::size_t>((n_rows + kRowsAtOnce - 1) / kRowsAtOnce));
  std::vector<std::vector<RowWriter>> writers(static_cast<std::size_t>(std::max(threads, 1)));
  std::atomic<std::int64_t> total{0};
  parallel_for(
      static_cast<std::int64_t>(chunks_.size()), threads,
      [&](std::int64_t number, int worker) {
        if (total.load(std::memory_order_relaxed) > max_entries) return;
        auto& writer = writers[static_cast<std::size_t>(worker)];
        if (writer.empty()) writer.emplace_back(left, right, exclude);
        auto& chunk = chunks_[static_cast<std::size_t>(number)];
        const auto end = std::min(n_rows, (number + 1) * kRowsAtOnce);
        for (auto r = number * kRowsAtOnce; r < end; ++r) {
          chunk.counts.push_back(writer.front().append(r, chunk.columns, chunk.values));
        }
        total += static_cast<std::int64_t>(chunk.columns.size());
      },
      poll);
  n_entries_ = total;
}

void SparseProduct::take(std::int64_t* indptr, std::int32_t* columns, float* values) {
  std::int64_t begin = 0;
  *indptr++ = 0;
  for (auto& chunk : chunks_) {
    for (const auto count : chunk.counts) *indptr++ = begin += count;
    columns = std::copy(chunk.columns.begin(), chunk.columns.end(), columns);
    values = std::copy(chunk.values.begin(), chunk.values.end(), values);
    chunk = Chunk{};  // memory is freed as it is written elsewhere
  }
  chunks_.clear();
  n_entries_ = 0;
}

}  // namespace penchant
