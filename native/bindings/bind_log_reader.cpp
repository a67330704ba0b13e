#include "penchant/log_reader.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>

#include "bindings.hpp"

namespace penchant::bindings {
namespace {

bool read(LogReader& log, const nb::bytes& path, std::int64_t begin, std::int64_t end,
          const LineLayout& layout, std::int64_t chunk, int threads) {
  const std::string name(path.c_str(), path.size());
  const nb::gil_scoped_release release;
  return log.read(name, begin, end, layout, chunk, threads, poll_for_signals());
}

/// Returns the line numbers (as bytes of int64) and the text of irregular lines.
nb::typed<nb::tuple, nb::bytes, nb::bytes> take_irregular(LogReader& log) {
  const auto irregular = log.take_irregular();
  return nb::make_tuple(
      nb::bytes(irregular.lines.data(), irregular.lines.size() * sizeof(std::int64_t)),
      nb::bytes(irregular.text.data(), irregular.text.size()));
}

void fill(LogReader& log, In1<std::int64_t> irregular, const std::string& users,
          const std::string& items, std::optional<In1<double>> values,
          std::optional<In1<std::int64_t>> times) {
  log.fill(irregular.data(), length(irregular), users, items, values ? values->data() : nullptr,
           times ? times->data() : nullptr);
}

void sort_ids(LogReader& log, int threads) { log.sort_ids(threads, poll_for_signals()); }

/// Returns the ids in UTF-8, joined by line feeds.
nb::bytes joined(const Interner::Order& order) {
  return nb::bytes(order.joined.data(), order.joined.size());
}

Merged merge(LogReader& log, MergePolicy policy, Out1<std::int64_t> indptr,
             Out1<std::int32_t> indices, Out1<float> values,
             std::optional<Out1<std::int64_t>> times, int threads) {
  const CsrOutput out{indptr.data(), indices.data(), values.data(),
                      times ? times->data() : nullptr};
  return log.merge(policy, out, threads, poll_for_signals());
}

void bind_records(nb::module_& m) {
  nb::enum_<MergePolicy>(m, "MergePolicy")
      .value("binary", MergePolicy::binary)
      .value("sum", MergePolicy::sum)
      .value("max", MergePolicy::max)
      .value("mean", MergePolicy::mean)
      .value("last", MergePolicy::last);
  nb::class_<LineLayout>(m, "LineLayout")
      .def(nb::init<std::string, int, int, int, int, int>(), nb::kw_only(), "sep"_a, "width"_a,
           "user"_a, "item"_a, "value"_a = -1, "time"_a = -1);
  nb::class_<LogReader::Counts>(m, "LineCounts")
      .def_ro("lines", &LogReader::Counts::lines)
      .def_ro("valid", &LogReader::Counts::valid)
      .def_ro("blank", &LogReader::Counts::blank)
      .def_ro("zeros", &LogReader::Counts::zeros)
      .def_ro("irregular", &LogReader::Counts::irregular);
  nb::class_<Merged>(m, "Merged")
      .def_ro("pairs", &Merged::pairs)
      .def_ro("cancelled", &Merged::cancelled)
      .def_ro("overflowed", &Merged::overflowed)
      .def_ro("duplicate_user", &Merged::duplicate_user)
      .def_ro("duplicate_item", &Merged::duplicate_item)
      .def_ro("duplicate_rows", &Merged::duplicate_rows);
}

}  // namespace

void bind_log_reader(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  bind_records(m);
  nb::class_<LogReader>(m, "LogReader")
      .def(nb::init<bool, bool, std::int64_t>(), nb::kw_only(), "valued"_a, "timed"_a, "memory"_a)
      .def("read", &read, "path"_a, nb::kw_only(), "begin"_a, "end"_a, "layout"_a, "chunk"_a,
           "threads"_a)
      .def("take_irregular", &take_irregular)
      .def("fill", &fill, "irregular"_a, nb::kw_only(), "users"_a, "items"_a, "values"_a.none(),
           "times"_a.none())
      .def("counts", &LogReader::counts)
      .def("sort_ids", &sort_ids, "threads"_a, release)
      .def_prop_ro("n_users", [](const LogReader& log) { return log.users().n_texts; })
      .def_prop_ro("n_items", [](const LogReader& log) { return log.items().n_texts; })
      .def("users", [](const LogReader& log) { return joined(log.users()); })
      .def("items", [](const LogReader& log) { return joined(log.items()); })
      .def("merge", &merge, "policy"_a, nb::kw_only(), "indptr"_a.noconvert(),
           "indices"_a.noconvert(), "values"_a.noconvert(), "times"_a.noconvert().none(),
           "threads"_a, release);
}

}  // namespace penchant::bindings
