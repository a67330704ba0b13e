#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>

#include "bindings.hpp"
#include "penchant/rowlog.hpp"

namespace penchant::bindings {
namespace {

/// Columns are user, item, value, time; −1 for none.
bool read(LogReader& log, const nb::bytes& path, std::int64_t begin, std::int64_t end,
          const std::string& sep, int width, int user, int item, int value, int time,
          std::int64_t chunk, int threads) {
  const Layout layout{sep, width, user, item, value, time};
  const std::string name(path.c_str(), path.size());
  const nb::gil_scoped_release release;
  return log.read(name, begin, end, layout, chunk, threads, poll_for_signals());
}

/// Line numbers (as bytes of int64) and text of the odd lines since the last call.
nb::tuple take_odd(LogReader& log) {
  const auto odd = log.take_odd();
  return nb::make_tuple(nb::bytes(odd.lines.data(), odd.lines.size() * sizeof(std::int64_t)),
                        nb::bytes(odd.text.data(), odd.text.size()));
}

void fill(LogReader& log, In1<std::int64_t> odd, const std::string& users, const std::string& items,
          std::optional<In1<double>> values, std::optional<In1<std::int64_t>> times) {
  log.fill(odd.data(), static_cast<std::int64_t>(odd.size()), users, items,
           values ? values->data() : nullptr, times ? times->data() : nullptr);
}

void put_in_order(LogReader& log, int threads) { log.put_in_order(threads, poll_for_signals()); }

/// Joined by line feeds, in UTF-8.
nb::bytes joined(const Interner::Order& order) {
  return nb::bytes(order.joined.data(), order.joined.size());
}

/// `policy` is a place in kernels.POLICIES.
Merged merge(LogReader& log, int policy, Out1<std::int64_t> indptr, Out1<std::int32_t> indices,
             Out1<float> values, std::optional<Out1<std::int64_t>> times, int threads) {
  const Cells out{indptr.data(), indices.data(), values.data(), times ? times->data() : nullptr};
  return log.merge(static_cast<Policy>(policy), out, threads, poll_for_signals());
}

}  // namespace

void bind_rowlog(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  nb::class_<LogReader::Counts>(m, "RowCounts")
      .def_ro("lines", &LogReader::Counts::lines)
      .def_ro("good", &LogReader::Counts::good)
      .def_ro("blank", &LogReader::Counts::blank)
      .def_ro("zeros", &LogReader::Counts::zeros)
      .def_ro("odd", &LogReader::Counts::odd);
  nb::class_<Merged>(m, "Merged")
      .def_ro("pairs", &Merged::pairs)
      .def_ro("cancelled", &Merged::cancelled)
      .def_ro("beyond", &Merged::beyond)
      .def_ro("twice_user", &Merged::twice_user)
      .def_ro("twice_item", &Merged::twice_item)
      .def_ro("twice_rows", &Merged::twice_rows);
  nb::class_<LogReader>(m, "LogReader")
      .def(nb::init<bool, bool, std::int64_t>(), nb::arg("valued"), nb::arg("timed"),
           nb::arg("memory"))
      .def("read", &read, nb::arg("path"), nb::arg("begin"), nb::arg("end"), nb::arg("sep"),
           nb::arg("width"), nb::arg("user"), nb::arg("item"), nb::arg("value"), nb::arg("time"),
           nb::arg("chunk"), nb::arg("threads"))
      .def("take_odd", &take_odd)
      .def("fill", &fill, nb::arg("odd"), nb::arg("users"), nb::arg("items"),
           nb::arg("values").none(), nb::arg("times").none())
      .def("counts", &LogReader::counts)
      .def("put_in_order", &put_in_order, nb::arg("threads"), release)
      .def_prop_ro("n_users", [](const LogReader& log) { return log.users().n_texts; })
      .def_prop_ro("n_items", [](const LogReader& log) { return log.items().n_texts; })
      .def("users", [](const LogReader& log) { return joined(log.users()); })
      .def("items", [](const LogReader& log) { return joined(log.items()); })
      .def("merge", &merge, nb::arg("policy"), nb::arg("indptr"), nb::arg("indices"),
           nb::arg("values"), nb::arg("times").none(), nb::arg("threads"), release);
}

}  // namespace penchant::bindings
