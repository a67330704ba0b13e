// rows.hpp: valid rows pass, and every kind of invalid rows is rejected.
#include "penchant/rows.hpp"
#include "problems.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

void check_all(const Lists& lists, std::int64_t n_columns) {
  check_rows(lists.view(), n_columns, "x");
}

Lists lists_of(const std::vector<std::int64_t>& indptr, const std::vector<std::int32_t>& indices) {
  return {indptr, indices};
}

}  // namespace

TEST(rows_are_what_lies_between_two_pointers) {
  const auto lists = lists_of({0, 2, 2, 3}, {1, 4, 0});
  const auto rows = lists.view();
  CHECK(rows);
  CHECK(!Rows{});
  CHECK_EQUAL(rows[0].size(), 2U);
  CHECK_EQUAL(rows[0][1], 4);
  CHECK(rows[1].empty());
  CHECK_EQUAL(rows[2][0], 0);
}

TEST(rows_that_fit_pass) {
  check_all(lists_of({0}, {}), 0);
  check_all(lists_of({0, 0, 0}, {}), 0);
  check_all(lists_of({0, 2, 3}, {0, 4, 4}), 5);
  check_all(lists_of({1, 3}, {9, 0, 1, 9}), 5);  // a view of the middle
}

TEST(rows_that_do_not_fit_are_refused) {
  CHECK_THROWS(std::invalid_argument, check_all(lists_of({0, 2}, {0}), 5));        // past the end
  CHECK_THROWS(std::invalid_argument, check_all(lists_of({0, 2, 1}, {0, 1}), 5));  // pointers fall
  CHECK_THROWS(std::invalid_argument, check_all(lists_of({-1, 1}, {0}), 5));  // before the start
  CHECK_THROWS(std::invalid_argument, check_all(lists_of({0, 1}, {5}), 5));   // no such column
  CHECK_THROWS(std::invalid_argument, check_all(lists_of({0, 1}, {-1}), 5));
  CHECK_THROWS(std::invalid_argument, check_all(lists_of({0, 2}, {1, 1}), 5));  // twice
  CHECK_THROWS(std::invalid_argument, check_all(lists_of({0, 2}, {2, 1}), 5));  // falls
  check_pointers(lists_of({0, 2}, {2, 1}).view(), "x");                         // pointers fit
}

TEST(a_message_names_the_rows_and_the_row) {
  try {
    check_rows(lists_of({0, 0, 1}, {7}).view(), 5, "targets");
    CHECK(false);
  } catch (const std::invalid_argument& error) {
    CHECK_EQUAL(std::string(error.what()).rfind("targets: row 1", 0), 0U);
  }
}
