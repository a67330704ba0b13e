"""Repeated evaluation on one split: what does not depend on the model is prepared once.

:func:`penchant.evaluate` builds on :class:`Measure`; use it directly to evaluate many models on the
same split, or one model after every epoch.
"""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._settings.checks import check_choice, check_int, check_share
from penchant.data.ids import is_list
from penchant.data.interactions import Csr, Interactions
from penchant.engines.cluster.engine import Cluster
from penchant.errors import DataError, EmptyDataError, SettingsError
from penchant.evaluation.bootstrap import summarize
from penchant.evaluation.candidates import (
    Candidates,
    Scorable,
    candidate_scorer,
    candidates_of,
    restrict_items,
)
from penchant.evaluation.cells import minus
from penchant.evaluation.metrics import DEFAULT, METRICS, Metric
from penchant.evaluation.on_cluster import on_cluster
from penchant.evaluation.predictions import (
    PerUser,
    Predictions,
    RelevantItems,
    TrainingData,
    UserScores,
    likes,
)
from penchant.evaluation.report import Evaluation
from penchant.models._arguments import ItemLists
from penchant.split import Split

Part = Literal["test", "train"]
Users = Literal["all", "held-out"]


@dataclass(frozen=True, eq=False)
class _PreparedPart:
    """One part of the split, prepared for evaluation.

    Attributes
    ----------
    seen
        The history of the users that the model scores from; ``rows`` are user codes in it, sorted.
    relevant, masked, allowed
        The relevant items, the items that are no candidates, and the only candidates (None: all but
        the masked items), one row per user.
    n_left_out
        The number of users without relevant items.
    training
        The data that the model was fitted on.
    candidates
        Codes, sorted, of the candidate items, which the item codes of the other fields refer to; a
        matrix of the candidates of each user; None: all items.
    """

    seen: Interactions
    rows: npt.NDArray[np.int64]
    relevant: RelevantItems
    masked: Csr | None
    allowed: Csr | None
    n_left_out: int
    training: TrainingData
    candidates: Candidates | None

    @property
    def described_candidates(self) -> float | None:
        """The number of candidates of a user, in the mean, or None for all items."""
        if isinstance(self.candidates, np.ndarray):
            return float(len(self.candidates))
        return None if self.allowed is None else self.allowed.nnz / self.allowed.n_rows

    def has_same_scores(self, other: _PreparedPart) -> bool:
        """Return whether a model's scores for this part equal those for another part."""
        same = self.seen is other.seen and self.candidates is other.candidates
        return same and np.array_equal(self.rows, other.rows)


@dataclass(frozen=True, eq=False)
class Measure:
    """Evaluates models on a split; call it with each model.

    Parameters
    ----------
    split
        The held-out interactions, and the history of their users.
    parts
        ``"test"``, ``"train"`` or both. If both have the same users and nothing is masked, the
        lists are computed once for both.
    users
        Whose training likes are measured: those of ``"all"`` users or, as in the articles, only of
        users with likes in the test part (``"held-out"``). For users outside the training part,
        their history ``split.fold_in`` takes its place.
    k, metrics, candidates, exclude_seen, per_user, bootstrap, level, seed, threads, engine
        As for :func:`penchant.evaluate`.

    Raises
    ------
    SettingsError
        If an argument is out of range, or a metric is unknown.
    DataError
        If ``split`` is of another type, or its parts don't match.
    UnknownIdError
        If a candidate is not among the items.
    EmptyDataError
        If no user has a relevant item.
    """

    split: Split
    _: KW_ONLY
    parts: Sequence[Part] | Part = ("test", "train")
    users: Users = "all"
    k: int | Sequence[int] = 10
    metrics: Sequence[str] | str | None = None
    candidates: ItemLists | None = None
    exclude_seen: bool = True
    per_user: bool = False
    bootstrap: int = 1000
    level: float = 0.95
    seed: int = 0
    threads: int | None = None
    engine: Cluster | None = None
    _lengths: tuple[int, ...] = field(init=False, repr=False)
    _parts: dict[Part, _PreparedPart] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.split, Split):
            raise DataError(
                f"a penchant.Split is needed, got {type(self.split).__name__}: penchant.split "
                "makes one, of a log or with penchant.split.predefined(train, test)"
            )
        lengths = lengths_of(self.k)
        self._set(k=lengths[0], _lengths=lengths)
        _ = self._metrics  # refuses unknown names
        self._set(
            bootstrap=check_int("bootstrap", self.bootstrap, 0),
            level=check_share("level", self.level),
            seed=check_int("seed", self.seed, 0),
            threads=None if self.threads is None else _kernels.thread_count(self.threads),
        )
        check_choice("users", self.users, get_args(Users))
        parts = [self.parts] if isinstance(self.parts, str) else list(self.parts)
        if not parts:
            raise SettingsError("parts names no part: give test, train or both")
        for part in parts:
            check_choice("parts", part, get_args(Part))
        self._set(_parts={part: self._prepare(part) for part in parts})

    def _set(self, **fields: object) -> None:
        """Set fields during construction, when the record is not frozen yet."""
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __call__(self, model: Scorable) -> dict[Part, Evaluation]:
        """Return the evaluation on each part of a model fitted on ``split.train``.

        Raises
        ------
        DataError
            If ``model`` is no fitted model, or was fitted on other items.
        """
        if not isinstance(model, Scorable):
            raise DataError(f"a fitted model is needed, got {type(model).__name__}")
        if self.engine is None:
            return self._measured(model, model)
        with on_cluster(model, self.engine) as there:
            return self._measured(model, there)

    def _measured(self, model: Scorable, source: Scorable) -> dict[Part, Evaluation]:
        """Evaluate a model, with scores of another object that computes the same."""
        scored: list[tuple[_PreparedPart, UserScores]] = []
        evaluations: dict[Part, Evaluation] = {}
        for name, part in self._parts.items():
            start = time.perf_counter()
            scores = next((item for other, item in scored if part.has_same_scores(other)), None)
            if scores is None:
                scores = self._score(model, source, part)
                scored.append((part, scores))
            evaluations[name] = self._evaluate(name, part, scores, start)
        return evaluations

    # --- preparation --------------------------------------------------------------------

    @cached_property
    def _metrics(self) -> dict[str, tuple[Metric, int]]:
        """Full name → metric and the length of its lists."""
        metrics = self.metrics
        if metrics is None:
            metrics = DEFAULT if self.split.metrics is None else self.split.metrics
        return _parse(metrics, self._lengths)

    @cached_property
    def _training(self) -> TrainingData:
        return TrainingData(self.split.train)

    def _prepare(self, on: Part) -> _PreparedPart:
        split, tested = self.split, likes(self.split.test)
        held_out_only = on == "train" and self.users == "held-out"
        seen = split.train if on == "train" and not held_out_only else split.seen
        if on == "test" or held_out_only:
            _check_same_ids(seen, split.test)
        candidates = candidates_of(split, self.candidates) if on == "test" else None
        liked = likes(restrict_items(split.test, candidates)) if on == "test" else likes(seen)
        users = np.flatnonzero(tested.row_counts) if held_out_only else np.arange(liked.n_rows)
        rows = users[liked.row_counts[users] > 0]
        if len(rows) == 0:
            raise EmptyDataError(
                f"no user has a positive value in the {on} part: there is nothing to evaluate"
            )
        relevant = liked.take_rows(rows)
        masked = None
        if self.exclude_seen and on == "test":
            masked = minus(restrict_items(seen, candidates).csr.take_rows(rows), relevant)
        allowed = None
        if isinstance(candidates, Csr):
            allowed = candidates.take_rows(rows)
            allowed = allowed if masked is None else minus(allowed, masked)
        training = self._training
        if isinstance(candidates, np.ndarray):
            training = TrainingData(restrict_items(split.train, candidates))
        return _PreparedPart(
            seen,
            rows,
            RelevantItems(relevant),
            masked,
            allowed,
            len(users) - len(rows),
            training,
            candidates,
        )

    def _score(self, model: Scorable, source: Scorable, part: _PreparedPart) -> UserScores:
        scorer = candidate_scorer(model, part.seen, part.candidates, source).take(part.rows)
        if self.threads is not None:
            scorer.threads = self.threads
        return UserScores(scorer, max(length for _, length in self._metrics.values()))

    # --- evaluation ---------------------------------------------------------------------

    def _evaluate(
        self, on: Part, part: _PreparedPart, scores: UserScores, start: float
    ) -> Evaluation:
        metrics = self._metrics
        predictions = Predictions(scores, part.relevant, part.masked, part.training, part.allowed)
        values = {
            name: _values(predictions, metric, length) for name, (metric, length) in metrics.items()
        }
        per_user = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        weights = {
            name: None if (weight := metrics[name][0].weight) is None else weight(predictions)
            for name in per_user
        }
        means, intervals = summarize(
            per_user,
            weights,
            resamples=self.bootstrap,
            level=self.level,
            seed=self.seed,
            threads=self.threads,
        )
        return Evaluation(
            figures={
                name: means[name] if name in means else float(values[name]) for name in metrics
            },
            intervals=intervals,
            k=self._lengths[0],
            n_users=len(part.rows),
            n_left_out=part.n_left_out,
            seconds=time.perf_counter() - start,
            settings={
                "k": self._lengths[0],
                "on": on,
                "users": self.users,
                "exclude_seen": part.masked is not None,
                "split": self.split.kind,
                "candidates": part.described_candidates,
                "note": self.split.note if on == "test" else "",
                "bootstrap": self.bootstrap,
                "level": self.level,
                "seed": self.seed,
            },
            per_user=per_user if self.per_user else None,
            users=part.seen.users.array[part.rows] if self.per_user else None,
        )


def _check_same_ids(seen: Interactions, test: Interactions) -> None:
    if seen.items != test.items or seen.users != test.users:
        raise DataError(
            "the test part of the split must have the users and items of the part that the model "
            f"sees, in the same order; got {seen!r} and {test!r}"
        )


def lengths_of(k: int | Sequence[int]) -> tuple[int, ...]:
    """Return the lengths of lists, one or several; the first is the default.

    Raises
    ------
    SettingsError
        If one is less than 1, or there are none.
    """
    if not is_list(k):
        return (check_int("k", k, 1),)
    lengths = tuple(dict.fromkeys(check_int("k", each, 1) for each in k))
    if not lengths:
        raise SettingsError("k names no length: give a whole number, or several")
    return lengths


_SHORT = {"hr": "hit_rate", "p": "precision", "prec": "precision", "r": "recall"}


def _nearest(name: str) -> str | None:
    """Return the metric that a wrong name stands for, or None."""
    plain = re.sub(r"\W+", "_", name.lower())
    close = difflib.get_close_matches(plain, METRICS, n=1)
    return _SHORT.get(plain) or (close[0] if close else None)


def _parse(metrics: Sequence[str] | str, lengths: tuple[int, ...]) -> dict[str, tuple[Metric, int]]:
    """Return full name → metric and the length of its lists, in the given order."""
    if not isinstance(metrics, Iterable):
        raise SettingsError(f"metrics must be names of metrics, got {metrics!r}")
    parsed = {}
    for text in [metrics] if isinstance(metrics, str) else metrics:
        name, at, length = str(text).partition("@")
        if name not in METRICS:
            meant = _nearest(name)
            hint = f" (did you mean {meant + at + length!r}?)" if meant else ""
            raise SettingsError(f"unknown metric {text!r}{hint}; there are: {', '.join(METRICS)}")
        metric = METRICS[name]
        if at and not metric.of_lists:
            raise SettingsError(
                f"{name} is a metric of full rankings, so {text!r} has no k: use {name!r}"
            )
        if at and not (length.isascii() and length.isdigit() and int(length)):
            raise SettingsError(f"in {text!r} the part after @ must be a whole number, 1 or more")
        for k in (int(length),) if at else lengths:
            parsed[f"{name}@{k}" if metric.of_lists else name] = (metric, k)
    if not parsed:
        raise SettingsError(f"metrics names no metric; there are: {', '.join(METRICS)}")
    return parsed


def _values(predictions: Predictions, metric: Metric, k: int) -> PerUser | float:
    return metric.function(predictions, k) if metric.of_lists else metric.function(predictions)
