// LogReader::merge: sorts the rows into the matrix and merges those of the same pair.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "penchant/log_reader.hpp"
#include "penchant/memory.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kUsersAtOnce = 1 << 10;

/// Consecutive parts that one thread sorts, and the place of its next row of each user.
struct Group {
  std::size_t begin, end;
  std::vector<std::int64_t> next;
};

/// Replaces numbers by codes and counts the rows of each user in a group.
void count_users(Group& group, std::vector<RowPart>& parts, const Interner::Order& users,
                 const Interner::Order& items) {
  group.next.assign(static_cast<std::size_t>(users.n_texts), 0);
  for (auto number = group.begin; number < group.end; ++number) {
    auto& part = parts[number];
    for (std::size_t row = 0; row < part.users.size(); ++row) {
      auto& user = part.users[row];
      if (user == RowPart::kHole) continue;
      user = static_cast<std::uint32_t>(users.code(user));
      part.items[row] = static_cast<std::uint32_t>(items.code(part.items[row]));
      ++group.next[user];
    }
  }
}

/// Turns counts into places, group after group within a user, so that rows keep their order.
void place(std::vector<Group>& groups, std::int64_t n_users, std::int64_t* indptr) {
  indptr[0] = 0;
  for (std::int64_t user = 0; user < n_users; ++user) {
    auto at = indptr[user];
    for (auto& group : groups) {
      const auto count = group.next[static_cast<std::size_t>(user)];
      group.next[static_cast<std::size_t>(user)] = at;
      at += count;
    }
    indptr[user + 1] = at;
  }
}

/// Copies the rows of a group to their places.
void sort_in(Group& group, std::vector<RowPart>& parts, const CsrOutput& out, double* wide) {
  for (auto number = group.begin; number < group.end; ++number) {
    auto& part = parts[number];
    for (std::size_t row = 0; row < part.users.size(); ++row) {
      if (part.users[row] == RowPart::kHole) continue;
      const auto to = group.next[part.users[row]]++;
      out.indices[to] = static_cast<std::int32_t>(part.items[row]);
      if (wide) {
        wide[to] = part.value(row);
      } else {
        out.values[to] = static_cast<float>(part.value(row));
      }
      if (out.times) out.times[to] = part.times[row];
    }
    part = RowPart();  // frees its memory
  }
}

/// Merges the rows of users, one user at a time.
class Merger {
 public:
  Merger(MergePolicy policy, const CsrOutput& out, const double* wide)
      : policy_(policy), out_(out), wide_(wide) {}

  /// Merges the rows [begin, end) of a user in place; returns the number of pairs that remain.
  std::int64_t merge(std::int64_t user, std::int64_t begin, std::int64_t end) {
    if (end - begin > std::numeric_limits<std::uint32_t>::max()) {
      throw std::length_error("user " + std::to_string(user) + " has " +
                              std::to_string(end - begin) +
                              " rows; at most 2^32 - 1 can be merged");
    }
    sort(begin, end);
    auto to = begin;
    for (std::size_t i = 0, next = 0; i < rows_.size(); i = next) {
      const auto item = rows_[i] >> 32;
      for (next = i; next < rows_.size() && rows_[next] >> 32 == item;) ++next;
      if (next - i > 1 && found.duplicate_user < 0) {
        found.duplicate_user = user;
        found.duplicate_item = static_cast<std::int64_t>(item);
        found.duplicate_rows = static_cast<std::int64_t>(next - i);
      }
      ++found.pairs;
      const auto value = merged(i, next);
      const auto narrow = static_cast<float>(value);
      found.overflowed += !std::isfinite(narrow);
      found.cancelled += narrow == 0;
      if (narrow == 0) continue;
      out_.indices[to] = static_cast<std::int32_t>(item);
      out_.values[to] = narrow;
      if (out_.times) out_.times[to] = latest(i, next);
      ++to;
    }
    return to - begin;
  }

  Merged found;

 private:
  /// Sorts by item and place, packed into one number each, so that rows keep the order of the log.
  void sort(std::int64_t begin, std::int64_t end) {
    const auto size = static_cast<std::size_t>(end - begin);
    rows_.resize(size);
    values_.resize(size);
    for (std::size_t i = 0; i < size; ++i) {
      const auto at = begin + static_cast<std::int64_t>(i);
      rows_[i] = static_cast<std::uint64_t>(out_.indices[at]) << 32 | i;
      values_[i] = wide_ ? wide_[at] : out_.values[at];
    }
    if (out_.times) times_.assign(out_.times + begin, out_.times + end);
    if (!std::is_sorted(rows_.begin(), rows_.end())) std::sort(rows_.begin(), rows_.end());
  }

  double value(std::size_t i) const { return values_[rows_[i] & 0xffffffff]; }
  std::int64_t time(std::size_t i) const { return times_[rows_[i] & 0xffffffff]; }

  double merged(std::size_t begin, std::size_t end) const {
    if (policy_ == MergePolicy::last) return value(last(begin, end));
    double sum = value(begin), largest = sum;
    for (auto i = begin + 1; i < end; ++i) {
      sum += value(i);
      largest = std::max(largest, value(i));
    }
    switch (policy_) {
      case MergePolicy::binary:
        return (sum > 0) - (sum < 0);
      case MergePolicy::max:
        return largest;
      case MergePolicy::mean:
        return sum / static_cast<double>(end - begin);
      default:
        return sum;
    }
  }

  /// Returns the latest row, by time if there are times, then by place.
  std::size_t last(std::size_t begin, std::size_t end) const {
    auto best = end - 1;
    if (!out_.times) return best;
    for (auto i = end - 1; i-- > begin;) {
      if (time(i) > time(best)) best = i;
    }
    return best;
  }

  std::int64_t latest(std::size_t begin, std::size_t end) const {
    auto found_time = time(begin);
    for (auto i = begin + 1; i < end; ++i) found_time = std::max(found_time, time(i));
    return found_time;
  }

  MergePolicy policy_;
  CsrOutput out_;
  const double* wide_;
  std::vector<std::uint64_t> rows_;
  std::vector<double> values_;
  std::vector<std::int64_t> times_;
};

void add(Merged& all, const Merged& part) {
  all.pairs += part.pairs;
  all.cancelled += part.cancelled;
  all.overflowed += part.overflowed;
  if (all.duplicate_user < 0 && part.duplicate_user >= 0) {
    all.duplicate_user = part.duplicate_user;
    all.duplicate_item = part.duplicate_item;
    all.duplicate_rows = part.duplicate_rows;
  }
}

/// Closes the gaps that merged rows left; `kept` is the number of remaining pairs per user.
void close_gaps(const std::vector<std::int64_t>& kept, const CsrOutput& out) {
  std::int64_t to = 0;
  for (std::size_t user = 0; user < kept.size(); ++user) {
    const auto from = out.indptr[user];
    out.indptr[user] = to;
    if (from != to) {
      std::copy_n(out.indices + from, kept[user], out.indices + to);
      std::copy_n(out.values + from, kept[user], out.values + to);
      if (out.times) std::copy_n(out.times + from, kept[user], out.times + to);
    }
    to += kept[user];
  }
  out.indptr[kept.size()] = to;
}

}  // namespace

Merged LogReader::merge(MergePolicy policy, const CsrOutput& out, int threads, const Poll& poll) {
  if (user_ids_) throw std::logic_error("LogReader::merge: call sort_ids before");
  const auto n_users = user_order_.n_texts;
  const auto valid = counts().valid;
  const auto worth = valid / std::max<std::int64_t>(n_users, 1);
  const auto n_groups = static_cast<std::size_t>(
      std::clamp<std::int64_t>(std::min<std::int64_t>(worth, threads), 1, threads));
  std::vector<Group> groups(n_groups);
  for (std::size_t g = 0; g < n_groups; ++g) {
    groups[g].begin = parts_.size() * g / n_groups;
    groups[g].end = parts_.size() * (g + 1) / n_groups;
  }
  const auto each = [&](auto&& body) {
    parallel_for(
        static_cast<std::int64_t>(n_groups), threads,
        [&](std::int64_t g, int) { body(groups[static_cast<std::size_t>(g)]); }, poll);
  };
  each([&](Group& group) { count_users(group, parts_, user_order_, item_order_); });
  place(groups, n_users, out.indptr);
  const bool any_wide = std::any_of(parts_.begin(), parts_.end(),
                                    [](const RowPart& part) { return !part.wide.empty(); });
  const auto wide = any_wide ? make_buffer<double>(valid) : Buffer<double>();
  each([&](Group& group) { sort_in(group, parts_, out, wide.get()); });
  groups.clear();

  const auto n_chunks = (n_users + kUsersAtOnce - 1) / kUsersAtOnce;
  std::vector<Merged> found(static_cast<std::size_t>(n_chunks));
  std::vector<std::int64_t> kept(static_cast<std::size_t>(n_users));
  parallel_for(
      n_chunks, threads,
      [&](std::int64_t chunk, int) {
        Merger merger(policy, out, wide.get());
        const auto end = std::min(n_users, (chunk + 1) * kUsersAtOnce);
        for (auto user = chunk * kUsersAtOnce; user < end; ++user) {
          kept[static_cast<std::size_t>(user)] =
              merger.merge(user, out.indptr[user], out.indptr[user + 1]);
        }
        found[static_cast<std::size_t>(chunk)] = merger.found;
      },
      poll);
  close_gaps(kept, out);
  parts_.clear();
  Merged all;
  for (const auto& part : found) add(all, part);
  return all;
}

}  // namespace penchant
