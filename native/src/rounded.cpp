#include "tacit/rounded.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tacit {
namespace {

constexpr double kTiny = 1e-100;  // what is shorter is not worth a scale
constexpr double kNoFractions = 6755399441055744.0;  // 1.5·2^52: what is added to it gets rounded

struct Measure {
  double norm, longest_segment, largest;
};

template <class T>
Measure measure(const T* row, std::int64_t f, int segment) {
  Measure all{0, 0, 0};
  for (std::int64_t first = 0; first < f; first += segment) {
    double squares = 0;
    for (auto k = first; k < std::min(f, first + segment); ++k) {
      const double one = std::abs(static_cast<double>(row[k]));
      squares += one * one;
      all.largest = one <= all.largest ? all.largest : one;  // keeps a NaN
    }
    all.norm += squares;
    all.longest_segment = std::max(all.longest_segment, std::sqrt(squares));
  }
  all.norm = std::sqrt(all.norm);
  return all;
}

/// A scale at which rounding leaves no segment too long; very rarely a little too large.
double scale_for(const Measure& row, int largest) {
  return std::min(largest / row.largest, (kLargestNorm - 0.5) / row.longest_segment);
}

/// Rounds a row at a scale; false if a segment became too long.
template <class T>
bool round_row(const T* row, std::int64_t f, int segment, double scale, std::int8_t* out) {
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

/// ‖row − rounded/scale‖
template <class T>
double rounding_error(const T* row, std::int64_t f, double scale, const std::int8_t* rounded) {
  double squares = 0;
  for (std::int64_t k = 0; k < f; ++k) {
    const double off = static_cast<double>(row[k]) - rounded[k] / scale;
    squares += off * off;
  }
  return std::sqrt(squares);
}

double norm_of(const std::int8_t* rounded, std::int64_t f) {
  double squares = 0;
  for (std::int64_t k = 0; k < f; ++k) squares += rounded[k] * rounded[k];
  return std::sqrt(squares);
}

std::uint16_t two_bytes(int low, int high) {
  return static_cast<std::uint16_t>((low & 0xff) | (high & 0xff) << 8);
}

}  // namespace

RoundedShape rounded_shape(std::int64_t f) {
  const auto segments = std::max<std::int64_t>(1, (f + kSegment - 1) / kSegment);
  const auto pairs = ((f + 1) / 2 + segments - 1) / segments;
  int shift = 0;
  while ((std::int64_t{1} << shift) < segments) ++shift;
  return {static_cast<int>(segments), static_cast<int>(pairs), shift};
}

template <class T>
RoundedQuery round_query(const T* query, std::int64_t f, const RoundedShape& shape,
                         std::int32_t* out) {
  const int segment = 2 * shape.pairs;
  const auto size = static_cast<std::int64_t>(shape.segments) * segment;
  const auto all = measure(query, f, segment);
  if (!(all.norm >= kTiny && std::isfinite(all.norm))) return {};
  std::vector<std::int8_t> rounded(static_cast<std::size_t>(size));
  double scale = scale_for(all, kLargestQuery);
  while (!round_row(query, f, segment, scale, rounded.data())) scale *= 0.99;
  for (std::int64_t pair = 0; pair < size / 2; ++pair) {
    const std::uint32_t both =
        two_bytes(rounded[2 * pair] + kQueryOffset, rounded[2 * pair + 1] + kQueryOffset);
    out[pair] = static_cast<std::int32_t>(both << 16 | both);
  }
  return {all.norm, rounding_error(query, f, scale, rounded.data()), scale};
}

template <class T>
RoundedItems<T>::RoundedItems(const T* items, std::int64_t n_items, std::int64_t f,
                              std::int64_t n_seeds, int threads, const Poll& poll)
    : items_(items), n_items_(n_items), f_(f), n_seeds_(std::min(n_seeds, n_items)),
      shape_(rounded_shape(f)) {
  finite_ = sort_by_norm(threads, poll);
  if (!finite_) return;
  const auto n_blocks = (n_items - n_seeds_ + kBlock - 1) / kBlock;
  blocks_.resize(static_cast<std::size_t>(n_blocks));
  const std::int64_t rows = static_cast<std::int64_t>(shape_.segments) * (shape_.pairs + 1);
  panels_ = make_buffer<std::int16_t>(n_blocks * kBlock * rows);
  parallel_for(n_blocks, threads, [&](std::int64_t block, int) { pack(block); }, poll);
}

template <class T>
bool RoundedItems<T>::sort_by_norm(int threads, const Poll& poll) {
  constexpr std::int64_t kTogether = 1024;
  std::vector<double> norms(static_cast<std::size_t>(n_items_));
  parallel_for(
      (n_items_ + kTogether - 1) / kTogether, threads,
      [&](std::int64_t chunk, int) {
        const auto end = std::min(n_items_, (chunk + 1) * kTogether);
        for (auto item = chunk * kTogether; item < end; ++item) {
          norms[item] = measure(items_ + item * f_, f_, 2 * shape_.pairs).norm;
        }
      },
      poll);
  if (!std::all_of(norms.begin(), norms.end(), [](double norm) { return std::isfinite(norm); })) {
    return false;
  }
  codes_.resize(norms.size());
  std::iota(codes_.begin(), codes_.end(), 0);
  std::sort(codes_.begin(), codes_.end(), [&](std::int32_t a, std::int32_t b) {
    return norms[a] > norms[b] || (norms[a] == norms[b] && a < b);
  });
  positions_.resize(norms.size());
  norms_.resize(norms.size());
  for (std::size_t position = 0; position < codes_.size(); ++position) {
    positions_[codes_[position]] = static_cast<std::int32_t>(position);
    norms_[position] = norms[codes_[position]];
  }
  return true;
}

template <class T>
const std::int16_t* RoundedItems<T>::panels(std::size_t block, int first_panel) const {
  const std::int64_t rows = static_cast<std::int64_t>(shape_.segments) * (shape_.pairs + 1);
  const auto first = static_cast<std::int64_t>(block) * kBlock +
                     std::int64_t{first_panel} * bound_kernels().panel_items;
  return &panels_[first * rows];
}

template <class T>
void RoundedItems<T>::pack(std::int64_t block) {
  const auto first = n_seeds_ + block * kBlock;
  const auto count = std::min(kBlock, n_items_ - first);
  const int segment = 2 * shape_.pairs;
  const std::int64_t f_padded = static_cast<std::int64_t>(shape_.segments) * segment;
  const auto row = [&](std::int64_t item) {
    return items_ + std::int64_t{codes_[first + item]} * f_;
  };
  std::vector<std::int8_t> rounded(static_cast<std::size_t>(kBlock * f_padded));

  Block& out = blocks_[static_cast<std::size_t>(block)];
  out = {norms_[first], 0, 0, 1};
  Measure most{0, 0, 0};
  for (std::int64_t item = 0; item < count; ++item) {
    const auto one = measure(row(item), f_, segment);
    most.longest_segment = std::max(most.longest_segment, one.longest_segment);
    most.largest = std::max(most.largest, one.largest);
  }
  if (out.norm < kTiny) {
    out.error = out.norm;  // all bytes are zero
  } else {
    out.scale = scale_for(most, kLargestItem);
    for (std::int64_t item = 0; item < count;) {
      const bool fits =
          round_row(row(item), f_, segment, out.scale, &rounded[item * f_padded]);
      out.scale *= fits ? 1 : 0.99;
      item = fits ? item + 1 : 0;
    }
    for (std::int64_t item = 0; item < count; ++item) {
      const std::int8_t* bytes = &rounded[item * f_padded];
      out.error = std::max(out.error, rounding_error(row(item), f_, out.scale, bytes));
      out.rounded_norm = std::max(out.rounded_norm, norm_of(bytes, f_) / out.scale);
    }
  }

  const std::int64_t width = bound_kernels().panel_items;
  auto* to = const_cast<std::int16_t*>(panels(static_cast<std::size_t>(block)));
  for (std::int64_t from = 0; from < kBlock; from += width) {
    for (int s = 0; s < shape_.segments; ++s, to += width) {
      for (std::int64_t item = 0; item < width; ++item) {
        const std::int8_t* bytes = &rounded[(from + item) * f_padded + s * segment];
        const int total = std::accumulate(bytes, bytes + segment, 0);
        to[item] = static_cast<std::int16_t>(static_cast<std::uint16_t>(-kQueryOffset * total));
      }
      for (int pair = 0; pair < shape_.pairs; ++pair) {
        to += width;
        for (std::int64_t item = 0; item < width; ++item) {
          const std::int8_t* bytes = &rounded[(from + item) * f_padded + s * segment + 2 * pair];
          to[item] = static_cast<std::int16_t>(two_bytes(bytes[0], bytes[1]));
        }
      }
    }
  }
}

template RoundedQuery round_query(const float*, std::int64_t, const RoundedShape&, std::int32_t*);
template RoundedQuery round_query(const double*, std::int64_t, const RoundedShape&, std::int32_t*);
template class RoundedItems<float>;
template class RoundedItems<double>;

}  // namespace tacit
