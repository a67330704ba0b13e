#include <nanobind/stl/string.h>

#include "bindings.hpp"
#include "penchant/survey.hpp"

namespace penchant::bindings {
namespace {

Scan survey_file(const nb::bytes& path, std::int64_t begin, std::int64_t end,
                   const std::string& quote, std::int64_t longest, std::int64_t chunk,
                   int threads) {
  const std::string name(path.c_str(), path.size());
  const nb::gil_scoped_release release;
  return survey(name, begin, end, quote, longest, chunk, threads, poll_for_signals());
}

}  // namespace

void bind_survey(nb::module_& m) {
  nb::class_<Scan>(m, "Scan")
      .def_ro("feeds", &Scan::feeds)
      .def_ro("returns", &Scan::returns)
      .def_ro("pairs", &Scan::pairs)
      .def_ro("controls", &Scan::controls)
      .def_ro("holds_quote", &Scan::holds_quote)
      .def_ro("ends_open", &Scan::ends_open)
      .def_ro("bad", &Scan::bad)
      .def_ro("nul", &Scan::nul)
      .def_ro("endless", &Scan::endless);
  m.def("survey", &survey_file, nb::arg("path"), nb::arg("begin"), nb::arg("end"),
        nb::arg("quote"), nb::arg("longest"), nb::arg("chunk"), nb::arg("threads"));
}

}  // namespace penchant::bindings
