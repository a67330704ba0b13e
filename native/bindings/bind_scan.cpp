#include "penchant/scan.hpp"

#include <nanobind/stl/string.h>

#include "bindings.hpp"

namespace penchant::bindings {
namespace {

Scan bound_scan(const nb::bytes& path, std::int64_t begin, std::int64_t end,
                const std::string& quote, std::int64_t longest, std::int64_t chunk, int threads) {
  const std::string name(path.c_str(), path.size());
  const nb::gil_scoped_release release;
  return scan(name, begin, end, quote, longest, chunk, threads, poll_for_signals());
}

}  // namespace

void bind_scan(nb::module_& m) {
  nb::class_<Scan>(m, "Scan")
      .def_ro("lf", &Scan::lf)
      .def_ro("cr", &Scan::cr)
      .def_ro("crlf", &Scan::crlf)
      .def_ro("controls", &Scan::controls)
      .def_ro("holds_quote", &Scan::holds_quote)
      .def_ro("ends_open", &Scan::ends_open)
      .def_ro("bad", &Scan::bad)
      .def_ro("nul", &Scan::nul)
      .def_ro("endless", &Scan::endless);
  m.def("scan", &bound_scan, "path"_a, nb::kw_only(), "begin"_a, "end"_a, "quote"_a, "longest"_a,
        "chunk"_a, "threads"_a);
}

}  // namespace penchant::bindings
