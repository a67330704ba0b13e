#include "penchant/spgemm.hpp"

#include <algorithm>
#include <atomic>
#include <bit>

#include "penchant/memory.hpp"
#include "sparse_rows.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kRowsAtOnce = 16;            // of a chunk
constexpr std::int64_t kMostDenseBytes = 64 << 20;  // of a symmetric product
constexpr std::int64_t kAdditionsPerCell = 4;       // from which half of them outweighs the cells
constexpr std::int64_t kBlock = 64;                 // of cells that are mirrored at once
constexpr std::int64_t kDenseShare = 8;  // additions for an eighth of the columns: scan them all

std::size_t count_nonzero(const float* begin, const float* end) {
  return static_cast<std::size_t>(
      std::count_if(begin, end, [](float value) { return value != 0.0F; }));
}

void append_nonzero(const float* row, std::size_t n, std::vector<std::int32_t>& columns,
                    std::vector<float>& values) {
  const auto begin = columns.size();
  const auto n_nonzero = count_nonzero(row, row + n);
  // one more than there are: without branches, each is written before it is known to count
  columns.resize(begin + n_nonzero + 1);
  values.resize(begin + n_nonzero + 1);
  auto* column = columns.data() + begin;
  auto* value = values.data() + begin;
  for (std::size_t j = 0, next = 0; j < n; ++j) {
    column[next] = static_cast<std::int32_t>(j);
    value[next] = row[j];
    next += row[j] != 0.0F ? 1 : 0;
  }
  columns.resize(begin + n_nonzero);
  values.resize(begin + n_nonzero);
}

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
    append_nonzero(row_.data(), row_.size(), columns, values);
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

SparseProduct::SparseProduct(const float* dense, std::int64_t n_rows, std::int64_t n_columns,
                             int threads, const Poll& poll) {
  chunks_.resize(static_cast<std::size_t>((n_rows + kRowsAtOnce - 1) / kRowsAtOnce));
  parallel_for(
      static_cast<std::int64_t>(chunks_.size()), threads,
      [&](std::int64_t number, int) {
        auto& chunk = chunks_[static_cast<std::size_t>(number)];
        const auto begin = number * kRowsAtOnce, end = std::min(n_rows, begin + kRowsAtOnce);
        const auto n_nonzero = count_nonzero(dense + begin * n_columns, dense + end * n_columns);
        chunk.columns.reserve(n_nonzero + 1);
        chunk.values.reserve(n_nonzero + 1);
        for (auto r = begin; r < end; ++r) {
          const auto before = chunk.columns.size();
          append_nonzero(dense + r * n_columns, static_cast<std::size_t>(n_columns), chunk.columns,
                         chunk.values);
          chunk.counts.push_back(static_cast<std::int64_t>(chunk.columns.size() - before));
        }
      },
      poll);
  for (const auto& chunk : chunks_) n_entries_ += static_cast<std::int64_t>(chunk.columns.size());
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

bool symmetric_product_pays(const SparseMatrix& left, const SparseMatrix& right) {
  const auto n = right.n_columns;
  const auto cells = n * n;
  if (cells > kMostDenseBytes / static_cast<std::int64_t>(sizeof(float))) return false;
  std::int64_t cost = 0;
  for (std::int64_t r = 0; r < left.rows.n_rows; ++r) cost += product_row_cost(left, right, r);
  return cost > kAdditionsPerCell * cells;
}

void symmetric_product(const SparseMatrix& left, const SparseMatrix& right, const float* ratios,
                       float* out, int threads, const Poll& poll) {
  const auto n = right.n_columns;
  // for each entry (i, u) of left: how many entries right's row u has before column i
  const auto places = make_buffer<std::int32_t>(left.rows.indptr[n]);
  {
    std::vector<std::int32_t> next(static_cast<std::size_t>(right.rows.n_rows), 0);
    for (std::int64_t at = left.rows.indptr[0]; at < left.rows.indptr[n]; ++at) {
      places[static_cast<std::size_t>(at)] =
          next[static_cast<std::size_t>(left.rows.indices[at])]++;
    }
  }
  parallel_for(
      n, threads,
      [&](std::int64_t number, int) {
        const auto r = n - 1 - number;  // the longest rows first
        float* row = out + r * n;
        std::fill_n(row, r + 1, 0.0F);
        for (auto at = left.rows.indptr[r]; at < left.rows.indptr[r + 1]; ++at) {
          const auto begin = right.rows.indptr[left.rows.indices[at]];
          const auto place = places[static_cast<std::size_t>(at)];
          add_entries(value_at(left, at), right, begin, begin + place, row);
        }
      },
      poll);
  const auto n_blocks = (n + kBlock - 1) / kBlock;
  parallel_for(
      n_blocks, threads,
      [&](std::int64_t block, int) {
        const auto end = std::min(n, (block + 1) * kBlock);
        for (auto first = block * kBlock; first < n; first += kBlock) {
          for (auto i = block * kBlock; i < end; ++i) {
            for (auto j = std::max(first, i + 1); j < std::min(n, first + kBlock); ++j) {
              const float value = out[j * n + i];
              out[i * n + j] = ratios ? value * (ratios[i] / ratios[j]) : value;
            }
          }
        }
      },
      poll);
}

}  // namespace penchant
