#include "penchant/quantized.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace penchant {
namespace {

constexpr double kTiny = 1e-100;                     // rows with a smaller norm are not scaled
constexpr double kNoFractions = 6755399441055744.0;  // 1.5·2^52: adding it rounds to an integer

/// Sums n numbers in eight independent chains of additions.
template <class F>
double sum_of(std::int64_t n, const F& number) {
  constexpr std::int64_t kTogether = 8;
  double sums[kTogether] = {};
  std::int64_t k = 0;
  for (; k + kTogether <= n; k += kTogether) {
    for (std::int64_t j = 0; j < kTogether; ++j) sums[j] += number(k + j);
  }
  for (; k < n; ++k) sums[0] += number(k);
  return std::accumulate(sums, sums + kTogether, 0.0);
}

template <class T>
RowSize measure(const T* row, std::int64_t f, int segment) {
  double squares = 0, longest = 0;
  T low = 0, high = 0;
  for (std::int64_t first = 0; first < f; first += segment) {
    const T* part = row + first;
    const auto n = std::min<std::int64_t>(segment, f - first);
    const double some = sum_of(n, [&](std::int64_t k) {
      return static_cast<double>(part[k]) * static_cast<double>(part[k]);
    });
    for (std::int64_t k = 0; k < n; ++k) {
      low = part[k] < low ? part[k] : low;
      high = part[k] > high ? part[k] : high;
    }
    squares += some;
    longest = std::max(longest, some);
  }
  return {std::sqrt(squares), std::sqrt(longest), static_cast<double>(std::max(-low, high))};
}

/// Returns a scale at which the quantized segments fit; very rarely it is slightly too large.
double scale_for(const RowSize& row, int largest) {
  return std::min(largest / row.largest, (kLargestNorm - 0.5) / row.longest_segment);
}

/// Quantizes a row at a scale; returns false if the norm of a segment is too large.
template <class T>
bool quantize_row(const T* row, std::int64_t f, int segment, double scale, std::int8_t* out) {
  for (std::int64_t first = 0; first < f; first += segment) {
    int squares = 0;
    for (auto k = first; k < std::min(f, first + segment); ++k) {
      const double scaled = static_cast<double>(row[k]) * scale;
      out[k] = static_cast<std::int8_t>((scaled + kNoFractions) - kNoFractions);
      squares += out[k] * out[k];
    }
    if (squares > kLargestNorm * kLargestNorm) return false;
  }
  return true;
}

/// Computes ‖row − quantized/scale‖.
template <class T>
double quantization_error(const T* row, std::int64_t f, double scale,
                          const std::int8_t* quantized) {
  const double unit = 1 / scale;
  return std::sqrt(sum_of(f, [&](std::int64_t k) {
    const double off = static_cast<double>(row[k]) - quantized[k] * unit;
    return off * off;
  }));
}

double norm_of(const std::int8_t* quantized, std::int64_t f) {
  int squares = 0;  // at most kLargestNorm² a segment
  for (std::int64_t k = 0; k < f; ++k) squares += quantized[k] * quantized[k];
  return std::sqrt(squares);
}

std::uint16_t two_bytes(int low, int high) {
  return static_cast<std::uint16_t>((low & 0xff) | (high & 0xff) << 8);
}

}  // namespace

QuantizedShape quantized_shape(std::int64_t f) {
  const auto segments = std::max<std::int64_t>(1, (f + kSegment - 1) / kSegment);
  const auto pairs = ((f + 1) / 2 + segments - 1) / segments;
  int shift = 0;
  while ((std::int64_t{1} << shift) < segments) ++shift;
  return {static_cast<int>(segments), static_cast<int>(pairs), shift};
}

template <class T>
QuantizedQuery quantize_query(const T* query, std::int64_t f, const QuantizedShape& shape,
                              std::int32_t* out) {
  const int segment = 2 * shape.pairs;
  const auto size = static_cast<std::int64_t>(shape.segments) * segment;
  const auto all = measure(query, f, segment);
  if (!(all.norm >= kTiny && std::isfinite(all.norm))) return {};
  std::vector<std::int8_t> quantized(static_cast<std::size_t>(size));
  double scale = scale_for(all, kLargestQuery);
  while (!quantize_row(query, f, segment, scale, quantized.data())) scale *= 0.99;
  for (std::int64_t pair = 0; pair < size / 2; ++pair) {
    const std::uint32_t both =
        two_bytes(quantized[2 * pair] + kQueryOffset, quantized[2 * pair + 1] + kQueryOffset);
    out[pair] = static_cast<std::int32_t>(both << 16 | both);
  }
  return {all.norm, quantization_error(query, f, scale, quantized.data()), scale};
}

template <class T>
QuantizedItems<T>::QuantizedItems(const T* items, std::int64_t n_items, std::int64_t f,
                                  std::int64_t n_seeds, int threads, const Poll& poll)
    : n_items_(n_items), f_(f), n_seeds_(std::min(n_seeds, n_items)), shape_(quantized_shape(f)) {
  const auto sizes = measured(items, threads, poll);
  finite_ = std::all_of(sizes.begin(), sizes.end(),
                        [](const RowSize& size) { return std::isfinite(size.norm); });
  if (!finite_) return;
  sort_by_norm(sizes);
  const auto n_blocks = (n_items - n_seeds_ + kBlock - 1) / kBlock;
  blocks_.resize(static_cast<std::size_t>(n_blocks));
  panels_ = make_buffer<std::int16_t>(n_blocks * kBlock * panel_rows());
  parallel_for(
      n_blocks, threads, [&](std::int64_t block, int) { pack(items, sizes, block); }, poll);
}

template <class T>
std::int64_t QuantizedItems<T>::size() const {
  const auto n_blocks = static_cast<std::int64_t>(blocks_.size());
  return static_cast<std::int64_t>((codes_.size() + positions_.size()) * sizeof(std::int32_t)) +
         n_blocks * (static_cast<std::int64_t>(sizeof(Block)) + 2 * kBlock * panel_rows());
}

template <class T>
std::vector<RowSize> QuantizedItems<T>::measured(const T* items, int threads,
                                                 const Poll& poll) const {
  constexpr std::int64_t kTogether = 1024;
  std::vector<RowSize> sizes(static_cast<std::size_t>(n_items_));
  parallel_for((n_items_ + kTogether - 1) / kTogether, threads,
               [&](std::int64_t chunk, int) {
                 const auto end = std::min(n_items_, (chunk + 1) * kTogether);
                 for (auto item = chunk * kTogether; item < end; ++item) {
                   sizes[item] = measure(items + item * f_, f_, 2 * shape_.pairs);
                 }
               },
               poll);
  return sizes;
}

template <class T>
void QuantizedItems<T>::sort_by_norm(const std::vector<RowSize>& sizes) {
  std::vector<std::pair<double, std::int32_t>> order(sizes.size());
  for (std::size_t code = 0; code < order.size(); ++code) {
    order[code] = {-sizes[code].norm, static_cast<std::int32_t>(code)};
  }
  std::sort(order.begin(), order.end());
  codes_.resize(order.size());
  positions_.resize(order.size());
  for (std::size_t position = 0; position < order.size(); ++position) {
    codes_[position] = order[position].second;
    positions_[codes_[position]] = static_cast<std::int32_t>(position);
  }
  if (!order.empty()) norm_ = -order.front().first;
}

template <class T>
const std::int16_t* QuantizedItems<T>::panels(std::size_t block, int first_panel) const {
  const auto first =
      static_cast<std::int64_t>(block) * kBlock + std::int64_t{first_panel} * kernels_.panel_items;
  return &panels_[first * panel_rows()];
}

template <class T>
void QuantizedItems<T>::pack(const T* items, const std::vector<RowSize>& sizes,
                             std::int64_t block) {
  const auto first = n_seeds_ + block * kBlock;
  const auto count = std::min(kBlock, n_items_ - first);
  const int segment = 2 * shape_.pairs;
  const std::int64_t f_padded = static_cast<std::int64_t>(shape_.segments) * segment;
  const auto row = [&](std::int64_t item) {
    return items + std::int64_t{codes_[first + item]} * f_;
  };
  std::vector<std::int8_t> quantized(static_cast<std::size_t>(kBlock * f_padded));

  Block& out = blocks_[static_cast<std::size_t>(block)];
  RowSize most{0, 0, 0};
  for (std::int64_t item = 0; item < count; ++item) {
    const auto& size = sizes[codes_[first + item]];
    most.norm = std::max(most.norm, size.norm);
    most.longest_segment = std::max(most.longest_segment, size.longest_segment);
    most.largest = std::max(most.largest, size.largest);
  }
  out = {most.norm, 0, 0, 1};
  if (out.norm < kTiny) {
    out.error = out.norm;  // all bytes are zero
  } else {
    out.scale = scale_for(most, kLargestItem);
    for (std::int64_t item = 0; item < count;) {
      const bool fits =
          quantize_row(row(item), f_, segment, out.scale, &quantized[item * f_padded]);
      out.scale *= fits ? 1 : 0.99;
      item = fits ? item + 1 : 0;
    }
    for (std::int64_t item = 0; item < count; ++item) {
      const std::int8_t* bytes = &quantized[item * f_padded];
      out.error = std::max(out.error, quantization_error(row(item), f_, out.scale, bytes));
      out.quantized_norm = std::max(out.quantized_norm, norm_of(bytes, f_) / out.scale);
    }
  }

  const std::int64_t width = kernels_.panel_items;
  auto* to = const_cast<std::int16_t*>(panels(static_cast<std::size_t>(block)));
  for (std::int64_t from = 0; from < kBlock; from += width) {
    for (int s = 0; s < shape_.segments; ++s, to += width) {
      for (std::int64_t item = 0; item < width; ++item) {
        const std::int8_t* bytes = &quantized[(from + item) * f_padded + s * segment];
        const int total = std::accumulate(bytes, bytes + segment, 0);
        to[item] = static_cast<std::int16_t>(static_cast<std::uint16_t>(-kQueryOffset * total));
      }
      for (int pair = 0; pair < shape_.pairs; ++pair) {
        to += width;
        for (std::int64_t item = 0; item < width; ++item) {
          const std::int8_t* bytes = &quantized[(from + item) * f_padded + s * segment + 2 * pair];
          to[item] = static_cast<std::int16_t>(two_bytes(bytes[0], bytes[1]));
        }
      }
    }
  }
}

template QuantizedQuery quantize_query(const float*, std::int64_t, const QuantizedShape&,
                                       std::int32_t*);
template QuantizedQuery quantize_query(const double*, std::int64_t, const QuantizedShape&,
                                       std::int32_t*);
template class QuantizedItems<float>;
template class QuantizedItems<double>;

}  // namespace penchant
