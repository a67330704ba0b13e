// The inner loops of the solver, compiled once per instruction set.
//
// All flops of the exact solver are C ± AᵀB on an upper triangle: the Gram matrix of the gathered
// rows (or of their transpose, for the n × n twin) and the trailing update of a blocked Cholesky
// factorisation. One register-tiled micro-kernel serves both, and the dense products too.
#include "solve_kernels.hpp"

#include "tacit/simd.hpp"

namespace tacit::TACIT_ISA {
namespace {

constexpr int tile_rows = 4;
constexpr int tile_vectors = 3;
constexpr std::int64_t gathered_bytes = 24 * 1024;  // a block of gathered rows stays in L1
constexpr std::int64_t alignment = 64;

constexpr std::int64_t round_up(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }
constexpr std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// What the sizes of systems are multiples of: whole vectors and whole tiles.
template <class T>
constexpr int granule = lanes<T> < tile_rows ? tile_rows : lanes<T>;

/// Hands out aligned pieces of a block of scratch memory, in order.
struct Scratch {
  char* next;
  template <class T>
  T* take(std::int64_t n) {
    T* piece = reinterpret_cast<T*>(next);
    next += round_up(n * static_cast<std::int64_t>(sizeof(T)), alignment);
    return piece;
  }
};

// --- C ± A·B, in tiles ------------------------------------------------------------------------

/// C[i, j] += sign · Σ_k A[i, k] B[k, j] for a tile of `rows` × `vectors`; A[i, k] is at
/// a[i·a_row + k·a_column].
template <class T, int rows, int vectors, int sign>
[[gnu::always_inline]] inline void tile(std::int64_t depth, const T* a, std::int64_t a_row,
                                        std::int64_t a_column, const T* b, std::int64_t ldb, T* c,
                                        std::int64_t ldc) {
  constexpr int L = lanes<T>;
  Vec<T> acc[rows][vectors];
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < vectors; ++j) acc[i][j] = load(c + i * ldc + j * L);
  for (std::int64_t k = 0; k < depth; ++k) {
    Vec<T> right[vectors];
    for (int j = 0; j < vectors; ++j) right[j] = load(b + k * ldb + j * L);
    for (int i = 0; i < rows; ++i) {
      const Vec<T> left = broadcast(a[i * a_row + k * a_column]);
      for (int j = 0; j < vectors; ++j) {
        if constexpr (sign > 0) acc[i][j] += left * right[j];
        else acc[i][j] -= left * right[j];
      }
    }
  }
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < vectors; ++j) store(c + i * ldc + j * L, acc[i][j]);
}

/// A strip of `rows` rows of C over the columns [from, to), both multiples of the lanes.
template <class T, int rows, int sign>
void strip(std::int64_t depth, const T* a, std::int64_t a_row, std::int64_t a_column, const T* b,
           std::int64_t ldb, T* c, std::int64_t ldc, std::int64_t from, std::int64_t to) {
  constexpr int L = lanes<T>;
  std::int64_t j = from;
  for (; j + tile_vectors * L <= to; j += tile_vectors * L)
    tile<T, rows, tile_vectors, sign>(depth, a, a_row, a_column, b + j, ldb, c + j, ldc);
  if (j + 2 * L <= to) {
    tile<T, rows, 2, sign>(depth, a, a_row, a_column, b + j, ldb, c + j, ldc);
  } else if (j + L <= to) {
    tile<T, rows, 1, sign>(depth, a, a_row, a_column, b + j, ldb, c + j, ldc);
  }
}

/// The upper triangle of C ± PᵀP, rows and columns [begin, n) and the columns up to `width`;
/// P is depth × width, stride ldp. begin is a multiple of tile_rows; so is n.
template <class T, int sign>
void upper_update(std::int64_t depth, const T* P, std::int64_t ldp, T* C, std::int64_t ldc,
                  std::int64_t begin, std::int64_t n, std::int64_t width) {
  for (std::int64_t i = begin; i < n; i += tile_rows) {
    const std::int64_t from = i / lanes<T> * lanes<T>;
    strip<T, tile_rows, sign>(depth, P + i, 1, ldp, P, ldp, C + i * ldc, ldc, from, width);
  }
}

// --- Cholesky, with the right-hand side as one more column ------------------------------------

/// y += a·x over [from, to), multiples of the lanes.
template <class T>
[[gnu::always_inline]] inline void axpy(T a, const T* x, T* y, std::int64_t from,
                                        std::int64_t to) {
  constexpr int L = lanes<T>;
  const Vec<T> factor = broadcast(a);
  for (std::int64_t j = from; j < to; j += L) store(y + j, load(y + j) + factor * load(x + j));
}

template <class T>
struct Tolerance;
template <>
struct Tolerance<float> {
  // A pivot this much smaller than its diagonal entry has lost most of its digits.
  static constexpr float pivot = 1e-4F;
};
template <>
struct Tolerance<double> {
  static constexpr double pivot = 0;
};

/// The pivot to divide by. I + BᵀB ⪰ I, so none can be below 1 but by rounding: in double the
/// bound mends what rounding took; in float a pivot that lost its digits is refused (0).
template <class T>
[[gnu::always_inline]] inline T checked_pivot(T pivot, T diagonal) {
  if (!(pivot > Tolerance<T>::pivot * diagonal)) {
    if (sizeof(T) == sizeof(float)) return 0;
    return 1;
  }
  return pivot < 1 ? T(1) : pivot;
}

/// Solves A z = r for A = C (n × n, upper triangle, A ⪰ I) and r the column n of C; C is n × ldc
/// with ldc ≥ n + lanes, n a multiple of lanes and of tile_rows, and is used up. z has n entries.
/// Returns false if a pivot lost its digits.
template <class T>
bool cholesky_solve(T* C, std::int64_t n, std::int64_t ldc, T* diagonal, T* z) {
  constexpr int L = lanes<T>;
  constexpr std::int64_t block = 16;
  const std::int64_t width = n + L;
  for (std::int64_t i = 0; i < n; ++i) diagonal[i] = C[i * ldc + i];
  for (std::int64_t k0 = 0; k0 < n; k0 += block) {
    const std::int64_t k1 = least(k0 + block, n);
    for (std::int64_t k = k0; k < k1; ++k) {
      T* row = C + k * ldc;
      const T pivot = checked_pivot(row[k], diagonal[k]);
      if (!(pivot > 0)) return false;
      const T inverse = T(1) / static_cast<T>(__builtin_sqrt(static_cast<double>(pivot)));
      const std::int64_t from = k / L * L;
      for (std::int64_t j = from; j < width; j += L) store(row + j, load(row + j) * broadcast(inverse));
      for (std::int64_t i = k + 1; i < k1; ++i)
        axpy<T>(-row[i], row, C + i * ldc, i / L * L, width);
      diagonal[k] = inverse;
    }
    upper_update<T, -1>(k1 - k0, C + k0 * ldc, ldc, C, ldc, k1, n, width);
  }
  // Back substitution. Entries of z not reached yet are 0, so what lies left of the diagonal in
  // the first vector does not count.
  for (std::int64_t i = 0; i < n; ++i) z[i] = 0;
  for (std::int64_t i = n - 1; i >= 0; --i) {
    const T* row = C + i * ldc;
    Vec<T> acc{};
    for (std::int64_t j = i / L * L; j < n; j += L) acc += load(row + j) * load(z + j);
    z[i] = (row[n] - sum<T>(acc)) * diagonal[i];
    if (!(z[i] - z[i] == 0)) return false;
  }
  return true;
}

template <class T>
void set_identity(T* C, std::int64_t n, std::int64_t ldc) {
  constexpr int L = lanes<T>;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = i / granule<T> * granule<T>; j < ldc; j += L)
      store(C + i * ldc + j, Vec<T>{});
    C[i * ldc + i] = 1;
  }
}

// --- one row, exactly -------------------------------------------------------------------------

template <class T>
T root(T x) { return static_cast<T>(__builtin_sqrt(static_cast<double>(x))); }

/// t of an entry: c·p / √(c − α0), 0 for a dislike.
template <class T, class S>
[[gnu::always_inline]] inline T target(const RowProblem<S>& row, std::int64_t i, T weight_root) {
  if (row.excess[i] <= 0) return 0;
  return (static_cast<T>(row.unobserved_weight) + static_cast<T>(row.excess[i])) / weight_root;
}

template <class T, class S>
[[gnu::always_inline]] inline void prefetch_row(const RowProblem<S>& row, std::int64_t i) {
  if (i >= row.n) return;
  const char* at = reinterpret_cast<const char*>(row.W + row.columns[i] * row.stride);
  for (std::int64_t byte = 0; byte < row.stride * static_cast<std::int64_t>(sizeof(S)); byte += 64)
    __builtin_prefetch(at + byte);
}

/// Row i of B into out, `width` apart from its t at out[f]: √(c − α0) γ∘w.
template <class T, class S>
[[gnu::always_inline]] inline T gather(const RowProblem<S>& row, std::int64_t i, const T* gamma,
                                       T* out) {
  prefetch_row<T>(row, i + 4);
  const float size = row.excess[i] < 0 ? -row.excess[i] : row.excess[i];
  const T weight_root = root<T>(static_cast<T>(size));
  const S* w = row.W + row.columns[i] * row.stride;
  for (std::int64_t j = 0; j < row.stride; ++j) out[j] = weight_root * gamma[j] * static_cast<T>(w[j]);
  return target<T>(row, i, weight_root);
}

/// How many gathered rows are kept at a time.
template <class T>
std::int64_t gathered_rows(std::int64_t width) {
  const std::int64_t fit = gathered_bytes / (width * static_cast<std::int64_t>(sizeof(T)));
  return fit < 32 ? 32 : fit;
}

/// f × f: C = I + BᵀB with Bᵀt as one more column, gathered block by block.
template <class T, class S>
bool solve_primal(const RowProblem<S>& row, const T* gamma, T* z, Scratch scratch) {
  constexpr int L = lanes<T>;
  const std::int64_t f = row.stride, width = f + L, block = gathered_rows<T>(width);
  T* B = scratch.take<T>(block * width);
  T* C = scratch.take<T>(f * width);
  T* diagonal = scratch.take<T>(f);
  set_identity(C, f, width);
  for (std::int64_t first = 0; first < row.n; first += block) {
    const std::int64_t count = least(block, row.n - first);
    for (std::int64_t i = 0; i < count; ++i) {
      T* out = B + i * width;
      store(out + f, Vec<T>{});
      out[f] = gather<T>(row, first + i, gamma, out);
    }
    upper_update<T, 1>(count, B, width, C, width, 0, f, width);
  }
  return cholesky_solve(C, f, width, diagonal, z);
}

/// The n × n twin: z = Bᵀ(I + BBᵀ)⁻¹t, for rows with few entries.
template <class T, class S>
bool solve_dual(const RowProblem<S>& row, const T* gamma, T* z, Scratch scratch) {
  constexpr int L = lanes<T>;
  const std::int64_t f = row.stride, n = round_up(row.n, granule<T>), width = n + L;
  T* B = scratch.take<T>(n * f);
  T* Bt = scratch.take<T>(f * n);
  T* K = scratch.take<T>(n * width);
  T* diagonal = scratch.take<T>(n);
  T* y = scratch.take<T>(n);
  set_identity(K, n, width);
  for (std::int64_t i = 0; i < row.n; ++i) K[i * width + n] = gather<T>(row, i, gamma, B + i * f);
  for (std::int64_t i = row.n * f; i < n * f; i += L) store(B + i, Vec<T>{});
  for (std::int64_t i = 0; i < n; i += L)
    for (std::int64_t j = 0; j < f; j += L) transpose_square(B + i * f + j, f, Bt + j * n + i, n);
  upper_update<T, 1>(f, Bt, n, K, width, 0, n, n);
  if (!cholesky_solve(K, n, width, diagonal, y)) return false;
  for (std::int64_t j = 0; j < f; j += L) store(z + j, Vec<T>{});
  for (std::int64_t i = 0; i < row.n; ++i) axpy<T>(y[i], B + i * f, z, 0, f);
  return true;
}

/// Solves a row in the arithmetic of T and writes v = γ∘z. Returns false, v untouched, if the
/// digits of T did not suffice.
template <class T, class S>
bool solve_in(const RowProblem<S>& row, Scratch scratch) {
  const std::int64_t f = row.stride;
  T* gamma = scratch.take<T>(f);
  T* z = scratch.take<T>(f);
  std::int64_t rank = 0;  // of B at most; its n × n twin would be all but singular beyond
  for (std::int64_t j = 0; j < f; ++j) {
    gamma[j] = static_cast<T>(row.gamma[j]);
    rank += row.gamma[j] > 0;
  }
  const bool solved = row.n < rank ? solve_dual<T>(row, gamma, z, scratch)
                                   : solve_primal<T>(row, gamma, z, scratch);
  if (!solved) return false;
  for (std::int64_t j = 0; j < f; ++j) {
    const S v = static_cast<S>(gamma[j] * z[j]);
    if (!(v - v == 0)) return false;
  }
  for (std::int64_t j = 0; j < f; ++j) row.v[j] = static_cast<S>(gamma[j] * z[j]);
  return true;
}

template <class S>
void solve_exact(const RowProblem<S>& row, char* memory) {
  if (solve_in<S>(row, Scratch{memory})) return;
  if (sizeof(S) < sizeof(double) && solve_in<double>(row, Scratch{memory})) return;
  // Not even double: numbers near the end of its range. The row keeps what it had.
}

template <class S>
std::int64_t scratch_bytes(std::int64_t stride, std::int64_t n) {
  // counted for double, which the rescue of a float row needs
  constexpr std::int64_t L = lanes<float>, size = sizeof(double);
  const std::int64_t small = round_up(least(n, stride), L), width = stride + L;
  const std::int64_t primal = (gathered_rows<double>(width) + 64) * width + stride * width + stride;
  const std::int64_t dual = small * stride * 2 + small * (small + L) + 2 * small;
  const std::int64_t cg = 6 * stride;
  return (2 * stride + primal + dual + cg) * size + 32 * alignment;
}

// --- one row, by conjugate gradients ----------------------------------------------------------

/// out += Σ_i s_i (w_i·q) w_i over the row's entries: Bᵀ(Bp) but for the two factors γ.
template <class S>
void apply(const RowProblem<S>& row, const S* q, S* out) {
  constexpr int L = lanes<S>;
  constexpr int together = 4;
  const std::int64_t f = row.stride;
  for (std::int64_t first = 0; first < row.n; first += together) {
    const S* w[together];
    S weight[together];
    Vec<S> dots[together];
    for (int i = 0; i < together; ++i) {
      // past the end: the last row again, with weight 0
      const std::int64_t at = least(first + i, row.n - 1);
      const float s = row.excess[at];
      w[i] = row.W + row.columns[at] * f;
      weight[i] = first + i < row.n ? static_cast<S>(s < 0 ? -s : s) : S(0);
      dots[i] = Vec<S>{};
      prefetch_row<S>(row, first + together + i);
    }
    for (std::int64_t j = 0; j < f; j += L) {
      const Vec<S> right = load(q + j);
      for (int i = 0; i < together; ++i) dots[i] += load(w[i] + j) * right;
    }
    for (int i = 0; i < together; ++i) weight[i] *= sum<S>(dots[i]);
    for (std::int64_t j = 0; j < f; j += L) {
      Vec<S> acc = load(out + j);
      for (int i = 0; i < together; ++i) acc += broadcast(weight[i]) * load(w[i] + j);
      store(out + j, acc);
    }
  }
}

template <class S>
double dot(const S* x, const S* y, std::int64_t stride) {
  constexpr int L = lanes<S>;
  Vec<S> acc{};
  for (std::int64_t j = 0; j < stride; j += L) acc += load(x + j) * load(y + j);
  return static_cast<double>(sum<S>(acc));
}

template <class S>
void solve_cg(const RowProblem<S>& row, char* memory) {
  Scratch scratch{memory};
  const std::int64_t f = row.stride;
  S* gamma = scratch.take<S>(f);
  S* z = scratch.take<S>(f);
  S* r = scratch.take<S>(f);
  S* p = scratch.take<S>(f);
  S* q = scratch.take<S>(f);
  S* Ap = scratch.take<S>(f);

  // Ap = (I + BᵀB) x, by way of q = γ∘x
  const auto multiply = [&](const S* x) {
    for (std::int64_t j = 0; j < f; ++j) q[j] = gamma[j] * x[j], Ap[j] = 0;
    apply(row, q, Ap);
    for (std::int64_t j = 0; j < f; ++j) Ap[j] = x[j] + gamma[j] * Ap[j];
  };

  // r = Bᵀt = γ ∘ Σ c p w
  for (std::int64_t j = 0; j < f; ++j) r[j] = 0;
  for (std::int64_t i = 0; i < row.n; ++i) {
    if (row.excess[i] <= 0) continue;
    prefetch_row<S>(row, i + 4);
    axpy<S>(static_cast<S>(row.unobserved_weight) + row.excess[i], row.W + row.columns[i] * f, r, 0, f);
  }
  for (std::int64_t j = 0; j < f; ++j) {
    gamma[j] = static_cast<S>(row.gamma[j]);
    r[j] *= gamma[j];
    z[j] = gamma[j] > 0 ? row.v[j] / gamma[j] : S(0);
  }
  const double enough = dot(r, r, f) * 1e-14;
  multiply(z);
  for (std::int64_t j = 0; j < f; ++j) p[j] = r[j] = r[j] - Ap[j];
  double rr = dot(r, r, f);
  for (int step = 0; step < row.cg_steps && rr > enough; ++step) {
    multiply(p);
    const S alpha = static_cast<S>(rr / dot(p, Ap, f));
    axpy<S>(alpha, p, z, 0, f);
    axpy<S>(-alpha, Ap, r, 0, f);
    const double rr_next = dot(r, r, f);
    const S beta = static_cast<S>(rr_next / rr);
    for (std::int64_t j = 0; j < f; ++j) p[j] = r[j] + beta * p[j];
    rr = rr_next;
  }
  // numbers near the end of the range of S: let the exact solver with its rescue decide
  if (!(rr - rr == 0)) return solve_exact(row, memory);
  for (std::int64_t j = 0; j < f; ++j) row.v[j] = gamma[j] * z[j];
}

// --- dense products ---------------------------------------------------------------------------

constexpr std::int64_t gram_rows = 64;  // summed in S before they are added up in double

template <class S>
std::int64_t gram_scratch_bytes(std::int64_t stride) {
  return (gram_rows + stride) * stride * 8 + 4 * alignment;
}

/// C += PᵀP on the upper triangle, P and C in T; then out += C and C = 0.
template <class T>
void add_block(std::int64_t count, const T* P, std::int64_t stride, T* C, double* out) {
  upper_update<T, 1>(count, P, stride, C, stride, 0, stride, stride);
  for (std::int64_t i = 0; i < stride; ++i) {
    const std::int64_t from = i / granule<T> * granule<T>;
    for (std::int64_t j = from; j < stride; ++j) {
      out[i * stride + j] += static_cast<double>(C[i * stride + j]);
      C[i * stride + j] = 0;
    }
  }
}

template <class S>
void gram(const S* Y, std::int64_t n, std::int64_t stride, bool precise, double* out,
          char* memory) {
  Scratch scratch{memory};
  if (!precise || sizeof(S) == sizeof(double)) {
    S* C = scratch.take<S>(stride * stride);
    for (std::int64_t i = 0; i < stride * stride; ++i) C[i] = 0;
    for (std::int64_t first = 0; first < n; first += gram_rows)
      add_block<S>(least(gram_rows, n - first), Y + first * stride, stride, C, out);
    return;
  }
  double* wide = scratch.take<double>(gram_rows * stride);
  for (std::int64_t first = 0; first < n; first += gram_rows) {
    const std::int64_t count = least(gram_rows, n - first);
    for (std::int64_t i = 0; i < count * stride; ++i)
      wide[i] = static_cast<double>(Y[first * stride + i]);
    upper_update<double, 1>(count, wide, stride, out, stride, 0, stride, stride);
  }
}

template <class S>
std::int64_t product_scratch_bytes(std::int64_t stride) {
  return tile_rows * stride * static_cast<std::int64_t>(sizeof(S));
}

template <class S>
void product(const S* A, std::int64_t m, std::int64_t depth, const S* B, std::int64_t stride, S* C,
             char* memory) {
  constexpr int L = lanes<S>;
  S* out = reinterpret_cast<S*>(memory);
  for (std::int64_t first = 0; first < m; first += tile_rows) {
    const std::int64_t count = least(tile_rows, m - first);
    const S* a = A + first * stride;
    for (std::int64_t i = 0; i < count * stride; i += L) store(out + i, Vec<S>{});
    if (count == tile_rows) {
      strip<S, tile_rows, 1>(depth, a, stride, 1, B, stride, out, stride, 0, stride);
    } else {
      for (std::int64_t i = 0; i < count; ++i)
        strip<S, 1, 1>(depth, a + i * stride, stride, 1, B, stride, out + i * stride, stride, 0,
                       stride);
    }
    for (std::int64_t i = 0; i < count * stride; i += L) store(C + first * stride + i, load(out + i));
  }
}

template <class S>
constexpr SolveKernels<S> table{
    granule<S>,
    &scratch_bytes<S>,
    &solve_exact<S>,
    &solve_cg<S>,
    &gram<S>,
    &gram_scratch_bytes<S>,
    &product<S>,
    &product_scratch_bytes<S>,
    &dot<S>,
};

}  // namespace

const SolveKernels<float>& solve_kernels_f32() { return table<float>; }
const SolveKernels<double>& solve_kernels_f64() { return table<double>; }

}  // namespace tacit::TACIT_ISA
