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
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Network:
    """An ONNX network that computes a vector of a picture.

    Parameters
    ----------
    path
        The file.
    size
        The sides of the input in pixels: pictures are cropped to a square and scaled to it. None:
        what the file says, or 224 where it does not.
    mean, std
        Subtracted from red, green and blue (0…1), and then divided by: one number or three. By
        default those of ImageNet.
    output
        The name of the output to use; None: the first. Feature maps are averaged over their
        positions.
    threads
        The number of threads; None: all cores.

    Raises
    ------
    MissingExtraError
        If onnxruntime is not installed.
    DataError
        If the file is not a network with one picture as its input.
    SettingsError
        If a setting is out of its range.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        size: int | None = None,
        mean: Channels = IMAGENET_MEAN,
        std: Channels = IMAGENET_STD,
        output: str | None = None,
        threads: int | None = None,
    ) -> None:
        self._mean, self._std = _channels("mean", mean), _channels("std", std, positive=True)
        self._session = _open_session(path, threads)
        (first, *others) = self._session.get_inputs()
        if others or first.type not in _TYPES or len(first.shape) != 4:
            raise DataError(
                f"{path} takes {first.type} of shape {first.shape}"
                f"{f' and {len(others)} inputs more' if others else ''}: a network of pictures "
                "takes one input of four axes of float"
            )
        self._name, self._type = first.name, _TYPES[first.type]
        self._channels_last = first.shape[3] == 3 and first.shape[1] != 3
        self.batch = first.shape[0] if isinstance(first.shape[0], int) else None
        self.size = _size(size, first.shape[1 if self._channels_last else 2])
        self._output = self._output_name(output, path)
        settings = [self.size, self._mean.tolist(), self._std.tolist(), self._output]
        self.key = hashlib.sha256(Path(path).read_bytes()).hexdigest() + json.dumps(settings)

    def _output_name(self, output: str | None, path: str | Path) -> str:
        names: list[str] = [info.name for info in self._session.get_outputs()]
        if output is not None and output not in names:
            raise SettingsError(f"{path} has no output {output!r}; there are: {', '.join(names)}")
        return names[0] if output is None else output

    def vectors(self, pictures: Sequence[Image.Image]) -> F32:
        """Return the network's output for each picture, float32, shape (n, d).

        Feature maps are averaged over their positions.

        Raises
        ------
        DataError
            If the network fails, or its output is not one vector per picture.
        """
        inputs = np.stack([self._to_input(picture) for picture in pictures])
        step = self.batch or len(inputs)
        parts = [self._run(inputs[start : start + step]) for start in range(0, len(inputs), step)]
        return np.concatenate(parts)

    def _to_input(self, picture: Image.Image) -> npt.NDArray[Any]:
        """Crop, scale and normalize a picture."""
        from PIL import Image, ImageOps

        square = ImageOps.fit(picture, (self.size, self.size), Image.Resampling.BICUBIC)
        scaled = (np.asarray(square, dtype=np.float32) / 255 - self._mean) / self._std
        return (scaled if self._channels_last else scaled.transpose(2, 0, 1)).astype(self._type)

    def _run(self, inputs: npt.NDArray[Any]) -> F32:
        n = len(inputs)
        if self.batch is not None and n < self.batch:  # the network's batch size is fixed
            inputs = np.concatenate([inputs, np.repeat(inputs[-1:], self.batch - n, axis=0)])
        try:
            answer = self._session.run([self._output], {self._name: inputs})[0]
        except Exception as error:  # onnxruntime has a separate class for every failure
            raise DataError(f"the network fails: {error}") from error
        output = np.asarray(answer)
        if output.ndim == 4:
            output = output.mean(axis=(1, 2) if self._channels_last else (2, 3), dtype=np.float32)
        if len(output) != len(inputs) or output.ndim < 2 or output.dtype.kind != "f":
            raise DataError(
                f"the output {self._output!r} is {output.dtype} of shape {output.shape} for "
                f"{len(inputs)} pictures, not a vector for each: name another with output="
            )
        return output.reshape(len(output), -1)[:n].astype(np.float32)


def _open_session(path: str | Path, threads: int | None) -> Any:
    checks.check_threads(threads)
    runtime = require("onnxruntime", extra="images", what="Vectors by a network")
    if not Path(path).is_file():
        raise DataError(f"there is no network in {path}: name an ONNX file")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise DataError(f"{path} can't be used as an ONNX network: {error}") from error


def _size(wanted: int | None, fixed: object) -> int:
    """Return the sides of the input: the file's if it is fixed there, else the setting."""
    if not isinstance(fixed, int):
        return _USUAL_SIZE if wanted is None else checks.check_int("size", wanted, 1, 8192)
    if wanted is not None and wanted != fixed:
        raise SettingsError(f"size is {wanted!r}, and the network takes {fixed} pixels a side only")
    return fixed


def _channels(name: str, value: Channels, *, positive: bool = False) -> F32:
    """Return one number or three as three numbers."""
    values = [value] * 3 if isinstance(value, int | float) else list(value)
    if len(values) != 3:
        raise SettingsError(f"{name} must be one number or three, got {value!r}")
    bounds = {"above": 0.0} if positive else {"min": -1e6}
    return np.array([checks.check_float(name, item, **bounds) for item in values], dtype=np.float32)
