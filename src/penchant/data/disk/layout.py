"""The files of a data set on disk, and its manifest.

A data set is a folder, or a prefix of an object store::

    likes.dataset/
        manifest.json             what is there, and the folder of the arrays
        data-0123456789abcdef/
            users.indptr          int64: row pointers of users × items
            users.indices         int32: the items of each user, ascending
            users.values          float32
            users.times           int64; only with timestamps
            users.ids             int64; or users.text (UTF-8) and users.offsets (int64)
            items.…               the same for items × users

All numbers are little-endian. The manifest is written last: a folder without one is incomplete.
A new version of a data set gets another folder of arrays, so that replacing the manifest replaces
the data set at once.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from penchant.data.blocks import Block
from penchant.data.report import ReadReport
from penchant.data.steps import Step

FORMAT = 1
"""The version of the layout that this module writes, and the newest it reads."""
MANIFEST = "manifest.json"
DATA_PREFIX = "data-"
LOCK = ".lock"

Side = Literal["users", "items"]
SIDES: tuple[Side, Side] = ("users", "items")
DTYPES = {
    "indptr": "<i8",
    "indices": "<i4",
    "values": "<f4",
    "times": "<i8",
    "ids": "<i8",
    "text": "u1",
    "offsets": "<i8",
}
"""The ending of a file's name → the type of its numbers."""
ENTRY_ARRAYS = ("indices", "values", "times")
"""Arrays with a number for each interaction."""


@dataclass(frozen=True)
class StoredBlock:
    """A block of rows in the files of its side.

    Attributes
    ----------
    rows
        Its rows; ``nnz`` is the number of its entries.
    begin
        The place of its first entry among those of all blocks.
    checksums
        Array → CRC-32 of its bytes in this block.
    """

    rows: Block
    begin: int
    checksums: Mapping[str, int]

    def span(self, array: str) -> tuple[int, int]:
        """Return the places of its first number in a file, and of the one after its last."""
        if array == "indptr":
            return self.rows.start, self.rows.stop + 1
        return self.begin, self.begin + self.rows.nnz


@dataclass(frozen=True)
class StoredSide:
    """The users or the items of a data set.

    Attributes
    ----------
    n
        How many there are.
    id_type
        ``"integer"`` or ``"text"``.
    text_bytes
        The size of all ids as UTF-8; 0 for integers.
    blocks
        Its rows in blocks.
    id_checksums
        Array → CRC-32 of the file, for those of the ids.
    """

    n: int
    id_type: str
    text_bytes: int
    blocks: tuple[StoredBlock, ...]
    id_checksums: Mapping[str, int]


@dataclass(frozen=True)
class Manifest:
    """What a data set is, and where its arrays are.

    Attributes
    ----------
    data
        The name of the folder of the arrays.
    name
        The name of the data set.
    created, penchant_version
        When it was written (UTC) and by which version.
    nnz
        The number of interactions.
    is_timed
        Whether there are timestamps.
    n_dislikes
        The number of negative values.
    newest
        The newest timestamp, or None.
    report
        What happened to every row of the source; None for events.
    steps
        The filters that were applied.
    sides
        Users and items.
    notes
        What happened to the rows of events, as lines of text.
    """

    data: str
    name: str
    created: str
    penchant_version: str
    nnz: int
    is_timed: bool
    n_dislikes: int
    newest: int | None
    report: ReadReport | None
    steps: tuple[Step, ...]
    sides: Mapping[Side, StoredSide]
    notes: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Return what happened to every row of the source, as lines of text."""
        return self.notes if self.report is None else self.report.notes()

    def entry_arrays(self) -> tuple[str, ...]:
        """Return the names of the arrays with a number for each interaction."""
        return ENTRY_ARRAYS if self.is_timed else ENTRY_ARRAYS[:-1]

    def lengths(self) -> dict[str, int]:
        """Return file → the number of its numbers."""
        lengths: dict[str, int] = {}
        for side, stored in self.sides.items():
            lengths[f"{side}.indptr"] = stored.n + 1
            lengths |= {f"{side}.{array}": self.nnz for array in self.entry_arrays()}
            if stored.id_type == "integer":
                lengths[f"{side}.ids"] = stored.n
            else:
                lengths |= {f"{side}.text": stored.text_bytes, f"{side}.offsets": stored.n + 1}
        return lengths

    def sizes(self) -> dict[str, int]:
        """Return file → bytes."""
        return {file: n * item_size(file) for file, n in self.lengths().items()}


def dtype_of(file: str) -> str:
    """Return the type of a file's numbers."""
    return DTYPES[file.rpartition(".")[2]]


def item_size(file: str) -> int:
    """Return the bytes of each of a file's numbers."""
    return int(dtype_of(file)[-1])


# --- JSON -------------------------------------------------------------------------------


class ManifestError(ValueError):
    """A manifest that is damaged, or of a later version."""


def to_json(manifest: Manifest) -> str:
    """Return the text of a manifest's file."""
    plain = dataclasses.asdict(manifest)
    plain["sides"] = {
        side: {**plain["sides"][side], "blocks": [_block_to_json(b) for b in stored.blocks]}
        for side, stored in manifest.sides.items()
    }
    body = json.dumps(plain, sort_keys=True)
    return json.dumps({"format": FORMAT, "crc32": _checksum(body), "dataset": plain}, indent=1)


def from_json(text: bytes) -> Manifest:
    """Read the text of a manifest's file, and check that its parts fit each other.

    Raises
    ------
    ManifestError
        If it is damaged, or of a later version.
    """
    try:
        whole = json.loads(text)
        version = int(whole["format"])
        plain = whole["dataset"] if version == FORMAT else {}
        is_whole = version != FORMAT or whole["crc32"] == _checksum(
            json.dumps(plain, sort_keys=True)
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ManifestError("its manifest is no JSON of a data set") from None
    if version > FORMAT:
        raise ManifestError(
            f"it has format {version}, this penchant reads up to {FORMAT}: "
            "pip install --upgrade penchant"
        )
    if not is_whole:
        raise ManifestError("its manifest doesn't match its checksum")
    try:
        manifest = _parsed(plain)
        _check_types(manifest)
        _check(manifest)
    except ManifestError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ManifestError(f"its manifest is not valid ({error})") from None
    return manifest


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode())


def _block_to_json(block: StoredBlock) -> dict[str, Any]:
    rows = block.rows
    return {
        "rows": [rows.start, rows.stop],
        "entries": [block.begin, block.begin + rows.nnz],
        "crc32": dict(block.checksums),
    }


def _parsed(plain: dict[str, Any]) -> Manifest:
    steps = (
        Step(step["what"], *(tuple(step[n]) for n in ("users", "items", "interactions")))
        for step in plain["steps"]
    )
    parts = {
        "report": None if plain["report"] is None else _report(plain["report"]),
        "notes": tuple(plain.get("notes", ())),
        "steps": tuple(steps),
        "sides": {side: _side(plain["sides"][side]) for side in SIDES},
    }
    return Manifest(**{**plain, **parts})


def _report(plain: dict[str, Any]) -> ReadReport:
    return ReadReport(**{**plain, **{n: tuple(plain[n]) for n in ("bad_lines", "columns")}})


def _side(plain: dict[str, Any]) -> StoredSide:
    return StoredSide(**{**plain, "blocks": tuple(map(_block_from_json, plain["blocks"]))})


def _block_from_json(plain: dict[str, Any]) -> StoredBlock:
    (start, stop), (begin, end) = plain["rows"], plain["entries"]
    return StoredBlock(Block(start, stop, end - begin), begin, plain["crc32"])


def _check_types(manifest: Manifest) -> None:
    texts: list[Any] = [manifest.data, manifest.name, manifest.created, manifest.penchant_version]
    texts += manifest.notes
    flag: Any = manifest.is_timed
    numbers: list[Any] = [manifest.nnz, manifest.n_dislikes]
    numbers += [] if manifest.newest is None else [manifest.newest]
    for stored in manifest.sides.values():
        texts.append(stored.id_type)
        numbers += [stored.n, stored.text_bytes, *stored.id_checksums.values()]
        for block in stored.blocks:
            numbers += [block.rows.start, block.rows.stop, block.rows.nnz, block.begin]
            numbers += block.checksums.values()
    if (manifest.report is None) != bool(manifest.notes):
        raise ManifestError("its manifest says nothing of what was read, or does so twice")
    is_typed = type(flag) is bool and all(type(text) is str for text in texts)
    if not is_typed or any(type(number) is not int for number in numbers):
        raise ManifestError("its manifest holds values of other types")


def _check(manifest: Manifest) -> None:
    """Refuse what would lead out of the files."""
    for side, stored in manifest.sides.items():
        row = entry = 0
        for block in stored.blocks:
            rows = block.rows
            if (rows.start, block.begin) != (row, entry) or rows.stop <= row or rows.nnz < 0:
                raise ManifestError(f"its blocks of {side} leave gaps or overlap")
            if set(block.checksums) != {"indptr", *manifest.entry_arrays()}:
                raise ManifestError(f"its blocks of {side} lack checksums")
            row, entry = rows.stop, entry + rows.nnz
        if (row, entry) != (stored.n, manifest.nnz):
            raise ManifestError(f"its blocks of {side} are not all of them")
        if stored.id_type not in ("integer", "text") or not 0 <= stored.n < 2**31:
            raise ManifestError(f"its {side} can't be used")
    if not manifest.data.startswith(DATA_PREFIX) or set(manifest.data) & set("/\\"):
        raise ManifestError("it names no folder of arrays")
