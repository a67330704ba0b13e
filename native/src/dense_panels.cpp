#include "dense_panels.hpp"

#include <algorithm>

#include "panel_kernels.hpp"
#include "sparse_rows.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kDenseShare = 8;                     // an eighth of the cells is nonzero
constexpr std::int64_t kUses = 4;                           // of each row, on average
constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;  // of all panels

std::int64_t entries_of(const SparseMatrix& matrix) {
  return matrix.rows.indptr[matrix.rows.n_rows] - matrix.rows.indptr[0];
}

std::int64_t panels_of(std::int64_t n_columns) {
  return (n_columns + kPanelColumns - 1) / kPanelColumns;
}

}  // namespace

bool DensePanels::pay(const SparseMatrix& left, const SparseMatrix& right) {
  const auto cells = right.rows.n_rows * right.n_columns;
  return cells > 0 && cells <= kMostBytes / static_cast<std::int64_t>(sizeof(float)) &&
         entries_of(right) >= cells / kDenseShare && entries_of(left) >= kUses * right.rows.n_rows;
}

DensePanels::DensePanels(const SparseMatrix& right, int threads, const Poll& poll)
    : n_rows_(right.rows.n_rows),
      stride_(panels_of(right.n_columns) * kPanelColumns),
      panels_(make_buffer<float>(n_rows_ * stride_)) {
  constexpr std::int64_t kRowsAtOnce = 64;
  parallel_for((n_rows_ + kRowsAtOnce - 1) / kRowsAtOnce, threads,
               [&](std::int64_t chunk, int) {
                 const auto end = std::min(n_rows_, (chunk + 1) * kRowsAtOnce);
                 for (auto r = chunk * kRowsAtOnce; r < end; ++r) {
                   float* row = panels_.get() + r * kPanelColumns;
                   for (std::int64_t first = 0; first < stride_; first += kPanelColumns) {
                     std::fill_n(row + first * n_rows_, kPanelColumns, 0.0F);
                   }
                   for (auto at = right.rows.indptr[r]; at < right.rows.indptr[r + 1]; ++at) {
                     const std::int64_t column = right.rows.indices[at],
                                        place = column % kPanelColumns;
                     row[(column - place) * n_rows_ + place] += value_at(right, at);
                   }
                 }
               },
               poll);
}

void DensePanels::multiply(const SparseMatrix& left, std::int64_t begin, std::int64_t end,
                           float* out) const {
  const auto& kernels = panel_kernels();
  // panels outside, queries inside: a panel stays in the cache
  for (std::int64_t first = 0; first < stride_; first += kPanelColumns) {
    const float* panel = panels_.get() + first * n_rows_;
    for (auto r = begin; r < end; ++r) {
      const auto at = left.rows.indptr[r];
      kernels.add_rows(panel, left.rows.indices + at, left.values ? left.values + at : nullptr,
                       left.rows.indptr[r + 1] - at, out + (r - begin) * stride_ + first);
    }
  }
}

}  // namespace penchant
