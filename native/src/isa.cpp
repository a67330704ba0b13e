#include "penchant/isa.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

namespace penchant {
namespace {

/// Returns the available set of this name, or throws std::invalid_argument.
Isa named(const std::string& name) {
  std::string names;
  for (const Isa isa : available_isas()) {
    if (isa_name(isa) == name) return isa;
    names += (names.empty() ? "" : ", ") + isa_name(isa);
  }
  throw std::invalid_argument("instruction set '" + name +
                              "' is not available here; these are: " + names);
}

/// Returns the set that the environment or the processor selects.
Isa initial() {
  const char* wanted = std::getenv("PENCHANT_ISA");
  return wanted != nullptr && *wanted != '\0' ? named(wanted) : available_isas().back();
}

std::atomic<Isa>& state() {
  static std::atomic<Isa> isa{initial()};
  return isa;
}

}  // namespace

std::vector<Isa> available_isas() {
  std::vector<Isa> isas{Isa::baseline};
#if defined(PENCHANT_HAS_avx2)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    isas.push_back(Isa::avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
      isas.push_back(Isa::avx512);
    }
  }
#endif
  return isas;
}

Isa current_isa() { return state().load(std::memory_order_relaxed); }

void set_isa(const std::string& name) { state() = named(name); }

std::string isa_name(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    default:
      return "baseline";
  }
}

}  // namespace penchant
