"""Named arrays and a manifest in one file, replaced atomically and checked when read.

The file is a plain safetensors file (eight bytes with the header's length, a JSON header, the
arrays one after another), so any safetensors reader can open it. The header's ``__metadata__``
holds what penchant adds: the manifest, a SHA-256 of the arrays, and one of the header itself.

Alignment: the header is padded with spaces so that the arrays start at a multiple of 64 bytes, and
arrays are written in descending order of item size. Every item size is a multiple of the smaller
ones, so each array starts at a multiple of its own item size and can be used in the mapped file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np
import numpy.typing as npt

from penchant._scratch import held, remove_abandoned
from penchant.data.paths import is_remote
from penchant.errors import ArtifactError, CorruptArtifactError, DataError, NewerFormatError

FORMAT = 1
"""The version of the layout that this module writes, and the newest it reads."""

Arrays = Mapping[str, npt.NDArray[Any]]

_ALIGNMENT = 64
_PRIVATE = 0o600  # model files hold what people like
_MAX_HEADER = 16 * 2**20
_BLANK = "0" * 64  # the placeholder of the header's own digest while that is computed
_DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "I64": np.dtype("<i8"),
    "F32": np.dtype("<f4"),
    "I32": np.dtype("<i4"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


@dataclass(frozen=True)
class _Slot:
    """The type, shape and byte range of an array in the data part of the file."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


# --- writing ----------------------------------------------------------------------------


def write(path: str | os.PathLike[str], arrays: Arrays, manifest: Mapping[str, Any]) -> None:
    """Write arrays and a manifest to one file.

    The file appears under its name once it is complete and on disk. After a failure or an
    interruption the previous file is unchanged and no other file remains.

    Parameters
    ----------
    path
        The file; an existing one is replaced.
    arrays
        float32, float64, int32, int64, uint8 or bool, of any shape.
    manifest
        JSON values: texts, finite numbers, booleans, None, lists and mappings of these.

    Raises
    ------
    DataError
        If an array has another dtype, or the manifest holds other values.
    ArtifactError
        If the file can't be written.
    """
    ordered = _ordered(arrays)
    header = _header(ordered, manifest)
    with replacing(path, mode=_PRIVATE) as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        for array in ordered.values():
            file.write(_bytes_of(array))


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], *, mode: int | None = None) -> Iterator[IO[bytes]]:
    """Open a new file that replaces ``path`` once the block ends without an error.

    Parameters
    ----------
    path
        The file.
    mode
        The permissions if there is no such file yet; an existing file keeps its own. None: those
        that the umask gives.

    Raises
    ------
    ArtifactError
        If the file can't be written.
    """
    target = _target(path)
    prefix = f".{target.name[:80]}."
    remove_abandoned(target.parent, prefix, ".tmp")
    draft = target.with_name(f"{prefix}{secrets.token_hex(6)}.tmp")
    try:
        with _create(draft, target, mode) as file, held(draft):
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        raise ArtifactError(f"can't write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    _sync_folder(target.parent)


def _target(path: str | os.PathLike[str]) -> Path:
    """The file that a path means, where a file may be written."""
    try:
        target = Path(os.path.realpath(path))
        is_folder, exists, is_file = target.is_dir(), target.exists(), target.is_file()
    except (OSError, ValueError) as error:  # a name that is too long, or that holds a NUL
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(f"can't write {str(path)[:200]!r}: {reason}") from error
    if is_folder:
        raise ArtifactError(f"{os.fspath(path)!r} is a folder: give the name of a file")
    if exists and not is_file:  # such as /dev/null, which a file would replace
        raise ArtifactError(f"{path} is not a regular file: give the name of one")
    return target


def _create(draft: Path, target: Path, mode: int | None) -> IO[bytes]:
    """Create the file that will replace another, with the permissions that it will have."""
    if mode is None:
        return draft.open("xb")
    with contextlib.suppress(OSError):
        mode = stat.S_IMODE(target.stat().st_mode)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    handle = os.open(draft, flags, _PRIVATE)
    with contextlib.suppress(OSError):
        draft.chmod(mode)
    return os.fdopen(handle, "wb")


def _sync_folder(folder: Path) -> None:
    """Flush the folder entry to disk, where the system supports it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _ordered(arrays: Arrays) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays little-endian, in C order, by descending item size (see alignment)."""
    ready = {}
    for name, array in arrays.items():
        dtype = array.dtype.newbyteorder("<")
        if dtype not in _CODES:
            supported = ", ".join(map(str, _CODES))
            raise DataError(f"array {name!r} is {array.dtype}; a model file holds {supported}")
        # not ascontiguousarray, which would add a dimension to arrays without any
        ready[name] = np.asarray(array, dtype=dtype, order="C")
    return dict(sorted(ready.items(), key=lambda pair: (-pair[1].itemsize, pair[0])))


def digest(arrays: Arrays, manifest: Mapping[str, Any]) -> str:
    """Return a SHA-256 of arrays and a manifest.

    Raises
    ------
    DataError
        If the manifest is not plain JSON, or an array has an unsupported dtype.
    """
    return hashlib.sha256(_header(_ordered(arrays), manifest)).hexdigest()


def _bytes_of(array: npt.NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _header(arrays: Arrays, manifest: Mapping[str, Any]) -> bytes:
    table: dict[str, Any] = {}
    digest, begin = hashlib.sha256(), 0
    for name, array in arrays.items():
        end = begin + array.nbytes
        table[name] = {
            "dtype": _CODES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
        digest.update(_bytes_of(array))
        begin = end
    metadata = {
        "format": f"penchant {FORMAT}",
        "arrays_sha256": digest.hexdigest(),
        "header_sha256": _BLANK,
        "manifest": _to_json(manifest),
    }
    text = _to_json({"__metadata__": metadata, **table}).encode()
    text += b" " * (-(len(text) + 8) % _ALIGNMENT)
    if len(text) > _MAX_HEADER:
        raise DataError(
            f"the manifest takes {len(text):,} bytes, more than {_MAX_HEADER:,}: "
            "put long lists of numbers into arrays"
        )
    return text.replace(_BLANK.encode(), _header_digest(text).encode(), 1)


def _header_digest(blank: bytes) -> str:
    return hashlib.sha256(len(blank).to_bytes(8, "little") + blank).hexdigest()


def _to_json(value: Any) -> str:
    try:
        # ASCII with escapes keeps any text, lone surrogates too
        return json.dumps(value, allow_nan=False, default=_plain, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise DataError(f"the manifest of a model file must be plain JSON: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} {value!r}"[:200])


# --- reading ----------------------------------------------------------------------------


def read(
    path: str | os.PathLike[str], *, verify: bool = True, mmap: bool = True
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read the arrays and the manifest of a file.

    Parameters
    ----------
    path
        A file that :func:`write` wrote.
    verify
        Compare the SHA-256 of all arrays (about 0.15 s for 250 MB), which detects any altered
        byte. The header and the size of the file are verified in any case.
    mmap
        Map the arrays: they stay in the file, are read on use and are shared between processes.
        Otherwise they are read into memory.

    Returns
    -------
    tuple of dict
        The arrays, read-only, and the manifest.

    Raises
    ------
    ArtifactError
        If there is no such file, or it is not a penchant model.
    CorruptArtifactError
        If it is truncated or altered.
    NewerFormatError
        If a later version of penchant wrote it.
    """
    if is_remote(path):
        raise ArtifactError(f"{path!r} is an address, and only local files are read")
    path = Path(path)
    raw = _raw(path, mmap=mmap)
    header = _read_header(path, raw)
    table, manifest = _parse(path, header)
    data = raw[8 + len(header) :]
    slots = _slots(path, table, len(data))
    if verify and hashlib.sha256(data.data).hexdigest() != table["__metadata__"]["arrays_sha256"]:
        _corrupt(path, "its arrays don't match their checksum")
    return {name: _view(path, name, slot, data) for name, slot in slots.items()}, manifest


def _corrupt(path: Path, what: str) -> NoReturn:
    raise CorruptArtifactError(
        f"{path} is truncated or altered: {what}; copy it again or save the model again"
    )


def _raw(path: Path, *, mmap: bool) -> npt.NDArray[np.uint8]:
    """Return the bytes of the file, read-only."""
    try:
        if path.is_dir():
            raise ArtifactError(f"{path} is a folder, not a model file")
        if not path.exists():
            raise ArtifactError(f"there is no model file at {path}")
        if not path.is_file():
            raise ArtifactError(f"{path} is not a regular file")
        if path.stat().st_size < 8:
            _corrupt(path, f"it has {path.stat().st_size} bytes")
        if mmap:
            return np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)
        raw = np.fromfile(path, dtype=np.uint8)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(f"can't read {str(path)[:200]}: {reason}") from error
    raw.setflags(write=False)
    return raw


def _read_header(path: Path, raw: npt.NDArray[np.uint8]) -> bytes:
    length = int.from_bytes(raw[:8].tobytes(), "little")
    if length > min(_MAX_HEADER, len(raw) - 8):
        if length <= _MAX_HEADER and raw[8:9].tobytes() == b"{":
            _corrupt(path, f"its header should have {length:,} bytes, {len(raw) - 8:,} are there")
        raise CorruptArtifactError(
            f"{path} is not a penchant model, or its beginning is damaged: models are written by "
            "model.save or penchant fit"
        )
    return raw[8 : 8 + length].tobytes()


def _parse(path: Path, header: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header's table and the manifest; raise if the header is invalid or altered."""
    try:
        table = json.loads(header)
        metadata = table["__metadata__"]
        family, _, version = metadata["format"].partition(" ")
        if family != "penchant":
            raise ArtifactError(f"{path} is a safetensors file, but not a penchant model")
        newer = int(version) > FORMAT
        digest = metadata["header_sha256"].encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CorruptArtifactError(
            f"{path} is not a penchant model, or its header is damaged"
        ) from None
    if newer:
        raise NewerFormatError(
            f"{path} has format {version}, this penchant reads up to {FORMAT}: "
            "pip install --upgrade penchant"
        )
    if _header_digest(header.replace(digest, _BLANK.encode(), 1)).encode() != digest:
        _corrupt(path, "its header doesn't match its checksum")
    try:
        manifest = json.loads(metadata["manifest"])
    except (ValueError, TypeError, KeyError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict) or not isinstance(metadata.get("arrays_sha256"), str):
        _corrupt(path, "it has no manifest")
    return table, manifest


def _slots(path: Path, table: dict[str, Any], size: int) -> dict[str, _Slot]:
    """Return the byte ranges of the arrays, which must fill the data part without overlaps."""
    try:
        slots = {name: _slot(entry) for name, entry in table.items() if name != "__metadata__"}
    except (KeyError, TypeError, ValueError):
        _corrupt(path, "its table of arrays is not valid")
    at = 0
    for slot in sorted(slots.values(), key=lambda slot: (slot.begin, slot.end)):
        if slot.begin != at or slot.end < at:
            _corrupt(path, "its arrays overlap or leave holes")
        at = slot.end
    if at != size:
        _corrupt(path, f"its arrays should have {at:,} bytes, {size:,} are there")
    return slots


def _slot(entry: dict[str, Any]) -> _Slot:
    dtype = _DTYPES[entry["dtype"]]
    numbers = [*entry["shape"], *entry["data_offsets"]]
    if any(type(number) is not int or not 0 <= number < 2**62 for number in numbers):
        raise ValueError
    *shape, begin, end = numbers
    if len(entry["data_offsets"]) != 2 or len(shape) > 32 or begin % dtype.itemsize:
        raise ValueError
    if math.prod(shape) * dtype.itemsize != end - begin:
        raise ValueError
    return _Slot(dtype, tuple(shape), begin, end)


def _view(path: Path, name: str, slot: _Slot, data: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    part = data[slot.begin : slot.end]
    if slot.dtype == np.bool_ and part.size and part.max() > 1:
        _corrupt(path, f"{name!r} holds bytes that are neither true nor false")
    try:
        return part.view(slot.dtype).reshape(slot.shape)
    except ValueError:  # no bytes, but dimensions too large for NumPy: (0, 2⁶⁰)
        _corrupt(path, f"the shape of {name!r} is not possible")
