"""Properties of reading: every row is accounted for, order does not matter, texts survive."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.io.logfiles import triples, write

import penchant
from penchant.errors import EmptyDataError

cell = st.sampled_from(["a", "b", "c", "", "NA", "0"])
number = st.sampled_from(["1", "2", "-1", "0", "", "nan", "x", "3.5", "inf"])
record = st.one_of(
    st.tuples(cell, cell, number), st.tuples(cell, cell, number), st.tuples(cell), st.just(())
)


def as_text(records: list[tuple[str, ...]], end: str = "\n") -> bytes:
    return end.join(["user\titem\tn", *("\t".join(r) for r in records), ""]).encode()


# a read takes some 50 ms: fewer examples than elsewhere
@settings(max_examples=20)
@given(st.lists(record, max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, ...]], end: str
) -> None:
    path = write(tmp_path_factory.mktemp("law"), as_text(records, end))
    sums: dict[tuple[str, str], float] = defaultdict(float)
    counts: Counter[str] = Counter()
    for one in records:
        if one in ((), ("",)):
            counts["blank"] += 1
        elif len(one) != 3 or one[2] in ("x", "inf"):
            counts["bad"] += 1
        elif not one[0] or not one[1]:
            counts["nameless"] += 1
        elif one[2] in ("", "nan"):
            counts["valueless"] += 1
        elif one[2] == "0":
            counts["zeros"] += 1
        else:
            counts["merged"] += one[:2] in sums
            sums[one[0], one[1]] += float(one[2])
    left = {pair: total for pair, total in sums.items() if total != 0}
    if not left:
        with pytest.raises(EmptyDataError):
            penchant.read_interactions(path, "user", "item", "n", on_bad_lines="skip")
        return
    read = penchant.read_interactions(path, "user", "item", "n", on_bad_lines="skip")
    assert triples(read) == left
    report = read.report
    assert report is not None
    assert report.unaccounted == 0
    assert report.rows == len(records) - counts["blank"]
    assert {name: getattr(report, name) for name in counts} == counts
    assert report.cancelled == len(sums) - len(left)


@settings(max_examples=12)
@given(st.data())
def test_the_order_of_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    good = st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from("123"))
    records = data.draw(st.lists(good, min_size=1, max_size=20))
    folder = tmp_path_factory.mktemp("order")
    one = penchant.read_interactions(write(folder, as_text(records)), "user", "item", "n")
    mixed = data.draw(st.permutations(records))
    two = penchant.read_interactions(write(folder, as_text(mixed)), "user", "item", "n")
    assert (one.users, one.items) == (two.users, two.items)
    for part in ("indptr", "indices", "values"):
        np.testing.assert_array_equal(getattr(one.csr, part), getattr(two.csr, part))


text = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=8)


# \r is left out: line ends, within quotes too, are made alike where a file mixes them
@settings(max_examples=20)
@given(st.lists(st.tuples(text, text), min_size=1, max_size=15, unique=True))
def test_any_text_survives_a_quoted_file(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("user", "item"), *pairs])
    path = write(tmp_path_factory.mktemp("quoted"), out.getvalue(), "log.csv")
    assert set(triples(penchant.read_interactions(path, "user", "item"))) == set(pairs)
