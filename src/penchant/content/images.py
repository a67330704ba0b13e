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
from penchant.content.network import Channels, Network
from penchant.content.pictures import Picture
from penchant.content.vector_cache import VectorCache, opened
from penchant.data.catalog import Catalog
from penchant.data.features import Features
from penchant.data.ids import Id, IdMap
from penchant.errors import DataError, EmptyDataError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Embedded", "embed"]

log = logging.getLogger("penchant")

F32 = npt.NDArray[np.float32]
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, eq=False)
class Embedded:
    """Vectors of pictures, and the pictures that have none.

    Attributes
    ----------
    ids
        Whom the vectors are of.
    vectors
        float32, shape (len(ids), d).
    skipped
        The others, id → why.
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
    given: str | Path | Catalog | Mapping[Id, Picture] | Iterable[str | Path],
    model: str | Path | None = None,
    *,
    size: int | None = None,
    mean: Channels = IMAGENET_MEAN,
    std: Channels = IMAGENET_STD,
    output: str | None = None,
    batch: int = 32,
    cache: str | Path | None = None,
    threads: int | None = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> Embedded:
    """A vector for every picture: those that look alike have vectors that are near.

    Nothing is fetched. Pictures that hold the same bytes are looked at once.

    Parameters
    ----------
    given
        A folder (with those in it), or a list of files, which are called by their names without
        the ending; a mapping id → picture, each a path, a ``data:`` address or bytes; or a
        catalog with pictures.
    model
        A network in an ONNX file, run by onnxruntime (``pip install 'penchant[images]'``). None:
        histograms of colors and edges, which need no network (:mod:`penchant.content.visual`).
    size
        The network's input, pixels a side: pictures are cut to a square and brought to it. None:
        what the file says, or 224.
    mean, std
        What the network wants subtracted from red, green and blue (0…1), and then divided by: one
        number or three. By default those of ImageNet.
    output
        Which output to take; None: the first. Maps of features are averaged over their places.
    batch
        How many pictures at a time.
    cache
        A file to keep vectors in, by the pictures' contents, the network's and the settings: a
        second run looks only at what is new.
    threads
        Of the network; None: all cores.
    on_progress
        Called after each batch with how many pictures are done and how many there are.

    Returns
    -------
    Embedded
        Ids, vectors, and what was skipped: pictures that are missing, damaged, on the web, or
        too large to unpack safely.

    Raises
    ------
    EmptyDataError
        If not one picture could be read.
    DataError
        If there is no such folder, two files have the same name, or the network can't be used.
    SettingsError
        If a setting is out of its range.
    MissingExtraError
        If a network is named and onnxruntime is not installed.
    """
    checks.whole("batch", batch, 1)
    ids, named = _named(given)
    maker: _Maker = (
        _Looks()
        if model is None
        else Network(model, size=size, mean=mean, std=std, output=output, threads=threads)
    )
    with opened(cache) as kept:
        work = _Work(maker, kept)
        for start in range(0, len(ids), batch):
            chosen = range(start, min(start + batch, len(ids)))
            work.take([(ids[at], named[at]) for at in chosen])
            if on_progress is not None:
                on_progress(chosen.stop, len(ids))
    return work.result(ids.kind)


class _Maker(Protocol):
    """Something that makes vectors of pictures."""

    key: str
    """What must be the same for a vector to be the same."""
    size: int

    def vectors(self, pictures: Sequence[Image.Image]) -> F32: ...


class _Looks:
    key = "looks 1"
    size = 4 * visual.SIDE

    def vectors(self, pictures: Sequence[Image.Image]) -> F32:
        return np.stack([visual.looks(one) for one in pictures])


@dataclass
class _Work:
    """What is done so far: each distinct picture once, and who has which."""

    maker: _Maker
    cache: VectorCache | None
    vectors: dict[bytes, F32] = field(default_factory=dict)
    keys: dict[Id, bytes] = field(default_factory=dict)
    skipped: dict[Id, str] = field(default_factory=dict)

    def take(self, batch: Sequence[tuple[Id, Picture]]) -> None:
        """A few pictures more."""
        found = dict(self._read(batch))
        raws = {key: raw for key, raw in found.values() if key not in self.vectors}
        if self.cache is not None:
            self.vectors |= self.cache.get(list(raws))
        reasons = self._look({key: raw for key, raw in raws.items() if key not in self.vectors})
        for one, (key, _) in found.items():
            if key in self.vectors:
                self.keys[one] = key
            else:
                self.skipped[one] = reasons[key]

    def _read(
        self, batch: Sequence[tuple[Id, Picture]]
    ) -> Iterator[tuple[Id, tuple[bytes, bytes]]]:
        """Those that can be read: who, and the key and the bytes of its picture."""
        for one, picture in batch:
            try:
                raw = pictures.read(picture)
            except DataError as error:
                self.skipped[one] = str(error)
            else:
                digest = hashlib.sha256(self.maker.key.encode() + b"\0" + raw).digest()
                yield one, (digest, raw)

    def _look(self, raws: Mapping[bytes, bytes]) -> dict[bytes, str]:
        """Make vectors of new pictures; gives why some have none."""
        seen, reasons = {}, {}
        for key, raw in raws.items():
            try:
                seen[key] = pictures.decode(raw, least=self.maker.size)
            except DataError as error:
                reasons[key] = str(error)
        if not seen:
            return reasons
        made = dict(zip(seen, self.maker.vectors(list(seen.values())), strict=True))
        good = {key: vector for key, vector in made.items() if np.isfinite(vector).all()}
        reasons |= dict.fromkeys(made.keys() - good, "the network answers with no finite numbers")
        if self.cache is not None:
            self.cache.put(good)
        self.vectors |= good
        return reasons

    def result(self, kind: str) -> Embedded:
        """All that was found."""
        n = len(self.keys) + len(self.skipped)
        if not self.keys:
            some = "; ".join(f"{one!r}: {why}" for one, why in [*self.skipped.items()][:3])
            raise EmptyDataError(
                f"none of {n:,} pictures could be read: {some or 'there are none'}"
            )
        if self.skipped:
            one, why = next(iter(self.skipped.items()))
            log.warning(
                "%s of %s pictures are skipped, such as that of %r: %s",
                f"{len(self.skipped):,}", f"{n:,}", one, why,
            )  # fmt: skip
        vectors = np.stack([self.vectors[key] for key in self.keys.values()])
        return Embedded(IdMap(list(self.keys), kind), vectors, self.skipped)


def _named(
    given: str | Path | Catalog | Mapping[Id, Picture] | Iterable[str | Path],
) -> tuple[IdMap, Sequence[Picture]]:
    """Ids and their pictures."""
    if isinstance(given, Catalog):
        if given.pictures is None:
            raise DataError("the catalog holds no pictures")
        return given.items, given.pictures
    if isinstance(given, Mapping):
        return IdMap(list(given), "item"), list(given.values())
    files = _in_folder(Path(given)) if isinstance(given, str | Path) else _listed(given)
    names: dict[str, Path] = {}
    for file in files:
        if file.stem in names:
            raise DataError(
                f"{names[file.stem]} and {file} would be of the same item {file.stem!r}: pass a "
                "mapping id → file"
            )
        names[file.stem] = file
    return IdMap(list(names), "item"), list(names.values())


def _listed(given: object) -> list[Path]:
    listed: list[Any] = list(given) if isinstance(given, Iterable) else [given]
    wrong = next((one for one in listed if not isinstance(one, str | Path)), None)
    if wrong is not None:
        raise DataError(f"pictures are a folder, a list of files or a mapping, got {wrong!r:.80}")
    return [Path(one) for one in listed]


def _in_folder(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}; for single pictures pass a list of files")
    every = sorted(folder.rglob("*"))
    return [file for file in every if file.suffix.lower() in pictures.SUFFIXES and file.is_file()]
