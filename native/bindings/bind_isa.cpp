#include "penchant/isa.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings.hpp"

namespace penchant::bindings {

void bind_isa(nb::module_& m) {
  m.def("current_isa", [] { return isa_name(current_isa()); });
  m.def("set_isa", &set_isa, "name"_a);
  m.def("available_isas", [] {
    std::vector<std::string> names;
    for (const Isa isa : available_isas()) names.push_back(isa_name(isa));
    return names;
  });
}

}  // namespace penchant::bindings
