// solve.hpp: solutions compared with the normal equations, for many shapes and sizes.
#include <limits>
#include <stdexcept>

#include "penchant/solve.hpp"
#include "problems.hpp"
#include "solving.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

/// The rounding error allowed in the objective: the square of that in x.
template <class T>
constexpr double rounding = sizeof(T) == sizeof(float) ? 1e-9 : 1e-20;

/// Rows of 0, 1, 2, … entries, then a full one.
Lists stairs(std::int64_t n_rows, std::int64_t n_items, Random& random) {
  Lists out;
  for (std::int64_t r = 0; r + 1 < n_rows; ++r) {
    std::vector<std::int32_t> row;
    for (std::int64_t i = 0; i < n_items && static_cast<std::int64_t>(row.size()) < r; ++i)
      if (random.below(n_items - i) < r - static_cast<std::int64_t>(row.size()))
        row.push_back(static_cast<std::int32_t>(i));
    out.add(row);
  }
  std::vector<std::int32_t> full;
  for (std::int64_t i = 0; i < n_items; ++i) full.push_back(static_cast<std::int32_t>(i));
  out.add(full);
  return out;
}

template <class T>
void check_solved(const Problem<T>& problem, double tolerance) {
  for (std::int64_t r = 0; r < problem.n_rows(); ++r) {
    if (problem.lists.row(r).empty()) {
      for (std::int64_t j = 0; j < problem.f; ++j) CHECK_EQUAL(problem.X[r * problem.f + j], T(0));
    } else {
      CHECK_NEAR(excess_objective(problem, r), 0, tolerance);
    }
  }
}

template <class T>
void check_exact_rows() {
  Random random(1);
  for (const std::int64_t f : {1, 2, 3, 5, 8, 16, 17, 33}) {
    for (const double unobserved : {0.01, 1.0}) {
      auto problem = random_problem<T>(stairs(24, 60, random), 60, f, random);
      problem.unobserved_weight = unobserved;
      auto folded = problem;
      solve(problem, 2);
      check_solved(problem, 100 * rounding<T>);
      fold(folded, 2);
      check_solved(folded, 100 * rounding<T>);
    }
  }
}

/// In coordinates of a Cholesky factor: exactly, by conjugate gradients, and on several threads.
template <class T>
void check_whitened_rows() {
  Random random(11);
  for (const std::int64_t f : {1, 3, 8, 17, 33, 130}) {
    for (const Solver solver : {Solver::exact, Solver::cg}) {
      auto problem = random_problem<T>(stairs(24, 160, random), 160, f, random);
      problem.solver = solver;
      problem.cg_steps = 60;
      auto many = problem;
      solve_whitened(problem, 1);
      check_solved(problem, (solver == Solver::exact ? 1e3 : 1e4) * rounding<T>);
      solve_whitened(many, 3);
      CHECK(many.X == problem.X);
    }
  }
}

/// After an interruption each row is solved or as it was, up to rounding.
template <class T>
void check_interrupted_whitened_rows() {
  Random random(12);
  for (const Solver solver : {Solver::exact, Solver::cg}) {
    auto problem = random_problem<T>(stairs(200, 160, random), 160, 9, random);
    problem.solver = solver;
    problem.cg_steps = 60;
    auto whole = problem, before = problem;
    solve_whitened(whole, 1);
    int polls = 0;
    bool stopped = false;
    try {
      solve_whitened(problem, 1, [&] {
        if (++polls == 20) throw std::runtime_error("stop");
      });
    } catch (const std::runtime_error&) {
      stopped = true;
    }
    CHECK(stopped);
    const auto near = [&](const std::vector<T>& other, std::int64_t r) {
      double difference = 0;
      for (std::int64_t j = r * 9; j < (r + 1) * 9; ++j)
        difference = std::max(difference, std::abs(static_cast<double>(problem.X[j] - other[j])));
      return difference < (sizeof(T) == 4 ? 1e-4 : 1e-11);
    };
    std::int64_t solved = 0;
    for (std::int64_t r = 0; r < problem.n_rows(); ++r) {
      CHECK(near(whole.X, r) || near(before.X, r));
      solved += near(whole.X, r);
    }
    CHECK(solved > 0 && solved < problem.n_rows());
  }
}

template <class T>
void check_empty_shapes() {
  Random random(2);
  for (const std::int64_t n_rows : {0, 1, 3}) {
    for (const Solver solver : {Solver::exact, Solver::cg, Solver::automatic}) {
      Lists empty;
      for (std::int64_t r = 0; r < n_rows; ++r) empty.add({});
      auto problem = random_problem<T>(empty, n_rows == 1 ? 0 : 5, 3, random);
      problem.solver = solver;
      solve(problem, 3);
      for (const T factor : problem.X) CHECK_EQUAL(factor, T(0));
      CHECK_EQUAL(loss_of(problem, 3), 0.0);
    }
  }
}

/// Heavy rows, which all threads share, among light ones.
Lists lists_with_heavy_rows(std::int64_t n_items, Random& random) {
  Lists lists = random_lists(40, n_items, 0.0005, random);
  lists.add(stairs(1, n_items, random).indices);
  lists.add({0, static_cast<std::int32_t>(n_items - 1)});
  lists.add({});
  lists.add(random_lists(1, n_items, 0.7, random).indices);
  return lists;
}

template <class T>
void check_heavy_rows() {
  Random random(3);
  for (const std::int64_t n_items : {6000, 40'000}) {  // one part per row, and several
    const Lists lists = lists_with_heavy_rows(n_items, random);
    for (const Solver solver : {Solver::exact, Solver::cg, Solver::automatic}) {
      auto problem = random_problem<T>(lists, n_items, 9, random);
      problem.solver = solver;
      problem.cg_steps = 30;
      auto many = problem;
      solve(problem, 1);
      check_solved(problem, solver == Solver::exact ? 100 * rounding<T>
                            : sizeof(T) == 4        ? 1e-6
                                                    : 1e-10);
      for (const int threads : thread_counts) {
        auto again = many;
        solve(again, threads);
        CHECK(again.X == problem.X);
      }
    }
  }
}

/// Conjugate gradients make the same steps whether a row is split or not.
template <class T>
void check_steps_of_heavy_rows() {
  Random random(13);
  const std::int64_t n_items = 40'000;
  auto split = random_problem<T>(lists_with_heavy_rows(n_items, random), n_items, 9, random);
  split.solver = Solver::cg;
  // Among so many other rows none is heavy.
  auto whole = split;
  for (int copies = 0; copies < 300; ++copies) {
    whole.lists.add(split.lists.row(40));
    const auto begin = split.confidence_delta.begin() + split.lists.indptr[40];
    whole.confidence_delta.insert(whole.confidence_delta.end(), begin,
                                  begin + (split.lists.indptr[41] - split.lists.indptr[40]));
    whole.regularization.push_back(split.regularization[40]);
    whole.X.insert(whole.X.end(), split.X.begin() + 40 * 9, split.X.begin() + 41 * 9);
  }
  solve(split, 2);
  solve(whole, 2);
  for (std::size_t i = 0; i < split.X.size(); ++i)
    CHECK_NEAR(split.X[i], whole.X[i], sizeof(T) == 4 ? 1e-4 : 1e-11);
}

template <class T>
void check_conjugate_gradients() {
  Random random(4);
  for (const std::int64_t f : {1, 3, 8, 17}) {
    auto problem = random_problem<T>(stairs(20, 40, random), 40, f, random);
    problem.solver = Solver::cg;
    problem.cg_steps = 1;
    std::vector<double> before;
    for (std::int64_t r = 0; r < problem.n_rows(); ++r)
      before.push_back(excess_objective(problem, r));
    solve(problem, 2);
    for (std::int64_t r = 1; r < problem.n_rows(); ++r)
      CHECK(excess_objective(problem, r) < before[r] + 1e-5);
    problem.cg_steps = static_cast<int>(3 * f);
    solve(problem, 2);
    check_solved(problem, sizeof(T) == 4 ? 1e-6 : 1e-10);
  }
}

/// Tiny to huge weights and regularizations: rows are solved in double where float fails.
template <class T>
void check_extreme_weights() {
  Random random(5);
  for (const double size : {1e-30, 1e-8, 1e4, 1e8}) {
    for (const double regularization : {1e-6, 1e6}) {
      auto problem = random_problem<T>(stairs(20, 40, random), 40, 6, random, size);
      std::fill(problem.regularization.begin(), problem.regularization.end(), regularization);
      solve(problem, 2);
      check_solved(problem, sizeof(T) == 4 ? 1e-4 : 1e-8);
    }
  }
}

/// Near the limits of float, results must be finite.
template <class T>
void check_the_ends_of_the_range() {
  Random random(6);
  for (const Solver solver : {Solver::exact, Solver::cg, Solver::automatic}) {
    for (const double size : {1e-38, 1e38}) {
      auto problem = random_problem<T>(stairs(20, 40, random), 40, 5, random, size);
      problem.solver = solver;
      problem.confidence_delta[0] = std::numeric_limits<float>::max();
      problem.confidence_delta[1] = std::numeric_limits<float>::denorm_min();
      solve(problem, 2);
      for (const T factor : problem.X) CHECK(std::isfinite(factor));
    }
  }
}

/// Fewer items than factors, without regularization: many solutions with the same objective.
template <class T>
void check_lost_directions() {
  Random random(7);
  auto problem = random_problem<T>(stairs(4, 3, random), 3, 8, random);
  std::fill(problem.regularization.begin(), problem.regularization.end(), 0.0);
  solve(problem, 2);
  auto ridged = problem;  // the elimination needs a regular matrix
  std::fill(ridged.regularization.begin(), ridged.regularization.end(), 1e-9);
  for (std::int64_t r = 1; r < problem.n_rows(); ++r)
    CHECK_NEAR(excess_objective(ridged, r), 0, 1e-5);
}

template <class T>
void check_threads() {
  Random random(8);
  for (const Solver solver : {Solver::exact, Solver::cg, Solver::automatic}) {
    Lists lists = random_lists(500, 70, 0.1, random);
    lists.add(stairs(1, 70, random).indices);
    const auto problem = [&] {
      Random again(9);
      auto out = random_problem<T>(lists, 70, 13, again);
      out.solver = solver;
      return out;
    };
    auto one = problem();
    solve(one, 1);
    const double loss = loss_of(one, 1);
    for (const int threads : thread_counts) {
      auto many = problem();
      solve(many, threads);
      CHECK(many.X == one.X);
      CHECK_EQUAL(loss_of(many, threads), loss);
    }
  }
}

template <class T>
void check_gram() {
  Random random(10);
  for (const std::int64_t f : {1, 3, 16, 21}) {
    for (const std::int64_t n : {0, 1, 127, 129, 2500}) {
      for (const bool precise : {false, true}) {
        const auto Y = random.numbers<T>(n * f);
        const auto expected = plain_gram(Y, f), one = gram_of(Y, f, precise, 1);
        const double tolerance = precise || sizeof(T) == 8 ? 1e-10 : 1e-3;
        for (std::size_t i = 0; i < expected.size(); ++i)
          CHECK_NEAR(one[i], expected[i], tolerance);
        for (const int threads : thread_counts) CHECK(gram_of(Y, f, precise, threads) == one);
      }
    }
  }
}

template <class T>
void check_loss() {
  Random random(11);
  auto problem = random_problem<T>(random_lists(600, 30, 0.2, random), 30, 7, random);
  problem.unobserved_weight = 0.3;
  double expected = 0;
  for (std::int64_t r = 0; r < problem.n_rows(); ++r) {
    for (auto e = problem.lists.indptr[r]; e < problem.lists.indptr[r + 1]; ++e) {
      double predicted = 0;
      for (std::int64_t k = 0; k < 7; ++k)
        predicted += static_cast<double>(problem.X[r * 7 + k]) *
                     static_cast<double>(problem.Y[problem.lists.indices[e] * 7 + k]);
      const double miss = (problem.confidence_delta[e] > 0 ? 1 : 0) - predicted;
      expected +=
          (0.3 + std::abs(problem.confidence_delta[e])) * miss * miss - 0.3 * predicted * predicted;
    }
  }
  CHECK_NEAR(loss_of(problem, 3), expected, 1e-4 * std::abs(expected));
}

template <class T>
void check_stopping() {
  Random random(12);
  auto problem = random_problem<T>(stairs(30, 40, random), 40, 5, random);
  CHECK_THROWS(Stopped, solve(problem, 1, stop_at_once));
  CHECK_THROWS(Stopped, fold(problem, 1, stop_at_once));
  CHECK_THROWS(Stopped, gram_of(problem.Y, 5, true, 1, stop_at_once));
  CHECK_THROWS(Stopped, loss_of(problem, 1, stop_at_once));
}

}  // namespace

TEST_BOTH(exact_rows_solve_the_normal_equations, check_exact_rows)
TEST_BOTH(whitened_rows_solve_the_normal_equations, check_whitened_rows)
TEST_BOTH(interrupted_whitened_rows_are_solved_or_as_they_were, check_interrupted_whitened_rows)
TEST_BOTH(no_rows_no_items_and_no_entries, check_empty_shapes)
TEST_BOTH(heavy_rows_among_light_ones, check_heavy_rows)
TEST_BOTH(splitting_a_row_changes_rounding_only, check_steps_of_heavy_rows)
TEST_BOTH(conjugate_gradients_go_down_and_arrive, check_conjugate_gradients)
TEST_BOTH(weights_may_be_tiny_or_huge, check_extreme_weights)
TEST_BOTH(the_ends_of_the_range_give_numbers, check_the_ends_of_the_range)
TEST_BOTH(directions_that_no_item_has_do_no_harm, check_lost_directions)
TEST_BOTH(bits_do_not_depend_on_threads, check_threads)
TEST_BOTH(gram_is_the_sum_of_squares, check_gram)
TEST_BOTH(loss_is_the_sum_over_stored_cells, check_loss)
TEST_BOTH(every_loop_can_be_stopped, check_stopping)
