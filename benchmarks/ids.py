"""Memory and time of looking up many outside ids: in buffers of a data set, and as objects.

Usage: python -m benchmarks.ids [--number 5000000] [--objects]

Each kind of id is generated, stored as a data set on disk stores it, and mapped. Printed are the
processor seconds of the first look-up of all ids in random order (which makes the index), of
another one, and of a single id, and the memory that stays and that is used at most. That of
objects is traced, which slows making them down.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from penchant.data.csr import row_pointers
from penchant.data.id_buffers import IntegerBuffer, TextBuffer
from penchant.data.id_stores import IdStore
from penchant.data.ids import IdMap
from penchant.data.string_buffer import Texts

AT_ONCE = 1_000_000


def mapped_texts(n: int, folder: Path, form: str) -> Texts:
    """Write n sorted texts of a form to files, and map them."""
    lengths = np.full(n, len(form.format(0).encode()), dtype=np.int64)
    with (folder / "text").open("wb") as file:
        for begin in range(0, n, AT_ONCE):
            part = (form.format(7 * number) for number in range(begin, min(begin + AT_ONCE, n)))
            file.write("".join(part).encode())
    row_pointers(lengths).tofile(folder / "offsets")
    blob = np.memmap(folder / "text", dtype=np.uint8, mode="r")
    return Texts(blob.view(np.ndarray), np.memmap(folder / "offsets", dtype=np.int64, mode="r"))


def mapped_integers(n: int, folder: Path) -> IntegerBuffer:
    """Write n sorted integers to a file, and map them."""
    (np.arange(n, dtype=np.int64) * 7).tofile(folder / "ids")
    return IntegerBuffer(np.memmap(folder / "ids", dtype=np.int64, mode="r").view(np.ndarray))


def measure(label: str, store: IdStore) -> None:
    """Print the time and the memory of looking up all ids in random order."""
    ids = IdMap.stored(store, "user")
    shuffled = store.subset(np.random.default_rng(0).permutation(len(store)))
    assert shuffled is not None
    wanted, spent = IdMap.stored(shuffled, "user"), []
    tracemalloc.start()
    for _ in range(2):
        began = time.process_time()
        codes = ids.codes(wanted)
        spent.append(time.process_time() - began)
    left, peak = ((n_bytes - codes.nbytes) / 1e6 for n_bytes in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    some = wanted[:1000].tolist()
    began = time.process_time()
    single = [ids.get(value) for value in some]
    micros = (time.process_time() - began) * 1e6 / len(some)
    assert single == codes[:1000].tolist()
    print(
        f"{label}: {len(store):,} ids, all looked up in {spent[0]:.1f} s, again in {spent[1]:.1f} "
        f"s, a single one in {micros:.0f} µs; beside the mapped files {left:,.0f} MB, "
        f"{peak:,.0f} MB at most",
        flush=True,
    )


def measure_objects(texts: Texts) -> None:
    """Print the time and the memory of ids as Python objects in a hash table."""
    tracemalloc.start()
    began = time.process_time()
    ids = IdMap(np.array(texts.decode(), dtype=object), "user")
    ids.get(ids[0])
    spent, (n_bytes, _) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"objects: {len(ids):,} ids, {spent:.1f} s, {n_bytes / 1e6:,.0f} MB", flush=True)


def main() -> None:
    """Measure each kind of id."""
    parser = argparse.ArgumentParser(description="Memory and time of looking up ids.")
    parser.add_argument("--number", type=int, default=5_000_000, metavar="N")
    parser.add_argument("--objects", action="store_true", help="also as Python objects")
    options = parser.parse_args()
    for label, form in (("short texts", "u{:010d}"), ("long texts", "customer-{:020d}-eu-west")):
        with tempfile.TemporaryDirectory() as folder:
            texts = mapped_texts(options.number, Path(folder), form)
            measure(label, TextBuffer(texts, is_sorted=True))
            if options.objects:
                measure_objects(texts)
    with tempfile.TemporaryDirectory() as folder:
        measure("integers", mapped_integers(options.number, Path(folder)))


if __name__ == "__main__":
    main()
