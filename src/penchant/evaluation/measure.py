"""Measuring models on one split, again and again: what does not change is prepared once.

:class:`Measure` is what :func:`penchant.evaluate` is made of, for whoever measures many models, or
one after every epoch.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._settings.checks import choice, share, whole
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, EmptyDataError, SettingsError
from penchant.evaluation.answers import Answers, PerUser, Query, Relevant, Training, likes
from penchant.evaluation.bootstrap import summarize
from penchant.evaluation.candidates import Codes, Scorable, narrowed, scorer_of
from penchant.evaluation.metrics import DEFAULT, METRICS, Metric
from penchant.evaluation.report import Evaluation
from penchant.split import Split

Part = Literal["test", "train"]
Users = Literal["all", "held-out"]


@dataclass(frozen=True, eq=False)
class _Measured:
    """One part of the split, ready to be measured on.

    Attributes
    ----------
    known
        What the model knows of the users; ``rows`` are codes there, rising.
    relevant, masked
        What is to be found and what is no candidate, a row a user.
    n_left_out
        Users who have nothing to find.
    training
        What the model was fitted on.
    candidates
        Codes, rising, of the only items that are looked at, and that the others here are of; None:
        all items.
    """

    known: Interactions
    rows: npt.NDArray[np.int64]
    relevant: Relevant
    masked: Csr | None
    n_left_out: int
    training: Training
    candidates: Codes | None

    def asks_like(self, other: _Measured) -> bool:
        """Whether a model's scores for the one part are those for the other."""
        alike = self.known is other.known and self.candidates is other.candidates
        return alike and np.array_equal(self.rows, other.rows)


class Measure:
    """How models are measured on a split; call it with each of them.

    Parameters
    ----------
    split
        What to measure on, and what is known of its users.
    parts
        ``"test"``, ``"train"`` or both. Where both have the same users and nothing is masked,
        lists are made once for the two.
    users
        Whose likes in the training part are measured: ``"all"`` or, as in the articles, only those
        of users who have some in the test part (``"held-out"``). Of users whom the model does not
        meet in training, the training part is then what it is shown of them, ``split.fold_in``.
    k, metrics, exclude_seen, per_user, bootstrap, confidence, seed, threads
        As for :func:`penchant.evaluate`.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or a metric is unknown.
    DataError
        If it is no split, or its parts don't fit each other.
    EmptyDataError
        If no user has anything to find.
    """

    def __init__(
        self,
        split: Split,
        *,
        parts: Sequence[Part] | Part = ("test", "train"),
        users: Users = "all",
        k: int = 10,
        metrics: Sequence[str] | str = DEFAULT,
        exclude_seen: bool = True,
        per_user: bool = False,
        bootstrap: int = 1000,
        confidence: float = 0.95,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        if not isinstance(split, Split):
            raise DataError(
                f"a penchant.Split is needed, got {type(split).__name__}: penchant.split makes one"
            )
        self._k = whole("k", k, 1)
        self._wanted = _parse(metrics, self._k)
        self._resampling = {
            "bootstrap": whole("bootstrap", bootstrap, 0),
            "confidence": share("confidence", confidence),
            "seed": whole("seed", seed, 0),
        }
        self._per_user = bool(per_user)
        self._threads = None if threads is None else _kernels.thread_count(threads)
        choice("users", users, get_args(Users))
        parts = [parts] if isinstance(parts, str) else list(parts)
        if not parts:
            raise SettingsError("no part was asked for: test, train or both")
        for part in parts:
            choice("parts", part, get_args(Part))
        self._users, self._split, self._training = users, split, Training(split.train)
        self._parts = {part: self._prepared(part, bool(exclude_seen)) for part in parts}

    def __call__(self, model: Scorable) -> dict[Part, Evaluation]:
        """Part → how good a model, fitted on ``split.train``, is there.

        Raises
        ------
        DataError
            If it is no model, or one of other items.
        """
        if not isinstance(model, Scorable):
            raise DataError(f"a fitted model is needed, got {type(model).__name__}")
        asked: list[tuple[_Measured, Query]] = []
        found: dict[Part, Evaluation] = {}
        for name, part in self._parts.items():
            began = time.perf_counter()
            query = next((query for other, query in asked if part.asks_like(other)), None)
            if query is None:
                query = self._query(model, part)
                asked.append((part, query))
            found[name] = self._evaluation(name, part, query, began)
        return found

    # --- what is prepared ----------------------------------------------------------

    def _prepared(self, on: Part, exclude_seen: bool) -> _Measured:
        split, tested = self._split, likes(self._split.test)
        of_tested = on == "train" and self._users == "held-out"
        known = split.train if on == "train" and not of_tested else split.seen
        if on == "test" or of_tested:
            _check_fit(known, split.test)
        candidates = split.candidates if on == "test" else None
        liked = likes(narrowed(split.test, candidates)) if on == "test" else likes(known)
        asked = np.flatnonzero(tested.row_counts) if of_tested else np.arange(liked.n_rows)
        rows = asked[liked.row_counts[asked] > 0]
        if len(rows) == 0:
            raise EmptyDataError(f"no user has a positive value in the {on} part: nothing to find")
        relevant = liked.take_rows(rows)
        masked = None
        if exclude_seen and on == "test":
            masked = _minus(narrowed(known, candidates).csr.take_rows(rows), relevant)
        training = self._training
        if candidates is not None:
            training = Training(narrowed(split.train, candidates))
        left_out = len(asked) - len(rows)
        return _Measured(known, rows, Relevant(relevant), masked, left_out, training, candidates)

    def _query(self, model: Scorable, part: _Measured) -> Query:
        scorer = scorer_of(model, part.known, part.candidates).take(part.rows)
        if self._threads is not None:
            scorer.threads = self._threads
        return Query(scorer, max(length for _, length in self._wanted.values()))

    # --- what is measured ----------------------------------------------------------

    def _evaluation(self, on: Part, part: _Measured, query: Query, began: float) -> Evaluation:
        wanted = self._wanted
        answers = Answers(query, part.relevant, part.masked, part.training)
        found = {
            name: _values(answers, metric, length) for name, (metric, length) in wanted.items()
        }
        single = {name: values for name, values in found.items() if isinstance(values, np.ndarray)}
        weights = {
            name: None if (weight := wanted[name][0].weight) is None else weight(answers)
            for name in single
        }
        resampling: dict[str, Any] = {**self._resampling}
        means, intervals = summarize(
            single,
            weights,
            resamples=resampling["bootstrap"],
            confidence=resampling["confidence"],
            seed=resampling["seed"],
            threads=self._threads,
        )
        return Evaluation(
            figures={name: means[name] if name in means else float(found[name]) for name in wanted},
            intervals=intervals,
            k=self._k,
            n_users=len(part.rows),
            n_left_out=part.n_left_out,
            seconds=time.perf_counter() - began,
            settings={
                "k": self._k,
                "on": on,
                "users": self._users,
                "exclude_seen": part.masked is not None,
                "split": self._split.kind,
                **resampling,
            },
            per_user=single if self._per_user else None,
            users=part.known.users.array[part.rows] if self._per_user else None,
        )


def _check_fit(known: Interactions, test: Interactions) -> None:
    if known.items != test.items or known.users != test.users:
        raise DataError(
            "the test part of the split must have the users and items of the part that the model "
            f"sees, in the same order; got {known!r} and {test!r}"
        )


def _parse(metrics: Sequence[str] | str, k: int) -> dict[str, tuple[Metric, int]]:
    """Full name → metric and the length of its lists, in the order asked for."""
    if not isinstance(metrics, Iterable):
        raise SettingsError(f"metrics are names of them, got {metrics!r}")
    wanted = {}
    for asked in [metrics] if isinstance(metrics, str) else metrics:
        name, at, length = str(asked).partition("@")
        if name not in METRICS:
            close = difflib.get_close_matches(name, METRICS, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise SettingsError(f"unknown metric {asked!r}{hint}; there are: {', '.join(METRICS)}")
        metric = METRICS[name]
        if at and not metric.of_lists:
            raise SettingsError(f"{name} is of whole rankings, so {asked!r} has no k: say {name!r}")
        if at and not (length.isascii() and length.isdigit() and int(length)):
            raise SettingsError(f"in {asked!r} the part after @ must be a whole number, 1 or more")
        own = int(length) if at else k
        wanted[f"{name}@{own}" if metric.of_lists else name] = (metric, own)
    if not wanted:
        raise SettingsError(f"no metric was asked for; there are: {', '.join(METRICS)}")
    return wanted


def _minus(seen: Csr, less: Csr) -> Csr:
    """The entries of ``seen`` that are not entries of ``less``, a matrix of the same shape."""
    if not _overlap(seen, less):
        return seen
    keys, gone = (
        part.row_of_entry * np.int64(part.n_columns) + part.indices for part in (seen, less)
    )
    place = np.searchsorted(keys, gone)
    both = place[keys[np.minimum(place, len(keys) - 1)] == gone]
    keep = np.ones(seen.nnz, dtype=np.bool_)
    keep[both] = False
    before = np.concatenate([[0], np.cumsum(keep)])
    return Csr(before[seen.indptr], seen.indices[keep], seen.values[keep], seen.n_columns)


def _overlap(one: Csr, other: Csr) -> bool:
    """Whether both have an entry at one place: seldom, for the parts of a split share none."""
    rows = [(csr.indptr, csr.indices) for csr in (other, one)]
    hits = _kernels.ranking_gains(rows[0], rows[1], one.n_columns, one.n_columns)[0]
    return bool(hits.any())


def _values(answers: Answers, metric: Metric, k: int) -> PerUser | float:
    return metric.function(answers, k) if metric.of_lists else metric.function(answers)
