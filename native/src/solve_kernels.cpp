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

/// Two strips one below the other that begin at the same column. A last column of vectors is
/// done for both at once: half as many sums would wait for each other.
template <class T, int sign>
void two_strips(std::int64_t depth, const T* a, const T* b, std::int64_t ldp, T* c,
                std::int64_t ldc, std::int64_t from, std::int64_t to) {
  constexpr int L = lanes<T>;
  const std::int64_t whole = to - (to - from) / L % tile_vectors * L;
  strip<T, tile_rows, sign>(depth, a, 1, ldp, b, ldp, c, ldc, from, whole);
  strip<T, tile_rows, sign>(depth, a + tile_rows, 1, ldp, b, ldp, c + tile_rows * ldc, ldc, from, whole);
  if (to - whole == 2 * L) {
    strip<T, tile_rows, sign>(depth, a, 1, ldp, b, ldp, c, ldc, whole, to);
    strip<T, tile_rows, sign>(depth, a + tile_rows, 1, ldp, b, ldp, c + tile_rows * ldc, ldc, whole, to);
  } else if (to - whole == L) {
    tile<T, 2 * tile_rows, 1, sign>(depth, a, 1, ldp, b + whole, ldp, c + whole, ldc);
  }
}

/// The upper triangle of C ± PᵀP, rows and columns [begin, n) and the columns up to `width`;
/// P is depth × width, stride ldp. begin and n are multiples of the granule.
template <class T, int sign>
void upper_update(std::int64_t depth, const T* P, std::int64_t ldp, T* C, std::int64_t ldc,
                  std::int64_t begin, std::int64_t n, std::int64_t width) {
  constexpr int L = lanes<T>, rows = L < 2 * tile_rows ? tile_rows : 2 * tile_rows;
  for (std::int64_t i = begin; i < n; i += rows) {
    const std::int64_t from = i / L * L;
    if constexpr (rows == tile_rows)
      strip<T, rows, sign>(depth, P + i, 1, ldp, P, ldp, C + i * ldc, ldc, from, width);
    else two_strips<T, sign>(depth, P + i, P, ldp, C + i * ldc, ldc, from, width);
  }
}

// --- Cholesky, with the right-hand side as one more column ------------------------------------

template <class T>
T root(T x) {
  if constexpr (sizeof(T) == sizeof(float)) return __builtin_sqrtf(x);
  else return __builtin_sqrt(x);
}

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
  // Of a squared residual that is as good as 0.
  static constexpr double residual = 1e-14;
};
template <>
struct Tolerance<double> {
  // In double the bound at_least_one mends what rounding took.
  static constexpr double pivot = -__builtin_huge_val();
  static constexpr double residual = 1e-28;
};

/// The pivot to divide by. I + BᵀB ⪰ I, so none can be below 1 but by rounding.
template <class T>
[[gnu::always_inline]] inline Vec<T> at_least_one(Vec<T> pivot) {
  const Vec<T> one = broadcast(T(1));
  return pivot > one ? pivot : one;
}

/// Solves U z = r for the upper triangle U of C and its column n as r, with 1 / U[i, i] in
/// `inverse`: a vector of rows at a time. False if z is not finite.
template <class T>
bool back_substitute(const T* C, std::int64_t n, std::int64_t ldc, const T* inverse, T* z) {
  constexpr int L = lanes<T>;
  for (std::int64_t first = n - L; first >= 0; first -= L) {
    Vec<T> dots[L], columns[L], rest;
    for (int i = 0; i < L; ++i) {
      dots[i] = Vec<T>{};
      columns[i] = load(C + (first + i) * ldc + first);
      rest[i] = C[(first + i) * ldc + n];
    }
    for (std::int64_t j = first + L; j < n; j += L)
      for (int i = 0; i < L; ++i) dots[i] += load(C + (first + i) * ldc + j) * load(z + j);
    transpose<T>(columns);
    rest -= sums<T>(dots);
    for (int i = L - 1; i >= 0; --i) {
      z[first + i] = rest[i] * inverse[first + i];
      // What lies left of the diagonal only spoils entries that are done.
      rest -= broadcast(z[first + i]) * columns[i];
    }
  }
  T check = 0;
  for (std::int64_t i = 0; i < n; ++i) check += z[i] - z[i];
  return check == 0;
}

/// Rows [i, i + rows) and `vectors` columns of vectors from j on of A − UᵀU, U being the rows of C
/// above `done`. A is C, or I + PᵀP without its I where a P of some depth is given, n apart.
template <class T, int rows, int vectors>
[[gnu::always_inline]] inline void reduced_tile(const T* P, std::int64_t depth, std::int64_t n, T* C,
                                                std::int64_t ldc, std::int64_t done,
                                                std::int64_t i, std::int64_t j) {
  constexpr int L = lanes<T>;
  T* c = C + i * ldc + j;
  Vec<T> acc[rows][vectors];
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) acc[r][v] = depth > 0 ? Vec<T>{} : load(c + r * ldc + v * L);
  for (std::int64_t k = 0; k < depth; ++k) {
    Vec<T> right[vectors];
    for (int v = 0; v < vectors; ++v) right[v] = load(P + k * n + j + v * L);
    for (int r = 0; r < rows; ++r) {
      const Vec<T> left = broadcast(P[k * n + i + r]);
      for (int v = 0; v < vectors; ++v) acc[r][v] += left * right[v];
    }
  }
  for (std::int64_t k = 0; k < done; ++k) {
    Vec<T> right[vectors];
    for (int v = 0; v < vectors; ++v) right[v] = load(C + k * ldc + j + v * L);
    for (int r = 0; r < rows; ++r) {
      const Vec<T> left = broadcast(C[k * ldc + i + r]);
      for (int v = 0; v < vectors; ++v) acc[r][v] -= left * right[v];
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) store(c + r * ldc + v * L, acc[r][v]);
}

/// The rows [first, first + granule) of A − UᵀU, from the diagonal on, and of the right-hand side
/// in column n. A last column of vectors is done for all rows at once: fewer sums would wait for
/// each other.
template <class T>
void reduce_rows(const T* P, std::int64_t depth, std::int64_t n, T* C, std::int64_t ldc,
                 std::int64_t first) {
  constexpr int L = lanes<T>, G = granule<T>;
  const std::int64_t from = first / L * L, rest = (n - from) / L % tile_vectors, whole = n - rest * L;
  for (std::int64_t i = first; i < first + G; i += tile_rows) {
    for (std::int64_t j = from; j < whole; j += tile_vectors * L)
      reduced_tile<T, tile_rows, tile_vectors>(P, depth, n, C, ldc, first, i, j);
    if (rest == 2) reduced_tile<T, tile_rows, 2>(P, depth, n, C, ldc, first, i, whole);
  }
  if (rest == 1) reduced_tile<T, G, 1>(P, depth, n, C, ldc, first, first, whole);
  reduced_tile<T, G, 1>(P, 0, n, C, ldc, first, first, n);
}

/// Eliminates `vectors` columns of vectors from j on of the granule of rows from `first` on, whose
/// square on the diagonal is factored.
template <class T, int vectors>
[[gnu::always_inline]] inline void eliminate(T* C, std::int64_t ldc, std::int64_t first,
                                             std::int64_t j, const T* inverse) {
  constexpr int L = lanes<T>, G = granule<T>;
  const T* corner = C + first * ldc + first;
  Vec<T> rows[G][vectors];
  for (int k = 0; k < G; ++k)
    for (int v = 0; v < vectors; ++v) rows[k][v] = load(C + (first + k) * ldc + j + v * L);
  for (int k = 0; k < G; ++k) {
    for (int v = 0; v < vectors; ++v) {
      rows[k][v] *= broadcast(inverse[first + k]);
      store(C + (first + k) * ldc + j + v * L, rows[k][v]);
    }
    for (int i = k + 1; i < G; ++i) {
      const Vec<T> factor = broadcast(corner[k * ldc + i]);
      for (int v = 0; v < vectors; ++v) rows[i][v] -= factor * rows[k][v];
    }
  }
}

/// Factors the granule of rows of C from `first` on, which are reduced: U there, 1 / U[k, k] in
/// `diagonal`, which holds what the diagonal of A was. False if a pivot lost its digits.
template <class T>
[[gnu::always_inline]] inline bool factor_rows(T* C, std::int64_t n, std::int64_t ldc,
                                               std::int64_t first, T* diagonal) {
  constexpr int L = lanes<T>, G = granule<T>, V = G / L;
  // The square on the diagonal, in registers. The roots wait: no row needs another's.
  Vec<T> square[G][V];
  T* corner = C + first * ldc + first;
  for (int k = 0; k < G; ++k)
    for (int v = 0; v < V; ++v) square[k][v] = load(corner + k * ldc + v * L);
  for (int k = 0; k < G; ++k) {
    const Vec<T> pivot = at_least_one<T>(broadcast(square[k][k / L][k % L]));
    const Vec<T> inverse = T(1) / pivot;
    for (int v = k / L; v < V; ++v) {
      const Vec<T> scaled = inverse * square[k][v];
      for (int i = k + 1; i < G; ++i) square[i][v] -= broadcast(square[k][i / L][i % L]) * scaled;
    }
  }
  for (int k = 0; k < G; ++k) {
    const T pivot = square[k][k / L][k % L];
    if (!(pivot > Tolerance<T>::pivot * diagonal[first + k])) return false;
    diagonal[first + k] = T(1) / root(pivot < 1 ? T(1) : pivot);
    for (int v = 0; v < V; ++v)
      store(corner + k * ldc + v * L, square[k][v] * broadcast(diagonal[first + k]));
  }
  std::int64_t j = first + G;
  for (; j + L < n + L; j += 2 * L) eliminate<T, 2>(C, ldc, first, j, diagonal);
  if (j < n + L) eliminate<T, 1>(C, ldc, first, j, diagonal);
  return true;
}

/// Solves A z = r. A ⪰ I is n × n: C's upper triangle, or I + PᵀP where a P of some depth is given,
/// n apart. r is the column n of C, which is n × ldc with ldc ≥ n + lanes, n a multiple of the
/// granule, and is used up; z has n entries. Row by row of granules, each reduced by those above
/// it once, so that C is stored once. Returns false if a pivot lost its digits.
template <class T>
bool cholesky_solve(const T* P, std::int64_t depth, T* C, std::int64_t n, std::int64_t ldc,
                    T* diagonal, T* z) {
  constexpr int G = granule<T>, L = lanes<T>;
  if (depth == 0)
    for (std::int64_t i = 0; i < n; ++i) diagonal[i] = C[i * ldc + i];
  else
    for (std::int64_t i = 0; i < n; i += L) {
      Vec<T> acc = broadcast(T(1));
      for (std::int64_t k = 0; k < depth; ++k) acc += load(P + k * n + i) * load(P + k * n + i);
      store(diagonal + i, acc);
    }
  for (std::int64_t first = 0; first < n; first += G) {
    reduce_rows(P, depth, n, C, ldc, first);
    if (depth > 0)
      for (std::int64_t k = first; k < first + G; ++k) C[k * ldc + k] += 1;
    if (!factor_rows(C, n, ldc, first, diagonal)) return false;
  }
  return back_substitute(C, n, ldc, diagonal, z);
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

// --- sums of rows -----------------------------------------------------------------------------

/// out[j … j + vectors) += Σ_i weight_i row(i) for `count` rows, with the sums in registers.
template <class T, int vectors, class Row>
[[gnu::always_inline]] inline void add_rows(const Row& row, const T* weight, std::int64_t count,
                                            std::int64_t j, T* out) {
  constexpr int L = lanes<T>;
  Vec<T> acc[vectors];
  for (int v = 0; v < vectors; ++v) acc[v] = load(out + j + v * L);
  for (std::int64_t i = 0; i < count; ++i) {
    const Vec<T> factor = broadcast(weight[i]);
    const T* from = row(i) + j;
    for (int v = 0; v < vectors; ++v) acc[v] += factor * load(from + v * L);
  }
  for (int v = 0; v < vectors; ++v) store(out + j + v * L, acc[v]);
}

/// out += Σ_i weight_i row(i).
template <class T, class Row>
void add_rows(const Row& row, const T* weight, std::int64_t count, std::int64_t f, T* out) {
  constexpr int L = lanes<T>;
  std::int64_t j = 0;
  for (; j + 8 * L <= f; j += 8 * L) add_rows<T, 8>(row, weight, count, j, out);
  if (j + 4 * L <= f) add_rows<T, 4>(row, weight, count, j, out), j += 4 * L;
  if (j + 2 * L <= f) add_rows<T, 2>(row, weight, count, j, out), j += 2 * L;
  if (j + L <= f) add_rows<T, 1>(row, weight, count, j, out);
}

/// row(i)·q for as many rows as a vector has lanes.
template <class T, class Row>
[[gnu::always_inline]] inline Vec<T> products(const Row& row, const T* q, std::int64_t f) {
  constexpr int L = lanes<T>;
  Vec<T> dots[L];
  const T* from[L];
  for (int i = 0; i < L; ++i) dots[i] = Vec<T>{}, from[i] = row(i);
  for (std::int64_t j = 0; j < f; j += L) {
    const Vec<T> right = load(q + j);
    for (int i = 0; i < L; ++i) dots[i] += load(from[i] + j) * right;
  }
  return sums<T>(dots);
}

// --- one row, exactly -------------------------------------------------------------------------

template <class S>
[[gnu::always_inline]] inline void prefetch_row(const RowProblem<S>& row, std::int64_t i) {
  if (i >= row.n + row.n_next) return;
  const char* at = reinterpret_cast<const char*>(row.W + row.columns[i] * row.stride);
  for (std::int64_t byte = 0; byte < row.stride * static_cast<std::int64_t>(sizeof(S)); byte += 64)
    __builtin_prefetch(at + byte);
}

/// √(c − α0) and t = c·p / √(c − α0) of the entries from `first` on; 0 beyond `count`, up to
/// whole vectors.
template <class T, class S>
void weigh(const RowProblem<S>& row, std::int64_t first, std::int64_t count, T* roots, T* targets) {
  const T least_weight = static_cast<T>(row.unobserved_weight);
  for (std::int64_t i = 0; i < count; ++i) {
    const T excess = static_cast<T>(row.excess[first + i]), size = excess < 0 ? -excess : excess;
    roots[i] = root(size);
    targets[i] = excess > 0 ? (least_weight + size) / roots[i] : T(0);
  }
  for (std::int64_t i = count; i < round_up(count, lanes<T>); ++i) roots[i] = targets[i] = 0;
}

/// How many gathered rows are kept at a time.
template <class T>
std::int64_t gathered_rows(std::int64_t f) {
  const std::int64_t fit = gathered_bytes / (f * static_cast<std::int64_t>(sizeof(T)));
  return fit < 32 ? 32 : fit;
}

/// f × f: C = I + BᵀB with Bᵀt as one more column, gathered block by block.
template <class T, class S>
bool solve_primal(const RowProblem<S>& row, const T* gamma, T* z, Scratch scratch) {
  constexpr int L = lanes<T>;
  const std::int64_t f = row.stride, width = f + L, block = gathered_rows<T>(f);
  T* B = scratch.take<T>(block * f);
  T* roots = scratch.take<T>(round_up(block, L));
  T* targets = scratch.take<T>(round_up(block, L));
  T* C = scratch.take<T>(f * width);
  T* diagonal = scratch.take<T>(f);
  set_identity(C, f, width);
  for (std::int64_t j = 0; j < f; j += L) store(z + j, Vec<T>{});
  for (std::int64_t first = 0; first < row.n; first += block) {
    const std::int64_t count = least(block, row.n - first);
    weigh<T>(row, first, count, roots, targets);
    for (std::int64_t i = 0; i < count; ++i) {
      prefetch_row(row, first + i + 8);
      const S* w = row.W + row.columns[first + i] * f;
      for (std::int64_t j = 0; j < f; ++j) B[i * f + j] = roots[i] * gamma[j] * static_cast<T>(w[j]);
    }
    add_rows<T>([&](std::int64_t i) { return B + i * f; }, targets, count, f, z);
    upper_update<T, 1>(count, B, f, C, width, 0, f, f);
  }
  for (std::int64_t j = 0; j < f; ++j) C[j * width + f] = z[j];
  return cholesky_solve<T>(nullptr, 0, C, f, width, diagonal, z);
}

/// Columns [j, j + lanes) of the entries [first, first + lanes) of B, as rows of Bᵀ, n apart.
/// Entries beyond the row's have a root of 0.
template <class T, class S>
[[gnu::always_inline]] inline void gather_square(const RowProblem<S>& row, std::int64_t first,
                                                 std::int64_t j, const T* roots, const T* gamma,
                                                 T* Bt, std::int64_t n) {
  constexpr int L = lanes<T>;
  Vec<T> square[L];
  for (int i = 0; i < L; ++i) {
    const S* w = row.W + row.columns[least(first + i, row.n - 1)] * row.stride + j;
    if constexpr (sizeof(T) == sizeof(S)) square[i] = load(w);
    else
      for (int k = 0; k < L; ++k) square[i][k] = static_cast<T>(w[k]);
  }
  transpose<T>(square);
  const Vec<T> scale = load(roots + first);
  for (int k = 0; k < L; ++k) store(Bt + (j + k) * n + first, scale * broadcast(gamma[j + k]) * square[k]);
}

/// The n × n twin: z = Bᵀ(I + BBᵀ)⁻¹t, for rows with few entries.
template <class T, class S>
bool solve_dual(const RowProblem<S>& row, const T* gamma, T* z, Scratch scratch) {
  constexpr int L = lanes<T>;
  const std::int64_t f = row.stride, n = round_up(row.n, granule<T>), width = n + L;
  T* roots = scratch.take<T>(n);
  T* targets = scratch.take<T>(n);
  T* Bt = scratch.take<T>(f * n);
  T* K = scratch.take<T>(n * width);
  T* diagonal = scratch.take<T>(n);
  T* y = scratch.take<T>(n);
  for (std::int64_t i = row.n; i < n; ++i) roots[i] = targets[i] = 0;
  weigh<T>(row, 0, row.n, roots, targets);
  for (std::int64_t i = 0; i < n; i += L) {
    for (std::int64_t k = i + L; k < i + 2 * L; ++k) prefetch_row(row, k);
    for (std::int64_t j = 0; j < f; j += L) gather_square<T>(row, i, j, roots, gamma, Bt, n);
  }
  for (std::int64_t i = 0; i < n; ++i) {
    store(K + i * width + n, Vec<T>{});
    K[i * width + n] = targets[i];
  }
  if (!cholesky_solve<T>(Bt, f, K, n, width, diagonal, y)) return false;
  for (std::int64_t j = 0; j < f; j += L)
    store(z + j, products<T>([&](std::int64_t k) { return Bt + (j + k) * n; }, y, n));
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
  const std::int64_t primal = gathered_rows<float>(stride) * (stride + 2) + stride * (width + 1);
  const std::int64_t dual = small * stride + small * (small + L) + 4 * small;
  const std::int64_t cg = 4 * stride + 3 * round_up(n, L);
  return (2 * stride + primal + dual + cg) * size + 32 * alignment;
}

// --- one row, by conjugate gradients ----------------------------------------------------------

/// The rows that a row's entries point to.
template <class S>
struct Gathered {
  const S** w;     // n, filled up with rows of W to whole vectors
  S* excess;       // with its sign; 0 for what fills up
  S* weight;       // for the products of one pass
  std::int64_t n;  // whole vectors of it
};

template <class S>
Gathered<S> gathered(const RowProblem<S>& row, Scratch& scratch) {
  const std::int64_t n = round_up(row.n, lanes<S>);
  const Gathered<S> all{scratch.take<const S*>(n), scratch.take<S>(n), scratch.take<S>(n), n};
  for (std::int64_t i = 0; i < row.n; ++i) all.w[i] = row.W + row.columns[i] * row.stride;
  for (std::int64_t i = 0; i < row.n; ++i) all.excess[i] = static_cast<S>(row.excess[i]);
  for (std::int64_t i = row.n; i < n; ++i) all.w[i] = all.w[0], all.excess[i] = 0;
  return all;
}

/// How many gathered rows are looked at together: they stay in L1 for their second use.
template <class S>
std::int64_t rows_together(std::int64_t f) {
  constexpr std::int64_t bytes = 8 * 1024;
  const std::int64_t fit = bytes / (f * static_cast<std::int64_t>(sizeof(S)));
  return fit < lanes<S> ? lanes<S> : fit / lanes<S> * lanes<S>;
}

/// Asks for the rows of W that come next: those of this row's entries where they are too many to
/// have been asked for before, and a share of those of the next row with every vector of entries.
template <class S>
struct Ahead {
  const RowProblem<S>& row;
  std::int64_t next;   // entry of the next row to ask for
  std::int64_t end;    // of those
  std::int64_t share;  // with every vector of entries
  bool within;         // whether this row's entries must be asked for too

  Ahead(const RowProblem<S>& problem, std::int64_t groups)
      : row(problem), next(problem.n), end(problem.n), share(0), within(false) {
    const std::int64_t most = 4 * rows_together<S>(row.stride);
    end += least(row.n_next, most);
    share = round_up(end - next, groups) / groups;
    within = row.n > most;
  }

  [[gnu::always_inline]] void ask(std::int64_t i) {
    constexpr int L = lanes<S>;
    for (std::int64_t k = least(next + share, end); next < k; ++next) prefetch_row(row, next);
    const std::int64_t far = i + rows_together<S>(row.stride);
    if (within)
      for (std::int64_t k = far; k < least(far + L, row.n); ++k) prefetch_row(row, k);
  }
};

/// Calls weigh(i, w_i·q …) for a vector of entries at a time, which says what their rows weigh,
/// and adds the rows to out by it.
template <class S, class Weigh>
[[gnu::always_inline]] inline void pass(const Gathered<S>& all, const S* q, std::int64_t f, S* out,
                                        Ahead<S>& ahead, const Weigh& weigh) {
  constexpr int L = lanes<S>;
  const std::int64_t together = rows_together<S>(f);
  for (std::int64_t first = 0; first < all.n; first += together) {
    const std::int64_t end = least(first + together, all.n);
    for (std::int64_t i = first; i < end; i += L) {
      ahead.ask(i);
      const auto row = [&](std::int64_t k) { return all.w[i + k]; };
      store(all.weight + i, weigh(i, products<S>(row, q, f)));
    }
    const auto row = [&](std::int64_t k) { return all.w[first + k]; };
    add_rows<S>(row, all.weight + first, end - first, f, out);
  }
}

/// Σ of one number for each vector of entries, in four sums that don't wait for each other.
template <class S, class Term>
[[gnu::always_inline]] inline double summed(std::int64_t f, const Term& term) {
  constexpr int L = lanes<S>;
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

/// Conjugate gradients with Γ as preconditioner: those of (I + BᵀB) z = Bᵀt in v = γ∘z, which
/// needs neither γ∘w nor v/γ.
template <class S>
void solve_cg(const RowProblem<S>& row, char* memory) {
  Scratch scratch{memory};
  constexpr int L = lanes<S>;
  const std::int64_t f = row.stride;
  const S *shared = row.shared, *inverse = row.inverse;
  S* v = scratch.take<S>(f);
  S* r = scratch.take<S>(f);
  S* p = scratch.take<S>(f);
  S* Ap = scratch.take<S>(f);
  const Gathered<S> all = gathered(row, scratch);
  Ahead<S> ahead(row, all.n / L * (row.cg_steps + 1));

  const double energy = summed<S>(f, [&](std::int64_t j) {
    const Vec<S> start = load(inverse + j) > 0 ? load(row.v + j) : Vec<S>{};
    store(v + j, start);
    const Vec<S> part = load(shared + j) * start;
    store(r + j, -part);
    return part * start;
  });
  // r = Σ c p w − A v
  const Vec<S> least_weight = broadcast(static_cast<S>(row.unobserved_weight));
  pass<S>(all, v, f, r, ahead, [&](std::int64_t i, Vec<S> dots) {
    const Vec<S> s = load(all.excess + i);
    const Vec<S> size = s < 0 ? -s : s;
    store(all.excess + i, size);
    return (s > 0 ? least_weight + size : Vec<S>{}) - size * dots;
  });
  double rr = summed<S>(f, [&](std::int64_t j) {
    const Vec<S> z = load(inverse + j) * load(r + j);
    store(p + j, z);
    store(Ap + j, load(shared + j) * z);
    return load(r + j) * z;
  });
  const double enough = (rr + energy) * Tolerance<S>::residual;
  for (int step = 1; rr > enough; ++step) {
    pass<S>(all, p, f, Ap, ahead,
            [&](std::int64_t i, Vec<S> dots) { return load(all.excess + i) * dots; });
    const double curvature = summed<S>(f, [&](std::int64_t j) { return load(p + j) * load(Ap + j); });
    const Vec<S> alpha = broadcast(static_cast<S>(rr / curvature));
    if (step == row.cg_steps) {
      for (std::int64_t j = 0; j < f; j += L) store(v + j, load(v + j) + alpha * load(p + j));
      break;
    }
    const double rr_next = summed<S>(f, [&](std::int64_t j) {
      store(v + j, load(v + j) + alpha * load(p + j));
      const Vec<S> rest = load(r + j) - alpha * load(Ap + j);
      const Vec<S> z = load(inverse + j) * rest;
      store(r + j, rest);
      store(Ap + j, z);
      return rest * z;
    });
    const Vec<S> beta = broadcast(static_cast<S>(rr_next / rr));
    for (std::int64_t j = 0; j < f; j += L) {
      const Vec<S> next = load(Ap + j) + beta * load(p + j);
      store(p + j, next);
      store(Ap + j, load(shared + j) * next);
    }
    rr = rr_next;
  }
  // numbers near the end of the range of S: let the exact solver with its rescue decide
  const double check = summed<S>(f, [&](std::int64_t j) { return load(v + j) - load(v + j); });
  if (!(check == 0) || !(rr - rr == 0)) return solve_exact(row, memory);
  for (std::int64_t j = 0; j < f; j += L) store(row.v + j, load(v + j));
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
