"""Vectors of pictures: by a network that the user names, or by colors and edges without one."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.content import pictures, visual
from penchant.content.network import Network as Network
from penchant.content.pictures import Picture
from penchant.content.vector_cache import VectorCache, open_cache
from penchant.data.catalog import Catalog
from penchant.data.features import Features
from penchant.data.ids import Id, IdMap
from penchant.errors import DataError, EmptyDataError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Embedded", "Network", "embed"]

log = logging.getLogger("penchant")

F32 = npt.NDArray[np.float32]
Pictures = str | Path | Catalog | Mapping[Id, Picture] | Iterable[str | Path]
"""A folder, a list of files, a mapping id → picture, or a catalog with pictures."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """Vectors of pictures, and the pictures that have none.

    Attributes
    ----------
    ids
        The ids of the vectors' items.
    vectors
        float32, shape (len(ids), d).
    skipped
        The other items, id → reason.
    """

    ids: IdMap
    vectors: F32
    skipped: Mapping[Id, str]

    @property
    def features(self) -> Features:
        """The vectors as features of items, for :class:`penchant.Content` and other models."""
        return Features.dense(self.ids, self.vectors)

    def __repr__(self) -> str:
        n, d = self.vectors.shape
        return f"<Embedded: {n:,} pictures × {d:,}, {len(self.skipped):,} skipped>"


def embed(
    source: Pictures,
    network: str | Path | Network | None = None,
    *,
    batch: int = 32,
    cache: str | Path | None = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> Embedded:
    """Compute a vector for every picture; similar pictures have near vectors.

    Nothing is downloaded. Pictures with the same bytes are computed once.

    Parameters
    ----------
    source
        A folder (with its subfolders) or a list of files, whose names without the suffix are the
        ids; a mapping id → picture, each a path, a ``data:`` address or bytes; or a catalog with
        pictures.
    network
        A network, or the path of its ONNX file, run by onnxruntime
        (``pip install 'penchant[images]'``). None: histograms of colors and edges, which need no
        network (:mod:`penchant.content.visual`).
    batch
        The number of pictures computed at a time.
    cache
        A file that keeps vectors, by the contents of the pictures and of the network and by its
        settings: a second run computes only new pictures.
    on_progress
        Called after each batch with the number of pictures so far and of all.

    Returns
    -------
    Embedded
        Ids, vectors, and what was skipped: pictures that are missing, damaged, on the web, or
        too large to decode safely.

    Raises
    ------
    EmptyDataError
        If none of the pictures could be read.
    DataError
        If there is no such folder, two files have the same name, or the network can't be used.
    SettingsError
        If a setting is out of its range.
    MissingExtraError
        If a network is named and onnxruntime is not installed.
    """
    checks.check_int("batch", batch, 1)
    ids, listed = _ids_and_pictures(source)
    with open_cache(cache) as vector_cache:
        run = _Run(_embedder(network), vector_cache)
        for start in range(0, len(ids), batch):
            span = range(start, min(start + batch, len(ids)))
            run.add([(ids[place], listed[place]) for place in span])
            if on_progress is not None:
                on_progress(span.stop, len(ids))
    return run.result(ids.kind)


class _Embedder(Protocol):
    """Computes vectors of pictures."""

    key: str
    """Identifies the network and its settings: the same key means the same vectors."""
    size: int
    """The sides in pixels that pictures are reduced to."""

    def vectors(self, pictures: Sequence[Image.Image]) -> F32: ...


class _Histograms:
    """Histograms of colors and edges, without a network."""

    key = "visual 1"
    size = 4 * visual.SIDE

    def vectors(self, pictures: Sequence[Image.Image]) -> F32:
        return np.stack([visual.histograms(picture) for picture in pictures])


def _embedder(network: str | Path | Network | None) -> _Embedder:
    if network is None:
        return _Histograms()
    return network if isinstance(network, Network) else Network(network)


@dataclass
class _Run:
    """One run over all pictures: the vector of each distinct picture, and the items that have it.

    Attributes
    ----------
    embedder, cache
        What computes vectors, and where they are kept between runs.
    vectors
        The key of a picture → its vector.
    keys
        Item → the key of its picture.
    skipped
        Item → why it has no vector.
    """

    embedder: _Embedder
    cache: VectorCache | None
    vectors: dict[bytes, F32] = field(default_factory=dict)
    keys: dict[Id, bytes] = field(default_factory=dict)
    skipped: dict[Id, str] = field(default_factory=dict)

    def add(self, batch: Sequence[tuple[Id, Picture]]) -> None:
        """Compute the vectors of some more pictures."""
        files = dict(self._read(batch))
        new = {key: raw for key, raw in files.values() if key not in self.vectors}
        if self.cache is not None:
            self.vectors |= self.cache.get(list(new))
        reasons = self._compute({key: raw for key, raw in new.items() if key not in self.vectors})
        for item, (key, _) in files.items():
            if key in self.vectors:
                self.keys[item] = key
            else:
                self.skipped[item] = reasons[key]

    def _read(
        self, batch: Sequence[tuple[Id, Picture]]
    ) -> Iterator[tuple[Id, tuple[bytes, bytes]]]:
        """Yield the item, the key and the bytes of each picture that can be read."""
        for item, picture in batch:
            try:
                raw = pictures.read(picture)
            except DataError as error:
                self.skipped[item] = str(error)
            else:
                digest = hashlib.sha256(self.embedder.key.encode() + b"\0" + raw).digest()
                yield item, (digest, raw)

    def _compute(self, raws: Mapping[bytes, bytes]) -> dict[bytes, str]:
        """Compute the vectors of new pictures; return key → why it has none."""
        images, reasons = {}, {}
        for key, raw in raws.items():
            try:
                images[key] = pictures.decode(raw, min_side=self.embedder.size)
            except DataError as error:
                reasons[key] = str(error)
        if not images:
            return reasons
        vectors = dict(zip(images, self.embedder.vectors(list(images.values())), strict=True))
        finite = {key: vector for key, vector in vectors.items() if np.isfinite(vector).all()}
        reasons |= dict.fromkeys(
            vectors.keys() - finite, "the network returns numbers that are not finite"
        )
        if self.cache is not None:
            self.cache.put(finite)
        self.vectors |= finite
        return reasons

    def result(self, kind: str) -> Embedded:
        """Return the vectors of all pictures, and log how many were skipped."""
        n = len(self.keys) + len(self.skipped)
        if not self.keys:
            first = [*self.skipped.items()][:3]
            examples = "; ".join(f"{item!r}: {reason}" for item, reason in first)
            raise EmptyDataError(
                f"none of {n:,} pictures could be read: {examples or 'there are none'}"
            )
        if self.skipped:
            item, reason = next(iter(self.skipped.items()))
            log.warning(
                "%s of %s pictures are skipped, such as that of %r: %s",
                f"{len(self.skipped):,}", f"{n:,}", item, reason,
            )  # fmt: skip
        vectors = np.stack([self.vectors[key] for key in self.keys.values()])
        return Embedded(IdMap(list(self.keys), kind), vectors, self.skipped)


def _ids_and_pictures(source: Pictures) -> tuple[IdMap, Sequence[Picture]]:
    if isinstance(source, Catalog):
        if source.pictures is None:
            raise DataError("the catalog holds no pictures")
        return source.items, source.pictures
    if isinstance(source, Mapping):
        return IdMap(list(source), "item"), list(source.values())
    files = _in_folder(Path(source)) if isinstance(source, str | Path) else _listed(source)
    file_of: dict[str, Path] = {}
    for file in files:
        if file.stem in file_of:
            raise DataError(
                f"{file_of[file.stem]} and {file} would be of the same item {file.stem!r}: pass a "
                "mapping id → file"
            )
        file_of[file.stem] = file
    return IdMap(list(file_of), "item"), list(file_of.values())


def _listed(source: object) -> list[Path]:
    listed: list[Any] = list(source) if isinstance(source, Iterable) else [source]
    wrong = next((item for item in listed if not isinstance(item, str | Path)), None)
    if wrong is not None:
        raise DataError(f"pictures are a folder, a list of files or a mapping, got {wrong!r:.80}")
    return [Path(item) for item in listed]


def _in_folder(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}; for single pictures pass a list of files")
    files = sorted(folder.rglob("*"))
    return [file for file in files if file.suffix.lower() in pictures.SUFFIXES and file.is_file()]
