#include "penchant/scan.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "penchant/file.hpp"
#include "penchant/memory.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kMargin = 4;   // bytes that a character may reach into the next chunk
constexpr std::int64_t kBlock = 128;  // at most 255, so that counts fit a byte

using Byte = unsigned char;

/// Returns the length of the UTF-8 character at the beginning of [at, end); 0 if it is invalid.
int character(const Byte* at, const Byte* end) {
  const Byte lead = at[0];
  if (lead < 0x80) return 1;
  const int length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || end - at < length) return 0;
  // the range of the second byte excludes overlong forms, surrogates, and codes above 0x10ffff
  const Byte low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const Byte high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at[1] < low || at[1] > high) return 0;
  for (int i = 2; i < length; ++i) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  return length;
}

/// Returns the first byte at or after `at` that is not ASCII.
const Byte* skip_ascii(const Byte* at, const Byte* end) {
  for (; end - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    if (word & 0x8080808080808080u) break;
  }
  while (at < end && *at < 0x80) ++at;
  return at;
}

struct BlockCounts {
  Byte lf = 0, cr = 0, other = 0, any = 0;
};

/// Counts line feeds, carriage returns and other control characters of up to kBlock bytes, and the
/// bitwise or of all bytes.
BlockCounts count(const Byte* at, std::int64_t n) {
  BlockCounts counts;
  for (std::int64_t i = 0; i < n; ++i) {
    const Byte c = at[i];
    counts.lf = static_cast<Byte>(counts.lf + (c == '\n'));
    counts.cr = static_cast<Byte>(counts.cr + (c == '\r'));
    counts.other = static_cast<Byte>(counts.other + ((c < 32) & (c != '\t')));
    counts.any |= c;
  }
  counts.other = static_cast<Byte>(counts.other - counts.lf - counts.cr);
  return counts;
}

/// The results of one chunk. head and tail are the bytes of entire blocks without a line end at its
/// beginning and end.
struct Part : Scan {
  std::int64_t head = 0, tail = 0;
  bool has_end = false;
};

/// Scans one chunk of a file.
class Chunk {
 public:
  /// [before, end) are the bytes read; the chunk is [at, stop).
  Chunk(const Byte* before, const Byte* at, const Byte* stop, const Byte* end, std::int64_t offset,
        std::int64_t longest)
      : before_(before), at_(at), stop_(stop), end_(end), offset_(offset), longest_(longest) {}

  Part scan(std::string_view quote) {
    checked_ = at_ + carried_in();
    for (const Byte* block = at_; block < stop_; block += kBlock) {
      scan_block(block, std::min<std::int64_t>(kBlock, stop_ - block));
    }
    part_.ends_open = stop_[-1] != '\n' && stop_[-1] != '\r';
    if (!quote.empty()) {
      const std::string_view text(reinterpret_cast<const char*>(at_),
                                  static_cast<std::size_t>(end_ - at_));
      part_.holds_quote = text.find(quote) != std::string_view::npos;
    }
    return part_;
  }

 private:
  /// Returns how many of the first bytes belong to a character that begins before the chunk.
  std::int64_t carried_in() const {
    for (const Byte* lead = at_; lead > before_ && at_ - lead < 3;) {
      --lead;
      if ((*lead & 0xc0) == 0x80) continue;
      const int length = character(lead, end_);
      return std::max<std::int64_t>(0, lead + length - at_);
    }
    return 0;
  }

  void scan_block(const Byte* block, std::int64_t n) {
    const auto counts = count(block, n);
    part_.lf += counts.lf;
    part_.cr += counts.cr;
    if (counts.cr) {
      for (const Byte* c = block; c < block + n; ++c) {
        part_.crlf += *c == '\r' && c + 1 < end_ && c[1] == '\n';
      }
    }
    if (counts.other) note_controls(block, n);
    if (counts.any & 0x80) check_text(block + n);
    if (counts.lf + counts.cr) {
      part_.has_end = true;
      part_.tail = 0;
    } else {
      part_.tail += n;
      if (!part_.has_end) part_.head += n;
      if (part_.tail > longest_ && part_.endless < 0) part_.endless = offset_ + (block - at_);
    }
  }

  void note_controls(const Byte* block, std::int64_t n) {
    for (const Byte* c = block; c < block + n; ++c) {
      if (*c < 32) part_.controls |= std::uint32_t{1} << *c;
      if (*c == 0 && part_.nul < 0) part_.nul = offset_ + (c - at_);
    }
  }

  void check_text(const Byte* until) {
    if (part_.bad >= 0) return;
    while ((checked_ = skip_ascii(checked_, until)) < until) {
      const int length = character(checked_, end_);
      if (length == 0) {
        part_.bad = offset_ + (checked_ - at_);
        return;
      }
      checked_ += length;
    }
  }

  const Byte *before_, *at_, *stop_, *end_;
  const Byte* checked_ = nullptr;
  std::int64_t offset_, longest_;
  Part part_;
};

void keep_first(std::int64_t& first, std::int64_t next) {
  if (first < 0) first = next;
}

/// Combines the results of all chunks.
Scan combine(const std::vector<Part>& parts, std::int64_t begin, std::int64_t longest,
             std::int64_t chunk) {
  Scan all;
  std::int64_t run = 0, offset = begin;
  for (const auto& part : parts) {
    all.lf += part.lf;
    all.cr += part.cr;
    all.crlf += part.crlf;
    all.controls |= part.controls;
    all.holds_quote |= part.holds_quote;
    all.ends_open = part.ends_open;
    keep_first(all.bad, part.bad);
    keep_first(all.nul, part.nul);
    if (run + part.head > longest) keep_first(all.endless, offset);
    keep_first(all.endless, part.endless);
    run = part.has_end ? part.tail : run + part.tail;
    offset += chunk;
  }
  return all;
}

}  // namespace

Scan scan(const std::string& path, std::int64_t begin, std::int64_t end, const std::string& quote,
          std::int64_t longest, std::int64_t chunk, int threads, const Poll& poll) {
  const auto n_chunks = std::max<std::int64_t>(0, end - begin + chunk - 1) / chunk;
  std::vector<Part> parts(static_cast<std::size_t>(n_chunks));
  std::vector<File> files;
  std::vector<Buffer<char>> buffers;
  for (int worker = 0; worker < threads; ++worker) {
    files.emplace_back(path);
    buffers.push_back(make_buffer<char>(chunk + 2 * kMargin));
  }
  parallel_for(
      n_chunks, threads,
      [&](std::int64_t number, int worker) {
        const auto at = begin + number * chunk;
        const auto from = std::max(begin, at - kMargin);
        const auto wanted = std::min(end, at + chunk + kMargin) - from;
        auto* bytes = buffers[static_cast<std::size_t>(worker)].get();
        const auto got = files[static_cast<std::size_t>(worker)].read(from, bytes, wanted);
        if (got <= at - from) return;  // the file was truncated meanwhile
        const auto* first = reinterpret_cast<const Byte*>(bytes);
        const auto* begins = first + (at - from);
        const auto* last = first + got;
        const auto* stop = std::min(last, begins + chunk);
        parts[static_cast<std::size_t>(number)] =
            Chunk(first, begins, stop, last, at, longest).scan(quote);
      },
      poll);
  return combine(parts, begin, longest, chunk);
}

}  // namespace penchant
