#include "tacit/simd.hpp"
