"""Model files: arrays, ids, catalog and settings in one bundle; versioned, no pickle.

This module is independent of the kinds of model. A model converts its state to a :class:`Bundle`
and is restored from one; ``penchant.load`` finds the class by :attr:`Bundle.model`. The layout of
arrays and manifest in the file is defined in :mod:`penchant._files.container`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import __version__
from penchant._files import container
from penchant._files.arrays import check_row_pointers
from penchant._files.manifest import ManifestMismatchError, check_form
from penchant.data.catalog import Catalog
from penchant.data.id_buffers import TextBuffer
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr
from penchant.data.string_buffer import Texts
from penchant.errors import CorruptArtifactError, DataError

Array = npt.NDArray[Any]

_TEXT_FIELDS = ("names", "links", "pictures")
_MANIFEST = {
    "model": str,
    "settings": dict,
    "info": dict,
    "columns": dict,
    "catalog": ([str], None),
    "created": str,
    "penchant_version": str,
}


@dataclass(frozen=True, eq=False)
class Bundle:
    """The contents of a model file, for writing and after reading.

    Attributes
    ----------
    model
        The kind of model, which determines the class to load.
    settings
        The settings of the model: plain JSON (a tuple is read as a list).
    arrays
        float32, float64, int32, int64, uint8 or bool, by name; read-only when read.
    matrices
        Sparse matrices by name, such as the interactions that the model was fitted on.
    users, items
        The outside ids, or None.
    ids
        Other ids by name, such as the names of features; when read, their kind is that name.
    catalog
        Names, links, pictures and tags, or None. When read, its texts are decoded on access.
    info
        Further information as plain JSON: a summary of the data, metrics.
    created
        The time of writing in UTC, as ``2025-01-31T12:00:00+00:00``; set by :func:`write` if it
        is empty.
    penchant_version
        The version of penchant that wrote the file; set by :func:`write` if it is empty.
    verified
        Whether the checksums were compared when it was read.
    """

    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    matrices: Mapping[str, Csr] = field(default_factory=dict)
    users: IdMap | None = None
    items: IdMap | None = None
    ids: Mapping[str, IdMap] = field(default_factory=dict)
    catalog: Catalog | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    penchant_version: str = ""
    verified: bool = True


def write(bundle: Bundle, path: str | os.PathLike[str]) -> None:
    """Write a bundle to one file, which appears once it is complete.

    Raises
    ------
    DataError
        If an array has an unsupported dtype, a text is not valid Unicode, or the settings are not
        plain JSON.
    ArtifactError
        If the file can't be written.
    """
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    arrays, manifest = _pack(bundle)
    manifest |= {
        "created": bundle.created or now,
        "penchant_version": bundle.penchant_version or __version__,
    }
    container.write(path, arrays, manifest)


def digest(bundle: Bundle) -> str:
    """Return the identity of a bundle: a SHA-256 of all but the time and version of its writing."""
    return container.digest(*_pack(bundle))


def _pack(bundle: Bundle) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays and the manifest of a file, without the time and version of writing."""
    arrays: dict[str, Array] = {f"arrays/{name}": array for name, array in bundle.arrays.items()}
    for name, matrix in bundle.matrices.items():
        for part in ("indptr", "indices", "values"):
            arrays[f"matrices/{name}/{part}"] = getattr(matrix, part)
    own = {"users": bundle.users, "items": bundle.items}
    for name, ids in (own | {f"ids/{name}": other for name, other in bundle.ids.items()}).items():
        arrays |= _pack_ids(name, ids)
    arrays |= _pack_catalog(bundle.catalog, bundle.items)
    manifest = {
        "model": bundle.model,
        "settings": bundle.settings,
        "info": bundle.info,
        "columns": {name: matrix.n_columns for name, matrix in bundle.matrices.items()},
        "catalog": None if bundle.catalog is None else bundle.catalog.fields(),
    }
    return arrays, manifest


def read(path: str | os.PathLike[str], *, verify: bool = True, mmap: bool = True) -> Bundle:
    """Read a bundle.

    Parameters
    ----------
    path
        The file.
    verify
        Compare the checksum of all arrays, which detects any altered byte, at about 1.5 GB per
        second. Otherwise only the header and the structure are checked, which is enough for a
        server that opens a file again.
    mmap
        Map the arrays: they stay in the file and are read on use.

    Raises
    ------
    ArtifactError
        If there is no such file or it is not a penchant model.
    CorruptArtifactError
        If it is truncated or altered.
    NewerFormatError
        If a later version of penchant wrote it.
    """
    arrays, manifest = container.read(path, verify=verify, mmap=mmap)
    try:
        return dataclasses.replace(_unpack(arrays, manifest), verified=verify)
    except KeyError as error:
        raise CorruptArtifactError(f"{path} can't be used: it lacks {error}") from None
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CorruptArtifactError(f"{path} can't be used: {error}") from error


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the manifest of a file and its size in bytes, without reading its arrays.

    Raises
    ------
    ArtifactError
        As for :func:`read`.
    """
    arrays, manifest = container.read(path, verify=False)
    try:
        check_form(manifest, _MANIFEST, "manifest")
    except ManifestMismatchError as error:
        raise CorruptArtifactError(f"{path} can't be used: {error}") from error
    shapes = {
        name.removeprefix("arrays/"): {"dtype": str(array.dtype), "shape": list(array.shape)}
        for name, array in arrays.items()
        if name.startswith("arrays/")
    }
    return {**manifest, "arrays": shapes, "bytes": Path(path).stat().st_size}


# --- conversion to and from arrays --------------------------------------------------------


def _unpack(arrays: dict[str, Array], manifest: dict[str, Any]) -> Bundle:
    check_form(manifest, _MANIFEST, "manifest")
    users, items = _own_ids("users", arrays), _own_ids("items", arrays)
    fields = manifest["catalog"]
    return Bundle(
        model=manifest["model"],
        settings=manifest["settings"],
        arrays={
            name.removeprefix("arrays/"): array
            for name, array in arrays.items()
            if name.startswith("arrays/")
        },
        matrices={
            name: _unpack_matrix(name, n_columns, arrays)
            for name, n_columns in manifest["columns"].items()
        },
        users=users,
        items=items,
        ids={name: _unpack_ids(f"ids/{name}", arrays, name) for name in sorted(_id_names(arrays))},
        catalog=None if fields is None else _unpack_catalog(fields, items, arrays),
        info=manifest["info"],
        created=manifest["created"],
        penchant_version=manifest["penchant_version"],
    )


def _id_names(arrays: Mapping[str, Array]) -> set[str]:
    """Return the names of ids, which may contain slashes."""
    paths = (path.removeprefix("ids/") for path in arrays if path.startswith("ids/"))
    return {path.rpartition("/")[0] for path in paths}


def _unpack_matrix(name: str, n_columns: Any, arrays: dict[str, Array]) -> Csr:
    """Return a matrix that native code can use unchecked: row pointers rise, columns exist."""
    indptr, indices, values = (
        _typed(arrays, f"matrices/{name}/{part}", dtype)
        for part, dtype in (("indptr", np.int64), ("indices", np.int32), ("values", np.float32))
    )
    check_row_pointers(f"matrices/{name}/indptr", indptr, len(indices))
    if len(indices) != len(values):
        raise DataError(f"matrix {name!r} has {len(indices):,} columns for {len(values):,} values")
    if type(n_columns) is not int or n_columns < 0:
        raise DataError(f"matrix {name!r} has {n_columns!r} columns")
    if len(indices) and not (indices.min() >= 0 and int(indices.max()) < n_columns):
        raise DataError(f"matrix {name!r} has entries outside its {n_columns:,} columns")
    falls = np.flatnonzero(indices[1:] <= indices[:-1]) + 1  # allowed where a row begins
    if len(falls) and not np.isin(falls, indptr).all():
        raise DataError(f"matrix {name!r} has a row whose columns do not rise")
    return Csr(indptr, indices, values, n_columns)


def _pack_ids(where: str, ids: IdMap | None) -> dict[str, Array]:
    if ids is None:
        return {}
    if ids.are_integers:
        return {f"{where}/ids": ids.array}
    store = ids.store
    return _pack_texts(where, store.texts if isinstance(store, TextBuffer) else map(str, ids))


def _own_ids(where: str, arrays: dict[str, Array]) -> IdMap | None:
    """Return the ids of users, items or a catalog, None if the file has none."""
    if not {f"{where}/ids", f"{where}/offsets"} & arrays.keys():
        return None
    return _unpack_ids(where, arrays, "user" if where == "users" else "item")


def _unpack_ids(where: str, arrays: dict[str, Array], kind: str) -> IdMap:
    if f"{where}/ids" in arrays:
        numbers = _typed(arrays, f"{where}/ids", np.int64)
        _check_unique(where, len(numbers), len(np.unique(numbers)))
        return IdMap.trusted(numbers, kind)
    texts = _unpack_texts(where, arrays).decode()
    _check_unique(where, len(texts), len(set(texts)))
    ids = np.empty(len(texts), dtype=object)
    ids[:] = texts
    return IdMap.trusted(ids, kind)


def _check_unique(where: str, n: int, n_different: int) -> None:
    if n_different < n:
        raise DataError(f"{n - n_different:,} of the {n:,} ids of {where!r} come more than once")


def _pack_texts(where: str, texts: Iterable[str]) -> dict[str, Array]:
    packed = Texts.of(texts)
    return {f"{where}/text": packed.blob, f"{where}/offsets": packed.offsets}


def _unpack_texts(where: str, arrays: dict[str, Array]) -> Texts:
    return Texts(
        _typed(arrays, f"{where}/text", np.uint8), _typed(arrays, f"{where}/offsets", np.int64)
    )


def _pack_catalog(catalog: Catalog | None, items: IdMap | None) -> dict[str, Array]:
    """Pack texts and offsets of each field; tags have further offsets, from items to tags."""
    if catalog is None:
        return {}
    shared = items is not None and catalog.items == items
    packed = {} if shared else _pack_ids("catalog/items", catalog.items)
    for name in _TEXT_FIELDS:
        texts = getattr(catalog, name)
        if texts is not None:
            packed |= _pack_texts(f"catalog/{name}", texts)
    if catalog.tags is not None:
        counts = np.array([0, *map(len, catalog.tags)], dtype=np.int64)
        packed["catalog/tags/rows"] = np.cumsum(counts)
        packed |= _pack_texts("catalog/tags", [tag for tags in catalog.tags for tag in tags])
    return packed


def _unpack_catalog(fields: list[str], items: IdMap | None, arrays: dict[str, Array]) -> Catalog:
    own = _own_ids("catalog/items", arrays)
    ids = items if own is None else own
    if ids is None:
        raise DataError("its catalog has no ids")
    texts = {
        name: _unpack_texts(f"catalog/{name}", arrays) for name in _TEXT_FIELDS if name in fields
    }
    tags = _unpack_tags(arrays) if "tags" in fields else None
    return Catalog(ids, tags=tags, **texts)


def _unpack_tags(arrays: dict[str, Array]) -> list[tuple[str, ...]]:
    rows = _typed(arrays, "catalog/tags/rows", np.int64)
    tags = _unpack_texts("catalog/tags", arrays).decode()
    if not len(rows) or rows[0] != 0 or rows[-1] != len(tags) or (rows[1:] < rows[:-1]).any():
        raise DataError("its tags don't fit its items")
    ends = rows.tolist()
    return [tuple(tags[begin:end]) for begin, end in itertools.pairwise(ends)]


def _typed(arrays: dict[str, Array], name: str, dtype: Any) -> Array:
    array = arrays[name]
    if array.dtype != dtype or array.ndim != 1:
        raise DataError(f"{name!r} is {array.dtype} of shape {array.shape}")
    return array
