// isa.hpp: the baseline is always available, and a wrong name changes nothing.
#include <algorithm>
#include <cstdlib>

#include "penchant/isa.hpp"
#include "problems.hpp"

using namespace penchant;

// First in the file, because the variable is read once.
TEST(a_wrong_name_in_the_environment_is_told_each_time) {
  setenv("PENCHANT_ISA", "mmx", 1);
  CHECK_THROWS(std::invalid_argument, current_isa());
  CHECK_THROWS(std::invalid_argument, current_isa());
  setenv("PENCHANT_ISA", "baseline", 1);
  CHECK(current_isa() == Isa::baseline);
}

TEST(the_baseline_is_always_there) {
  const auto isas = available_isas();
  CHECK(isas.front() == Isa::baseline);
  CHECK(std::is_sorted(isas.begin(), isas.end()));
}

TEST(every_available_set_can_be_forced) {
  for (const Isa isa : available_isas()) {
    set_isa(isa_name(isa));
    CHECK(current_isa() == isa);
  }
}

TEST(a_wrong_name_changes_nothing) {
  const Isa before = current_isa();
  for (const std::string name : {"", "bogus", "AVX2", "avx2 "}) {
    CHECK_THROWS(std::invalid_argument, set_isa(name));
    CHECK(current_isa() == before);
  }
  try {
    set_isa("bogus");
  } catch (const std::invalid_argument& error) {
    CHECK(std::string(error.what()).find("'bogus'") != std::string::npos);
    CHECK(std::string(error.what()).find("baseline") != std::string::npos);
  }
}
