"""Vectors of pictures by a trained network, in an ONNX file that the user names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.errors import DataError, SettingsError, require

if TYPE_CHECKING:
    from PIL import Image

F32 = npt.NDArray[np.float32]
Channels = float | Sequence[float]
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_USUAL_SIZE = 224


class Network:
    """An ONNX network with one picture for its input.

    Parameters
    ----------
    path
        The file.
    size
        Pixels a side; None: what the file says, or 224 where it leaves it open.
    mean, std
        Of red, green and blue on a scale of 0…1: what is subtracted, and then divided by.
    output
        The name of the output to take; None: the first.
    threads
        None: all cores.

    Raises
    ------
    MissingExtraError
        If onnxruntime is not installed.
    DataError
        If the file is no such network.
    SettingsError
        If a setting is out of its range.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        size: int | None,
        mean: Channels,
        std: Channels,
        output: str | None,
        threads: int | None,
    ) -> None:
        self._mean, self._std = _channels("mean", mean), _channels("std", std, above=True)
        self._session = _opened(path, threads)
        (taken, *more) = self._session.get_inputs()
        if more or taken.type not in _TYPES or len(taken.shape) != 4:
            raise DataError(
                f"{path} takes {taken.type} of shape {taken.shape}"
                f"{f' and {len(more)} inputs more' if more else ''}: a network of pictures takes "
                "one input of four axes of float"
            )
        self._name, self._type = taken.name, _TYPES[taken.type]
        self._channels_last = taken.shape[3] == 3 and taken.shape[1] != 3
        self.batch = taken.shape[0] if isinstance(taken.shape[0], int) else None
        self.size = _size(size, taken.shape[1 if self._channels_last else 2])
        self._output = self._named(output, path)
        how = [self.size, self._mean.tolist(), self._std.tolist(), self._output]
        self.key = hashlib.sha256(Path(path).read_bytes()).hexdigest() + json.dumps(how)

    def _named(self, output: str | None, path: str | Path) -> str:
        known = [one.name for one in self._session.get_outputs()]
        if output is not None and output not in known:
            raise SettingsError(f"{path} has no output {output!r}; there are: {', '.join(known)}")
        chosen: str = known[0] if output is None else output
        return chosen

    def vectors(self, pictures: Sequence[Image.Image]) -> F32:
        """float32, shape (n, d): what the network answers, maps of features by their mean.

        Raises
        ------
        DataError
            If it fails, or answers no vectors.
        """
        given = np.stack([self._prepared(one) for one in pictures])
        step = self.batch or len(given)
        parts = [self._run(given[start : start + step]) for start in range(0, len(given), step)]
        return np.concatenate(parts)

    def _prepared(self, picture: Image.Image) -> npt.NDArray[Any]:
        from PIL import Image, ImageOps

        square = ImageOps.fit(picture, (self.size, self.size), Image.Resampling.BICUBIC)
        scaled = (np.asarray(square, dtype=np.float32) / 255 - self._mean) / self._std
        return (scaled if self._channels_last else scaled.transpose(2, 0, 1)).astype(self._type)

    def _run(self, given: npt.NDArray[Any]) -> F32:
        n = len(given)
        if self.batch is not None and n < self.batch:  # one of a fixed size wants to be full
            given = np.concatenate([given, np.repeat(given[-1:], self.batch - n, axis=0)])
        try:
            answer = self._session.run([self._output], {self._name: given})[0]
        except Exception as error:  # onnxruntime has a class of its own for every failure
            raise DataError(f"the network fails: {error}") from error
        found = np.asarray(answer)
        if found.ndim == 4:
            found = found.mean(axis=(1, 2) if self._channels_last else (2, 3), dtype=np.float32)
        if len(found) != len(given) or found.ndim < 2 or found.dtype.kind != "f":
            raise DataError(
                f"the output {self._output!r} is {found.dtype} of shape {found.shape} for "
                f"{len(given)} pictures, and no vector for each: name another with output="
            )
        return found.reshape(len(found), -1)[:n].astype(np.float32)


def _opened(path: str | Path, threads: int | None) -> Any:
    checks.threads(threads)
    runtime = require("onnxruntime", extra="images", what="Vectors by a network")
    if not Path(path).is_file():
        raise DataError(f"there is no network in {path}: name an ONNX file")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise DataError(f"{path} is no ONNX network that can be used: {error}") from error


def _size(wanted: int | None, fixed: object) -> int:
    if not isinstance(fixed, int):
        return _USUAL_SIZE if wanted is None else checks.whole("size", wanted, 1, 8192)
    if wanted is not None and wanted != fixed:
        raise SettingsError(f"size is {wanted!r}, and the network takes {fixed} pixels a side only")
    return fixed


def _channels(name: str, given: Channels, *, above: bool = False) -> F32:
    """One number, or three, as three."""
    values = [given] * 3 if isinstance(given, int | float) else list(given)
    if len(values) != 3:
        raise SettingsError(f"{name} must be one number or three, got {given!r}")
    least = 0.0 if above else -1e6
    return np.array(
        [checks.number(name, value, least, above=above) for value in values], dtype=np.float32
    )
