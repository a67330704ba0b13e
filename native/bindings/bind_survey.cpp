#include <nanobind/stl/string.h>

#include "bindings.hpp"
#include "tacit/survey.hpp"

namespace tacit::bindings {
namespace {

Survey survey_file(const nb::bytes& path, std::int64_t begin, std::int64_t end,
                   const std::string& quote, std::int64_t longest, std::int64_t chunk,
                   int threads) {
  const std::string name(path.c_str(), path.size());
  const nb::gil_scoped_release release;
  return survey(name, begin, end, quote, longest, chunk, threads, poll_for_signals());
}

}  // namespace

void bind_survey(nb::module_& m) {
  nb::class_<Survey>(m, "Survey")
      .def_ro("feeds", &Survey::feeds)
      .def_ro("returns", &Survey::returns)
      .def_ro("pairs", &Survey::pairs)
      .def_ro("controls", &Survey::controls)
      .def_ro("holds_quote", &Survey::holds_quote)
      .def_ro("ends_open", &Survey::ends_open)
      .def_ro("bad", &Survey::bad)
      .def_ro("nul", &Survey::nul)
      .def_ro("endless", &Survey::endless);
  m.def("survey", &survey_file, nb::arg("path"), nb::arg("begin"), nb::arg("end"),
        nb::arg("quote"), nb::arg("longest"), nb::arg("chunk"), nb::arg("threads"));
}

}  // namespace tacit::bindings
