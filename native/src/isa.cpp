#include "penchant/isa.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#if defined(PENCHANT_HAS_avx2)
#include <cpuid.h>
#endif

namespace penchant {
namespace {

#if defined(PENCHANT_HAS_avx2)
constexpr bool all_of(std::uint64_t value, std::uint64_t bits) { return (value & bits) == bits; }

/// Returns the vector registers that the operating system saves, as bits of XCR0.
std::uint64_t saved_registers() {
  std::uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
}

/// Returns the widest set that the processor and the operating system support. It asks the
/// processor itself: __builtin_cpu_supports needs a library that Clang on Windows does not link.
Isa widest() {
  constexpr std::uint32_t kFma = 1U << 12, kOsSaves = 1U << 27, kAvx = 1U << 28;  // leaf 1, ECX
  constexpr std::uint32_t kAvx2 = 1U << 5;                                        // leaf 7, EBX
  constexpr std::uint32_t kAvx512 = 1U << 16 | 1U << 17 | 1U << 30 | 1U << 31;    // F, DQ, BW, VL
  constexpr std::uint64_t kYmm = 0x06, kZmm = 0xe6;
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || !all_of(c, kFma | kOsSaves | kAvx))
    return Isa::baseline;
  const auto saved = saved_registers();
  if (!all_of(saved, kYmm) || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || !all_of(b, kAvx2))
    return Isa::baseline;
  return all_of(saved, kZmm) && all_of(b, kAvx512) ? Isa::avx512 : Isa::avx2;
}
#endif

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
  const Isa best = widest();
  if (best != Isa::baseline) isas.push_back(Isa::avx2);
  if (best == Isa::avx512) isas.push_back(Isa::avx512);
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
