# CMake toolchain: Zig's Clang as a cross compiler, from the `ziglang` package of PyPI.
#
#   cmake -DCMAKE_TOOLCHAIN_FILE=packaging/zig.cmake -DPENCHANT_ZIG=…/ziglang/zig \
#         -DPENCHANT_TARGET=aarch64-linux-gnu.2.28
#
# PENCHANT_TARGET is Zig's triple, with the oldest glibc that the result runs on.
set(PENCHANT_ZIG "" CACHE FILEPATH "The zig program")
set(PENCHANT_TARGET "" CACHE STRING "The target: architecture-system-abi")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PENCHANT_ZIG PENCHANT_TARGET)

string(REPLACE "-" ";" PARTS "${PENCHANT_TARGET}")
list(GET PARTS 0 CMAKE_SYSTEM_PROCESSOR)
list(GET PARTS 1 SYSTEM)
set(SYSTEM_linux Linux)
set(SYSTEM_macos Darwin)
set(SYSTEM_windows Windows)
set(CMAKE_SYSTEM_NAME ${SYSTEM_${SYSTEM}})

# The plainest processor of the architecture: Zig's default is the one it runs on.
set(CPU_x86_64 -mcpu=x86_64)
set(CPU_aarch64 -mcpu=generic)
if(SYSTEM STREQUAL "macos")
  set(CPU_aarch64 -mcpu=apple_m1)
endif()

set(CMAKE_CXX_COMPILER ${PENCHANT_ZIG} c++ -target ${PENCHANT_TARGET} ${CPU_${CMAKE_SYSTEM_PROCESSOR}})
set(CMAKE_C_COMPILER ${PENCHANT_ZIG} cc -target ${PENCHANT_TARGET} ${CPU_${CMAKE_SYSTEM_PROCESSOR}})
foreach(language C CXX)
  set(CMAKE_${language}_ARCHIVE_CREATE "\"${PENCHANT_ZIG}\" ar qc <TARGET> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_APPEND "\"${PENCHANT_ZIG}\" ar q <TARGET> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_FINISH "\"${PENCHANT_ZIG}\" ranlib <TARGET>")
endforeach()

# What CMake tries out is not linked: Zig would first compile its C++ library, for minutes.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# Headers of Python are those of the machine that builds; its libraries are of no use.
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
