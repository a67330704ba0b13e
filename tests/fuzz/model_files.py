"""Model files that a stranger altered, with right checksums: loading refuses them or they work.

Usage: python -m tests.fuzz.model_files [--cases N] [--seed S] [--first CASE]

Each case alters a valid file of some kind of model (values, types and shapes of arrays, leaves of
the manifest, bytes of the header), seals it again, loads it, and asks the model everything. Only
errors of penchant's own tree may come. The number of a case is written to standard error before
it runs, so that the case that ends the process is known too; ``--first`` runs it again.
"""

from __future__ import annotations

import copy
import hashlib
import json
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from tests.conftest import random_interactions
from tests.fuzz_command import run_command

import penchant
from penchant._files import artifact, container
from penchant.data.catalog import Catalog
from penchant.errors import ArtifactError, PenchantError

N_USERS, N_ITEMS = 9, 8
ODD_NUMBERS = (0, -1, 1, 2, 7, 8, 9, 2**30, 2**31 - 1, 2**31, -(2**31), 2**62, 2**63 - 1, -(2**63))
ODD_FLOATS = (np.nan, np.inf, -np.inf, -1.0, 0.0, 3e38, -3e38, 1e-45, 1e300)
ODD_JSON = (
    None, True, False, 0, -1, 1, 2, 10**6, 2**31, 2**63, 2**70, -(2**70), 0.0, 0.5, 1e308, -1e-308,
    "", "a", "als", "float64", "x" * 300, [], [1], [None], [[]], {}, {"a": 1}, {"kind": "als"},
)  # fmt: skip


def make_files(folder: Path) -> list[Path]:
    """Write a valid file of each kind of model."""
    data = random_interactions(N_USERS, N_ITEMS, density=0.5, dislikes=0.1)
    names = [f"name of {item}" for item in data.items]
    tags = [("red", "tall") if code % 2 else ("blue",) for code in range(N_ITEMS)]
    catalog = Catalog(data.items, names=names, links=names, tags=tags)
    data = data.with_catalog(catalog)
    rich = data.with_item_features(penchant.Features.of_tags(catalog)).with_user_features(
        penchant.Features.of({user: [str(user)[-1]] for user in list(data.users)[:7]}, kind="user")
    )
    forms = penchant.Features.of({item: [f"form={str(item)[-1]}"] for item in data.items})
    formed = data.with_item_features(forms)
    vectors = penchant.Features.dense(data.items, np.eye(N_ITEMS, 3, dtype=np.float32) + 0.1)
    options: dict[str, Any] = {"factors": 3, "iterations": 2, "threads": 1}
    numbered = penchant.Interactions.from_scipy(data.to_scipy())
    als, neighbors = penchant.ALS(**options), penchant.ItemNeighbors(threads=1, neighbors=3)
    blend = penchant.Blend({"als": als, "near": neighbors, "popular": penchant.Popularity()})
    fitted = {
        "als": als.fit(data),
        "als-numbers": penchant.ALS(**options, dtype="float64").fit(numbered),
        "hybrid": penchant.HybridALS(**options).fit(rich),
        "ranking": penchant.Ranking(**options).fit(data),
        "ranking-features": penchant.Ranking(**options, schedule="adadelta").fit(rich),
        "neighbors": neighbors.fit(data),
        "popularity": penchant.Popularity(threads=1).fit(data),
        "popular-tags": penchant.Popularity(category="tags", threads=1).fit(data),
        "popular-column": penchant.Popularity(category="form", threads=1).fit(formed),
        "random": penchant.Random(threads=1).fit(data),
        "ease": penchant.EASE(threads=1).fit(data),
        "svd": penchant.PureSVD(factors=3, threads=1).fit(data),
        "slim": penchant.SLIM(l1=0.1, l2=2.0, threads=1).fit(data),
        "graph": penchant.GraphFilter(factors=3, threads=1).fit(data),
        "users": penchant.UserNeighbors(threads=1, neighbors=3).fit(data),
        "all-near": penchant.ItemNeighbors(threads=1, neighbors=None).fit(data),
        "content": penchant.Content(vectors, threads=1).fit(data),
        "blend": blend.fit(data),
        "blends": penchant.Blend({"inner": blend, "als": als}, fusion="rank").fit(data),
    }
    figures = {"ndcg@10": 0.5, "intervals": {"ndcg@10": [0.4, 0.6]}}
    whole = [
        model.save(folder / f"{name}.penchant", metrics=figures) for name, model in fitted.items()
    ]
    less = [
        ("als", "seen"),
        ("als", "none"),
        ("random", "seen"),
        ("ease", "none"),
        ("ranking-features", "seen"),
        ("popular-tags", "none"),
    ]
    return whole + [
        fitted[name].save(folder / f"{name}-{kept}.penchant", interactions=kept)
        for name, kept in (*less, ("svd", "none"), ("blends", "none"))
    ]


# --- alterations ------------------------------------------------------------------------


class Case:
    """A file in the making: arrays and manifest, altered some times, then bytes."""

    def __init__(self, source: Path, rng: np.random.Generator) -> None:
        arrays, manifest = container.read(source, mmap=False)
        self.arrays = {name: array.copy() for name, array in arrays.items()}
        self.manifest, self.rng = copy.deepcopy(manifest), rng

    def write(self, target: Path) -> None:
        """Alter one to three things, and write the file with right checksums."""
        alterations = [self._values, self._values, self._form, self._names, self._leaf, self._leaf]
        for _ in range(self.rng.integers(1, 4)):
            alterations[self.rng.integers(len(alterations))]()
        container.write(target, self.arrays, self.manifest)
        if self.rng.random() < 0.15:
            target.write_bytes(resealed(self._altered_header(target.read_bytes())))

    def _name(self) -> str:
        return str(self.rng.choice(sorted(self.arrays)))

    def _values(self) -> None:
        """Put odd values into an array."""
        array = self.arrays[self._name()].reshape(-1)
        if not len(array):
            return
        places = self.rng.integers(len(array), size=int(self.rng.choice([1, 1, 1, 2, 5])))
        if self.rng.random() < 0.2:  # bytes rather than numbers
            raw = array.view(np.uint8)
            if array.dtype != np.bool_:
                raw[self.rng.integers(len(raw), size=len(places))] = self.rng.integers(256)
            return
        odd: Any = ODD_FLOATS if array.dtype.kind == "f" else ODD_NUMBERS
        if array.dtype.kind == "i" and self.rng.random() < 0.3:
            odd = (*array[places].tolist(), int(array.max()) + 1, len(array))
        value = odd[self.rng.integers(len(odd))]
        with np.errstate(over="ignore", invalid="ignore"):
            array[places] = np.asarray(value).astype(array.dtype)

    def _form(self) -> None:
        """Give an array another type, shape or length."""
        name = self._name()
        array = self.arrays[name]
        choice = self.rng.integers(6)
        with np.errstate(over="ignore", invalid="ignore"):
            if choice == 0:
                other = ["float32", "float64", "int32", "int64", "uint8", "bool"]
                array = array.astype(str(self.rng.choice(other)))
            elif choice == 1:
                array = array[: self.rng.integers(len(array) + 1)] if array.ndim else array
            elif choice == 2:
                array = np.concatenate([array.reshape(-1), array.reshape(-1)[:3]])
            elif choice == 3:
                array = array.reshape(1, -1)
            elif choice == 4:
                array = np.ascontiguousarray(array.T)
            else:
                array = np.zeros((0, *array.shape[1:]), array.dtype)
        self.arrays[name] = array

    def _names(self) -> None:
        """Take an array away, add one, or exchange two."""
        name, other = self._name(), self._name()
        choice = self.rng.integers(3)
        if choice == 0:
            del self.arrays[name]
        elif choice == 1:
            self.arrays[f"{name}x"] = self.arrays[name]
        else:
            self.arrays[name], self.arrays[other] = self.arrays[other], self.arrays[name]

    def _leaf(self) -> None:
        """Replace, remove or add one value of the manifest."""
        node: Any = self.manifest
        while True:
            keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                return
            key = keys[self.rng.integers(len(keys))]
            child = node[key]
            if not isinstance(child, dict | list) or self.rng.random() < 0.15:
                break
            node = child
        choice = self.rng.random()
        if choice < 0.1:
            del node[key]
        elif choice < 0.2 and isinstance(node, dict):
            node["another"] = child
        else:
            node[key] = copy.deepcopy(ODD_JSON[self.rng.integers(len(ODD_JSON))])

    def _altered_header(self, raw: bytes) -> bytes:
        """Replace bytes of the header, or a number in it by what only this JSON reader takes."""
        length = int.from_bytes(raw[:8], "little")
        header, rest = bytearray(raw[8 : 8 + length]), raw[8 + length :]
        if self.rng.random() < 0.5:
            at = int(self.rng.integers(length))
            header[at] = int(self.rng.choice(list(b'0129-{}[]":,abx \\')))
        else:
            words = [b"NaN", b"Infinity", b"1e999", b"-1", b"9" * 30, b'"a"', b"[" * 50]
            word = words[self.rng.integers(len(words))]
            digits = [at for at, byte in enumerate(header) if byte in b"0123456789"]
            at = digits[self.rng.integers(len(digits))]
            header[at : at + 1] = word
        return raw[:8] + bytes(header) + rest if len(header) == length else _with(header, rest)


def _with(header: bytes | bytearray, data: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + bytes(header) + data


def resealed(raw: bytes) -> bytes:
    """Return the bytes of a file with the checksums that fit them, where that is possible."""
    length = int.from_bytes(raw[:8], "little")
    header, data = raw[8 : 8 + length], raw[8 + length :]
    try:
        table = json.loads(header)
        metadata = table["__metadata__"]
        told, sums = metadata["header_sha256"], metadata["arrays_sha256"]
        digest = hashlib.sha256(data).hexdigest()
        header = header.replace(sums.encode(), digest.encode(), 1)
        blank = header.replace(told.encode(), container._BLANK.encode(), 1)
        header = header.replace(told.encode(), container._header_digest(blank).encode(), 1)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return _with(header, data)


# --- questions --------------------------------------------------------------------------


def refitted(model: Any) -> Any:
    """Fit a copy for one epoch: a file may ask for very many."""
    changes = {"iterations": 1} if "iterations" in model.settings else {}
    return model.with_settings(**changes).fit(model.interactions)


def ask_everything(model: Any, folder: Path) -> int:
    """Ask a model all that it may be asked; return how many answers came."""
    users, items = list(model.users), list(model.items)
    data = model._trained_on
    answers = 0
    for question in (
        lambda: model.recommend(users[:3], k=5),
        lambda: model.recommend(users, k=2, exclude_seen=False, deny=items[:1]),
        lambda: model.recommend(history=items[:3], k=3),
        lambda: model.recommend(history={items[0]: 2.0, items[-1]: -1.0}, k=3, scale=True),
        lambda: model.recommend(user_features=["1"], k=3),
        lambda: model.recommend(users[:2], item_features={"new": ["red"]}),
        lambda: list(model.recommend(users[:2], k=3).names),
        lambda: model.similar_items(items, k=3),
        lambda: model.similar_items(items[:2], k=3, metric="dot"),
        lambda: model.similar_users(users[:2], k=3),
        lambda: model.scores(users[0], items),
        lambda: model.explain(users[0], items[0]),
        lambda: model.explain(history=items[:2], item=items[-1]),
        lambda: model.fold_in_users([items[:2], []]),
        lambda: model.scorer(data).ranks(data.csr, exclude=data.csr),
        lambda: model.scorer(data).sum_of_squares(),
        lambda: model.prepare(),
        lambda: model.epochs and model.partial_fit(iterations=1),
        lambda: refitted(model),
        lambda: data.summary(),
        lambda: data.by_item(),
        lambda: data.catalog and [data.catalog.tags_of(item) for item in items],
        lambda: model.save(folder / "again.penchant", interactions=model.kept_interactions),
        lambda: penchant.load(folder / "again.penchant").recommend(users[:1]),
    ):
        try:
            question()
            answers += 1
        except PenchantError:
            pass
        except TypeError as error:
            if "unexpected keyword" not in str(error):
                raise
        except AttributeError as error:
            if f"'{type(model).__name__}' object has no attribute" not in str(error):
                raise
    return answers


def run(cases: range, seed: int) -> Counter[str]:
    """Run cases; print the traceback of each failure; return what became of them."""
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources = make_files(folder)
        target = folder / "altered.penchant"
        for case in cases:
            print(f"case {case}", file=sys.stderr, flush=True)
            rng = np.random.default_rng([seed, case])
            source = sources[rng.integers(len(sources))]
            try:
                Case(source, rng).write(target)
                model = penchant.load(target)
                assert artifact.describe(target)
            except ArtifactError as error:
                outcomes[f"refused: {type(error).__name__}"] += 1
                continue
            except Exception:
                outcomes["FAILED to load"] += 1
                print(f"--- case {case} ({source.name}), loading")
                traceback.print_exc(file=sys.stdout)
                continue
            try:
                answers = ask_everything(model, folder)
                outcomes["answers" if answers else "only errors"] += 1
            except Exception:
                outcomes["FAILED to answer"] += 1
                print(f"--- case {case} ({source.name}), answering")
                traceback.print_exc(file=sys.stdout)
    return outcomes


def main() -> int:
    """Run from the command line; the status is 1 after a failure."""
    np.seterr(all="ignore")
    return run_command(__doc__, run)


if __name__ == "__main__":
    sys.exit(main())
