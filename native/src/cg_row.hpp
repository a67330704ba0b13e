// The solution of one row by conjugate gradients.
#pragma once

#include "exact_row.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

/// The rows of W that the entries of a row refer to, with their weights.
template <class S>
struct Gathered {
  const S** w;          // n, padded with rows of W to whole vectors
  S* confidence_delta;  // with its sign; 0 for the padding
  S* weight;            // scratch of one pass
  std::int64_t n;       // rounded up to whole vectors
};

/// Collects the rows and weights of the entries of a row.
template <class S>
[[gnu::always_inline]] inline Gathered<S> gathered(const RowProblem<S>& row, Scratch& scratch) {
  const std::int64_t n = round_up(row.n, kLanes<S>);
  const Gathered<S> all{scratch.take<const S*>(n), scratch.take<S>(n), scratch.take<S>(n), n};
  for (std::int64_t i = 0; i < row.n; ++i) all.w[i] = row.W + row.columns[i] * row.stride;
  for (std::int64_t i = 0; i < row.n; ++i)
    all.confidence_delta[i] = static_cast<S>(row.confidence_delta[i]);
  for (std::int64_t i = row.n; i < n; ++i) all.w[i] = all.w[0], all.confidence_delta[i] = 0;
  return all;
}

/// Returns how many gathered rows are processed together, so that they stay in L1 for their second
/// use.
template <class S>
std::int64_t rows_together(std::int64_t f) {
  constexpr std::int64_t bytes = 8 * 1024;
  const std::int64_t fit = bytes / (f * static_cast<std::int64_t>(sizeof(S)));
  return fit < kLanes<S> ? kLanes<S> : fit / kLanes<S> * kLanes<S>;
}

/// Prefetches the rows of W that the next row refers to, spread over the iterations of this row.
///
/// Only where they are few: many would evict the working set from L1, and in long rows the
/// processor runs far enough ahead by itself. Prefetching a long row's own entries took a third
/// more time.
template <class S>
struct Ahead {
  const RowProblem<S>& row;
  std::int64_t next;       // the next entry to prefetch
  std::int64_t end;        // of the entries to prefetch
  std::int64_t share = 0;  // entries per iteration

  Ahead(const RowProblem<S>& problem, std::int64_t groups)
      : row(problem), next(problem.n), end(problem.n) {
    if (row.n_next > 2 * rows_together<S>(row.stride)) return;
    end += row.n_next;
    share = round_up(end - next, groups) / groups;
  }

  [[gnu::always_inline]] void prefetch() {
    for (std::int64_t k = least(next + share, end); next < k; ++next) prefetch_row(row, next);
  }
};

/// Adds Σ_i weight_i w_i to `out`. weight_i is c p − (c − α0) w_i·q in the first pass, which also
/// replaces confidence_delta by its absolute value, and (c − α0) w_i·q in later ones.
template <bool first, class S>
[[gnu::always_inline]] inline void pass(const RowProblem<S>& row, const Gathered<S>& all,
                                        const S* q, S* out, Ahead<S>& ahead) {
  constexpr int L = kLanes<S>;
  const std::int64_t f = row.stride, together = rows_together<S>(f);
  const Vec<S> least_weight = broadcast(static_cast<S>(row.unobserved_weight));
  for (std::int64_t begin = 0; begin < all.n; begin += together) {
    const std::int64_t end = least(begin + together, all.n);
    for (std::int64_t i = begin; i < end; i += L) {
      ahead.prefetch();
      const Vec<S> dots = products<S>([&](std::int64_t k) { return all.w[i + k]; }, q, f);
      const Vec<S> s = load(all.confidence_delta + i);
      if constexpr (first) {
        const Vec<S> size = s < 0 ? -s : s;
        store(all.confidence_delta + i, size);
        store(all.weight + i, (s > 0 ? least_weight + size : Vec<S>{}) - size * dots);
      } else {
        store(all.weight + i, s * dots);
      }
    }
    const auto w = [&](std::int64_t k) { return all.w[begin + k]; };
    add_rows<S>(w, all.weight + begin, end - begin, f, out);
  }
}

/// Computes Σ_i (c − α0) (w_i·p)². It takes half the time of a pass, since no rows are added.
template <class S>
[[gnu::always_inline]] inline double curvature_pass(const RowProblem<S>& row,
                                                    const Gathered<S>& all, const S* p,
                                                    Ahead<S>& ahead) {
  constexpr int L = kLanes<S>;
  Vec<S> total{};
  for (std::int64_t i = 0; i < all.n; i += L) {
    ahead.prefetch();
    const Vec<S> dots = products<S>([&](std::int64_t k) { return all.w[i + k]; }, p, row.stride);
    total += load(all.confidence_delta + i) * dots * dots;
  }
  return static_cast<double>(sum<S>(total));
}

/// Sums the terms of all vectors of factors, in four independent sums to hide latency.
template <class S, class Term>
[[gnu::always_inline]] inline double summed(std::int64_t f, const Term& term) {
  constexpr int L = kLanes<S>;
  Vec<S> acc[4] = {};
  std::int64_t j = 0;
  for (; j + 4 * L <= f; j += 4 * L)
    for (int k = 0; k < 4; ++k) acc[k] += term(j + k * L);
  for (; j < f; j += L) acc[0] += term(j);
  return static_cast<double>(sum<S>((acc[0] + acc[1]) + (acc[2] + acc[3])));
}

template <class S>
double dot(const S* x, const S* y, std::int64_t stride) {
  return summed<S>(stride, [&](std::int64_t j) { return load(x + j) * load(y + j); });
}

/// Conjugate gradients preconditioned with Γ: those of (I + BᵀB) z = Bᵀt, written in v = γ∘z, which
/// avoids both γ∘w and v/γ.
///
/// Between two calls of advance() the caller makes a pass over the entries with direction() that
/// adds to target(). The last pass computes the curvature only.
template <class S>
struct ConjugateGradients {
  S *v, *r, *p, *Ap;
  double energy, rr, enough;
  int passes;  // number of passes made

  [[gnu::always_inline]] inline void start(const RowProblem<S>& row, Scratch& scratch) {
    const std::int64_t f = row.stride;
    v = scratch.take<S>(f), r = scratch.take<S>(f), p = scratch.take<S>(f), Ap = scratch.take<S>(f);
    passes = 0;
    energy = summed<S>(f, [&](std::int64_t j) {
      const Vec<S> start = load(row.inverse + j) > 0 ? load(row.v + j) : Vec<S>{};
      store(v + j, start);
      const Vec<S> part = load(row.shared + j) * start;
      store(r + j, -part);
      return part * start;
    });
  }

  const S* direction() const { return passes == 0 ? v : p; }
  S* target() const { return passes == 0 ? r : Ap; }

  bool is_last(const RowProblem<S>& row) const { return passes == row.cg_steps; }

  /// Updates the state after a pass that is not the last; returns whether another pass is needed.
  [[gnu::always_inline]] inline bool advance(const RowProblem<S>& row) {
    if (++passes == 1) return first_direction(row);
    return step(row);
  }

  /// Computes the first direction from the residual r = Σ c p w − A v.
  [[gnu::always_inline]] inline bool first_direction(const RowProblem<S>& row) {
    rr = summed<S>(row.stride, [&](std::int64_t j) {
      const Vec<S> z = load(row.inverse + j) * load(r + j);
      store(p + j, z);
      store(Ap + j, load(row.shared + j) * z);
      return load(r + j) * z;
    });
    enough = (rr + energy) * Tolerance<S>::kResidual;
    return rr > enough;
  }

  [[gnu::always_inline]] inline bool step(const RowProblem<S>& row) {
    constexpr int L = kLanes<S>;
    const std::int64_t f = row.stride;
    const double curvature =
        summed<S>(f, [&](std::int64_t j) { return load(p + j) * load(Ap + j); });
    const Vec<S> alpha = broadcast(static_cast<S>(rr / curvature));
    const double rr_next = summed<S>(f, [&](std::int64_t j) {
      store(v + j, load(v + j) + alpha * load(p + j));
      const Vec<S> rest = load(r + j) - alpha * load(Ap + j);
      const Vec<S> z = load(row.inverse + j) * rest;
      store(r + j, rest);
      store(Ap + j, z);
      return rest * z;
    });
    const Vec<S> beta = broadcast(static_cast<S>(rr_next / rr));
    for (std::int64_t j = 0; j < f; j += L) {
      const Vec<S> next = load(Ap + j) + beta * load(p + j);
      store(p + j, next);
      store(Ap + j, load(row.shared + j) * next);
    }
    rr = rr_next;
    return rr > enough;
  }

  /// Makes the last step, from the curvature of the entries.
  [[gnu::always_inline]] inline void arrive(const RowProblem<S>& row, double curvature) {
    curvature += summed<S>(row.stride, [&](std::int64_t j) {
      return load(row.shared + j) * load(p + j) * load(p + j);
    });
    const Vec<S> alpha = broadcast(static_cast<S>(rr / curvature));
    for (std::int64_t j = 0; j < row.stride; j += kLanes<S>)
      store(v + j, load(v + j) + alpha * load(p + j));
  }

  /// Writes the solution. If its numbers overflowed S, the row is solved exactly instead.
  [[gnu::always_inline]] inline void finish(const RowProblem<S>& row, char* memory) const {
    const double check =
        summed<S>(row.stride, [&](std::int64_t j) { return load(v + j) - load(v + j); });
    if (!(check == 0) || !(rr - rr == 0)) return solve_exact(row, memory);
    for (std::int64_t j = 0; j < row.stride; j += kLanes<S>) store(row.v + j, load(v + j));
  }
};

/// Solves a row by conjugate gradients.
template <class S>
void solve_cg(const RowProblem<S>& row, char* memory) {
  Scratch scratch{memory};
  ConjugateGradients<S> cg;
  cg.start(row, scratch);
  const Gathered<S> all = gathered(row, scratch);
  Ahead<S> ahead(row, all.n / kLanes<S> * (row.cg_steps + 1));
  pass<true>(row, all, cg.direction(), cg.target(), ahead);
  while (cg.advance(row)) {
    if (cg.is_last(row)) {
      cg.arrive(row, curvature_pass(row, all, cg.direction(), ahead));
      break;
    }
    pass<false>(row, all, cg.direction(), cg.target(), ahead);
  }
  cg.finish(row, memory);
}

// Heavy rows, which several threads share: passes over parts of a row, each with its own sum.

template <class S>
std::int64_t cg_bytes(std::int64_t stride) {
  return static_cast<std::int64_t>(sizeof(ConjugateGradients<S>) + 4 * sizeof(S) * stride) +
         5 * kAlignment;
}

template <class S>
void cg_start(const RowProblem<S>& row, char* state) {
  Scratch scratch{state};
  auto* cg = scratch.take<ConjugateGradients<S>>(1);
  cg->start(row, scratch);
}

template <class S>
void cg_pass(const RowProblem<S>& part, const char* state, S* sum, char* memory) {
  const auto& cg = *reinterpret_cast<const ConjugateGradients<S>*>(state);
  Scratch scratch{memory};
  for (std::int64_t j = 0; j < part.stride; j += kLanes<S>) store(sum + j, Vec<S>{});
  const Gathered<S> all = gathered(part, scratch);
  Ahead<S> ahead(part, all.n / kLanes<S>);
  if (cg.passes == 0) return pass<true>(part, all, cg.direction(), sum, ahead);
  for (std::int64_t i = 0; i < part.n; ++i)
    all.confidence_delta[i] =
        all.confidence_delta[i] < 0 ? -all.confidence_delta[i] : all.confidence_delta[i];
  if (cg.is_last(part))
    sum[0] = static_cast<S>(curvature_pass(part, all, cg.direction(), ahead));
  else
    pass<false>(part, all, cg.direction(), sum, ahead);
}

template <class S>
bool cg_advance(const RowProblem<S>& row, char* state, const S* sums, std::int64_t n_parts,
                char* memory) {
  auto& cg = *reinterpret_cast<ConjugateGradients<S>*>(state);
  if (cg.is_last(row)) {
    double curvature = 0;
    for (std::int64_t k = 0; k < n_parts; ++k)
      curvature += static_cast<double>(sums[k * row.stride]);
    cg.arrive(row, curvature);
  } else {
    S* target = cg.target();
    for (std::int64_t k = 0; k < n_parts; ++k)
      for (std::int64_t j = 0; j < row.stride; j += kLanes<S>)
        store(target + j, load(target + j) + load(sums + k * row.stride + j));
    if (cg.advance(row)) return true;
  }
  cg.finish(row, memory);
  return false;
}

}  // namespace
}  // namespace penchant::PENCHANT_ISA
