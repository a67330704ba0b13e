// The k best items of each query by dot product, most items ruled out by their rounded factors.
#pragma once

#include <cstdint>

#include "tacit/parallel.hpp"
#include "tacit/rows.hpp"
#include "tacit/topk.hpp"

namespace tacit {

/// Whether to look for items that can be ruled out: where it should pay, or as told (for tests).
enum class Prune { automatic, never, always };

/// What top_k over factor_scores finds, the same bit for bit, in less time. queries and items are
/// row-major, f numbers each.
template <class T>
void factor_top_k(const T* queries, std::int64_t n_queries, const T* items, std::int64_t n_items,
                  std::int64_t f, std::int64_t k, const Rows& exclude, const Rows& allow,
                  const TopKLists& out, Prune prune, int threads, const Poll& poll);

}  // namespace tacit
