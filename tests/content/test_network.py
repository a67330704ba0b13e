from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.content.networks import network

from penchant import errors
from penchant.content.network import Network
from penchant.errors import DataError, MissingExtraError, SettingsError

PLAIN = {"size": None, "mean": 0.0, "std": 1.0, "output": None, "threads": 1}
COLORS = [(255, 0, 51), (0, 102, 255), (51, 51, 51)]
MEANS = np.array(COLORS) / 255
PICTURES = [Image.new("RGB", (12, 30), color) for color in COLORS]


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"shape": ("n", 8, 8, 3)},
        {"shape": (None, 3, None, None)},
        {"shape": (2, 3, 8, 8)},
        {"shape": (1, 3, 8, 8)},
        {"pooled": False},
        {"pooled": False, "shape": ("n", 8, 8, 3)},
    ],
    ids=str,
)
def test_any_layout_and_batch_gives_the_same(tmp_path: Path, how: dict[str, object]) -> None:
    found = Network(network(tmp_path / "n.onnx", **how), **PLAIN).vectors(PICTURES)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, MEANS, atol=1e-5)


def test_half_precision(tmp_path: Path) -> None:
    found = Network(network(tmp_path / "n.onnx", kind="FLOAT16"), **PLAIN).vectors(PICTURES)
    np.testing.assert_allclose(found, MEANS, atol=2e-3)


def test_mean_and_std_are_those_of_the_channels(tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx")
    mean, std = (0.1, 0.2, 0.3), (0.5, 1.0, 2.0)
    found = Network(path, **PLAIN | {"mean": mean, "std": std}).vectors(PICTURES)
    np.testing.assert_allclose(found, (MEANS - mean) / std, atol=1e-5)


def test_another_output(tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx")
    found = Network(path, **PLAIN | {"output": "halves"}).vectors(PICTURES)
    np.testing.assert_allclose(found, MEANS / 2, atol=1e-5)
    with pytest.raises(SettingsError, match="there are: means, halves"):
        Network(path, **PLAIN | {"output": "no"})


def test_the_key_tells_networks_and_settings_apart(tmp_path: Path) -> None:
    one, other = network(tmp_path / "1.onnx"), network(tmp_path / "2.onnx", scale=2.0)
    keys = [
        Network(one, **PLAIN).key,
        Network(other, **PLAIN).key,
        Network(one, **PLAIN | {"mean": 0.5}).key,
        Network(one, **PLAIN | {"output": "halves"}).key,
    ]
    assert len(set(keys)) == 4
    assert Network(one, **PLAIN).key == keys[0]


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"size": 9}, "takes 8 pixels a side only"),
        ({"mean": (1, 2)}, "mean must be one number or three"),
        ({"std": 0}, "std must be"),
        ({"threads": 0}, "threads"),
    ],
)
def test_settings_that_do_not_fit(tmp_path: Path, wrong: dict[str, object], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        Network(network(tmp_path / "n.onnx"), **PLAIN | wrong)


def test_invalid_networks(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(DataError, match="there is no network in"):
        Network(tmp_path / "no.onnx", **PLAIN)
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(DataError, match="can't be used as an ONNX network"):
        Network(tmp_path / "text.onnx", **PLAIN)
    with pytest.raises(DataError, match="one input of four axes"):
        Network(network(tmp_path / "n.onnx", shape=(1, 3, 8, 3, 1), pooled=False), **PLAIN)


def test_failing_networks(tmp_path: Path) -> None:
    one = Network(network(tmp_path / "n.onnx", shape=("n", 4, 8, 8)), **PLAIN)
    with pytest.raises(DataError, match="the network fails"):
        one.vectors(PICTURES)


def test_without_onnxruntime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(errors.importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"pip install 'penchant\[images\]'"):
        Network(tmp_path / "n.onnx", **PLAIN)
