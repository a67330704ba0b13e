#include "penchant/metrics.hpp"

#include <algorithm>
#include <cmath>

namespace penchant {

void ranking_gains(const Rows& lists, const Rows& relevant, std::int64_t k, const ListGains& out,
                   int threads, const Poll& poll) {
  constexpr std::int64_t kTogether = 1024;
  const auto compare = [&](std::int64_t row) {
    const auto list = lists[row];
    const auto wanted = relevant[row];
    const auto length = std::min<std::int64_t>(k, static_cast<std::int64_t>(list.size()));
    std::int32_t hits = 0, first = 0;
    double dcg = 0, precisions = 0;
    for (std::int64_t j = 0; j < length; ++j) {
      if (!std::binary_search(wanted.begin(), wanted.end(), list[j])) continue;
      const double place = static_cast<double>(j + 1);
      if (++hits == 1) first = static_cast<std::int32_t>(j + 1);
      dcg += 1.0 / std::log2(place + 1.0);
      precisions += hits / place;
    }
    out.hits[row] = hits;
    out.first[row] = first;
    out.dcg[row] = dcg;
    out.precisions[row] = precisions;
  };
  parallel_for((lists.n_rows + kTogether - 1) / kTogether, threads,
               [&](std::int64_t chunk, int) {
                 const auto end = std::min(lists.n_rows, (chunk + 1) * kTogether);
                 for (auto row = chunk * kTogether; row < end; ++row) compare(row);
               },
               poll);
}

}  // namespace penchant
