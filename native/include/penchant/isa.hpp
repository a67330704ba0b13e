// The instruction set of the kernels: selected once, by the processor or by PENCHANT_ISA.
#pragma once

#include <string>
#include <vector>

namespace penchant {

enum class Isa { baseline, avx2, avx512 };

/// Returns the sets of this build that the processor supports, the widest last.
std::vector<Isa> available_isas();

/// Returns the set in use: the widest available, or the one named by the environment variable
/// PENCHANT_ISA. Throws std::invalid_argument if that one is not available.
Isa current_isa();

/// Uses a set from now on (for tests). Throws std::invalid_argument if it is not available.
void set_isa(const std::string& name);

std::string isa_name(Isa isa);

}  // namespace penchant

// Declares NAME in the namespace of every instruction set, and defines NAME() to return the
// table of the set in use. A kernel source defines it once, compiled once per set:
//     namespace penchant::PENCHANT_ISA { const SolveKernels& solve_kernels() { … } }
#if defined(PENCHANT_HAS_avx2)
#define PENCHANT_DISPATCH(TABLE, NAME) \
  namespace baseline {                 \
  const TABLE& NAME();                 \
  }                                    \
  namespace avx2 {                     \
  const TABLE& NAME();                 \
  }                                    \
  namespace avx512 {                   \
  const TABLE& NAME();                 \
  }                                    \
  inline const TABLE& NAME() {         \
    switch (current_isa()) {           \
      case Isa::avx512:                \
        return avx512::NAME();         \
      case Isa::avx2:                  \
        return avx2::NAME();           \
      default:                         \
        return baseline::NAME();       \
    }                                  \
  }
#else
#define PENCHANT_DISPATCH(TABLE, NAME) \
  namespace baseline {                 \
  const TABLE& NAME();                 \
  }                                    \
  inline const TABLE& NAME() { return baseline::NAME(); }
#endif
