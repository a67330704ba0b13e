// A small test runner. TEST(name) { … } adds a test; CHECK… count failures and go on.
// Include it in one file of each program only: it defines main().
#pragma once

#include <cmath>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

namespace check {

struct Test {
  const char* name;
  void (*body)();
};

inline std::vector<Test> tests;
inline int failures = 0;
inline std::string where;  // context for messages, such as the instruction set

inline bool add(const char* name, void (*body)()) {
  tests.push_back({name, body});
  return true;
}

inline void that(bool holds, const char* file, int line, const std::string& what) {
  if (holds || ++failures > 20) return;  // later failures are counted only
  std::fprintf(stderr, "%s:%d: %s [%s]\n", file, line, what.c_str(), where.c_str());
}

template <class A, class B>
void equal(const A& a, const B& b, const char* file, int line, const char* what) {
  if (a == b) return;
  std::ostringstream text;
  text.precision(17);
  text << what << ": " << +a << " and " << +b;
  that(false, file, line, text.str());
}

inline void near(double a, double b, double by, const char* file, int line, const char* what) {
  if (!(std::abs(a - b) <= by)) equal(a, b, file, line, what);
}

}  // namespace check

#define TEST(NAME)                                              \
  static void NAME();                                           \
  static const bool NAME##_is_added = check::add(#NAME, &NAME); \
  static void NAME()
#define CHECK(WHAT) check::that(static_cast<bool>(WHAT), __FILE__, __LINE__, #WHAT)
#define CHECK_EQUAL(A, B) check::equal(A, B, __FILE__, __LINE__, #A " == " #B)
#define CHECK_NEAR(A, B, BY) check::near(A, B, BY, __FILE__, __LINE__, #A " ≈ " #B)
#define CHECK_THROWS(ERROR, CALL)                                     \
  do {                                                                \
    bool thrown = false;                                              \
    try {                                                             \
      CALL;                                                           \
    } catch (const ERROR&) {                                          \
      thrown = true;                                                  \
    }                                                                 \
    check::that(thrown, __FILE__, __LINE__, #CALL " throws " #ERROR); \
  } while (false)

int main() {
  for (const auto& test : check::tests) {
    check::where = test.name;
    try {
      test.body();
    } catch (const std::exception& error) {
      check::that(false, test.name, 0, std::string("threw ") + error.what());
    }
  }
  std::printf("%zu tests, %d failures\n", check::tests.size(), check::failures);
  return check::failures == 0 && !check::tests.empty() ? 0 : 1;
}
