"""Select a family of models and its settings for a data set, within a budget of time."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penchant._settings.checks import check_int
from penchant.data.interactions import Interactions
from penchant.errors import DataError, SettingsError
from penchant.models.base import Model
from penchant.models.blend.model import Blend
from penchant.split import Split, random_fraction
from penchant.tuning.measure import full_names
from penchant.tuning.plan import describe_split, split_digest
from penchant.tuning.results import better_of
from penchant.tuning.selection.blends import FUSION, MOST_PARTS, Mixer, Mixture
from penchant.tuning.selection.budget import Clock, seconds_of
from penchant.tuning.selection.families import Family, families_of
from penchant.tuning.selection.finishing import Costs, Finisher, costs_of, summed
from penchant.tuning.selection.journal import Journal
from penchant.tuning.selection.parts import (
    HELD_OUT,
    Part,
    measured_part,
    smaller,
    validation_of,
)
from penchant.tuning.selection.results import (
    Attempt,
    FamilyResult,
    ModelSelection,
    SelectionProgress,
    described,
)
from penchant.tuning.selection.rounds import Halving, Round
from penchant.tuning.selection.trials import Runner

log = logging.getLogger("penchant")

_PROBE = 20_000
"""The number of interactions on which the costs of the families are measured."""
_PER_MINUTE = 200_000
"""The number of interactions of the first round, for each minute of the budget."""
_BLENDS = 0.15
"""The share of the budget that is kept for blends."""
_BLENDED_WITHIN = 0.7
"""The share of the best value that a family of a blend has at least."""
_MOST_CUTS, _ATTEMPTS_EACH = 4, 40
"""The most validation cuts, and the number of attempts of each family that are to be affordable."""
_RESERVE = 0.1
"""The least share of the budget that is kept for the final fits."""


OnProgress = Callable[[SelectionProgress], object]


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The checked arguments of a selection; see :func:`penchant.tune`."""

    models: str | Iterable[str | type[Model]]
    metric: str
    budget: float
    storage: str | Path | None
    name: str
    resume: bool
    exclude_seen: bool
    seed: int
    on_progress: OnProgress | None


def arguments_of(
    *, models: Any = "auto", budget: object = "10 min", metric: str = "ndcg@10", **others: Any
) -> Arguments:
    """Check the arguments of a selection.

    Raises
    ------
    SettingsError
        If one is out of its range.
    """
    (name,) = full_names(metric)
    better_of(name)
    if not isinstance(models, str | Iterable):
        raise SettingsError(f"models must be 'auto' or a list of kinds, got {models!r}")
    return Arguments(
        models=models,
        metric=name,
        budget=seconds_of(budget),
        storage=others.get("storage"),
        name=str(others.get("name", "selection")),
        resume=bool(others.get("resume", True)),
        exclude_seen=bool(others.get("exclude_seen", True)),
        seed=check_int("seed", others.get("seed", 0), 0),
        on_progress=others.get("on_progress"),
    )


def select_model(data: Interactions | Split, arguments: Arguments) -> ModelSelection:
    """Select a model for interactions, or for the training part of a split.

    Raises
    ------
    DataError
        If ``data`` is of another type, or no family could be fitted.
    """
    if isinstance(data, Interactions):
        final, everything = random_fraction(data, HELD_OUT, seed=arguments.seed), data
    elif isinstance(data, Split):
        final, everything = data, data.train
    else:
        raise DataError(f"interactions or a penchant.Split are needed, got {type(data).__name__}")
    families = families_of(arguments.models, final.train)  # before a file is made
    with Journal(arguments.storage, arguments.name, resume=arguments.resume) as journal:
        return _Selection(final, everything, families, arguments, journal).run()


class _Selection:
    """One run of a selection."""

    def __init__(
        self,
        final: Split,
        everything: Interactions,
        families: list[Family],
        arguments: Arguments,
        journal: Journal,
    ) -> None:
        self._final, self._everything, self._arguments = final, everything, arguments
        sign = 1 if better_of(arguments.metric) == "higher" else -1
        clock = Clock(arguments.budget)
        self._runner = Runner(journal, clock, sign)
        self._families = families
        self._validation = self._cut(0)
        self._first = self._whole = self._part_of(self._validation)
        self._finisher = Finisher(
            self._runner,
            final,
            everything,
            arguments.metric,
            arguments.exclude_seen,
            arguments.seed,
        )

    def run(self) -> ModelSelection:
        """Search, blend, and fit and measure the choice."""
        arguments, runner = self._arguments, self._runner
        budget = arguments.budget
        first = self._part(int(_PER_MINUTE * max(1.0, budget / 60)))
        searched = budget * (1 - _BLENDS - _RESERVE)
        halving = Halving(
            runner,
            self._families,
            searched,
            arguments.seed,
            self._report,
            self._latest,
            self._last_seconds,
        )
        halving.probe(self._part(_PROBE))
        halving.run([Round(first, until=0.2, quick=True, within=0.7, most=6)])
        self._add_cuts(halving.remaining, searched)
        whole = self._whole
        halving.run([Round(whole, until=0.5, quick=False, within=0.85, most=3)])
        halving.finish(whole)
        ranked = halving.ranked(whole)
        if not ranked:
            raise DataError(self._nothing_fitted())
        everyone = halving.ranked(whole, dropped=True)
        better = everyone[: everyone.index(ranked[0])]  # dropped since their last fits are long
        family = next(filter(self._fits, better), ranked[0])
        best = family.best(whole.size)
        assert best is not None
        others = [other for other in everyone if other is not family]
        blended = self._near([family, *others], best, whole)
        mixture = None
        if len(blended) > 1:
            seconds = self._seconds_of(family)
            mixture = Mixer(runner, blended, whole, seconds, arguments.seed).best()
            if mixture is None:
                self._finisher.left_out.append("blends")
        if mixture is not None and mixture.attempt.score <= best.score:
            mixture = None
        if mixture is not None and self._finisher.is_too_long(mixture.costs, whole):
            self._finisher.left_out.append("the last fit of a blend")
            mixture = None
        return self._result(family, mixture, whole)

    # --- parts of the data ------------------------------------------------------------

    def _cut(self, number: int) -> Split:
        """Cut a validation part; the numbers differ by the seed alone."""
        seed = self._arguments.seed + 1 + number
        return measured_part(validation_of(self._final, seed), seed)

    def _part_of(self, split: Split, *further: Split) -> Part:
        return Part(split, self._arguments.metric, self._arguments.exclude_seen, further)

    def _part(self, size: int) -> Part:
        split = smaller(self._validation, size, self._arguments.seed)
        return self._first if split is self._validation else self._part_of(split)

    def _add_cuts(self, families: list[Family], searched: float) -> None:
        """Measure on several validation cuts from now on, where fits are cheap enough for that.

        The best of many settings is then less often the best by chance. Where all cuts would be
        equal, as by time, there is one.
        """
        size = self._validation.train.nnz
        cost = sum(family.seconds(size) for family in families)
        n = min(_MOST_CUTS, int(searched / (_ATTEMPTS_EACH * max(cost, 1e-3))))
        cuts = [self._cut(number) for number in range(1, n)]
        digests = {split_digest(cut) for cut in (self._validation, *cuts)}
        if len(cuts) > 0 and len(digests) == n:
            self._whole = self._part_of(self._validation, *cuts)

    def _near(self, families: list[Family], best: Attempt, part: Part) -> list[Family]:
        """Return the families that a blend may be made of: those not far behind the best.

        The steps after a blend with the best need to fit into the time that is left.
        """
        least = best.score - (1 - _BLENDED_WITHIN) * abs(best.score)
        near = families[:1]
        for family in families[1:]:
            own = family.best(part.size)
            if own is None or own.score < least:
                continue
            both = summed([costs_of(best, part), costs_of(own, part)])
            if self._seconds_of(families[0])(both) < self._finisher.left:
                near.append(family)
            else:
                self._finisher.left_out.append(f"blends with {family.kind}")
        return near[:MOST_PARTS]

    # --- estimates ----------------------------------------------------------------------

    def _seconds_of(self, family: Family) -> Callable[[Costs], float]:
        """Return the estimate of the seconds after the search, by the costs of the choice."""
        defaults = self._defaults_of(family)
        return lambda chosen: self._finisher.seconds(chosen, defaults, self._whole)

    def _defaults_of(self, family: Family) -> Costs:
        """Return the costs of the family's defaults, else of its best settings."""
        tried, best = self._tried_defaults(family), family.best(self._whole.size)
        assert best is not None
        return costs_of(tried[0] if tried else best, self._whole)

    def _tried_defaults(self, family: Family) -> list[Attempt]:
        return [
            item
            for item in family.attempts
            if item.has_value
            and item.size == self._whole.size
            and not set(item.settings) - {"iterations"}
        ]

    def _latest(self) -> float:
        """Return the time, of the clock, at which the search ends so that the rest fits."""
        size, budget = self._whole.size, self._arguments.budget
        valued = [(best.score, family) for family in self._families if (best := family.best(size))]
        open_ones = [pair for pair in valued if not pair[1].dropped]
        if not valued:
            return budget
        _, family = max(open_ones or valued, key=lambda pair: pair[0])
        return budget * (1 - _BLENDS) - self._seconds_after(family)

    def _seconds_after(self, family: Family) -> float:
        """Estimate the seconds after the search if the best attempt of a family is chosen."""
        best = family.best(self._whole.size)
        assert best is not None
        return self._seconds_of(family)(costs_of(best, self._whole))

    def _fits(self, family: Family) -> bool:
        return self._seconds_after(family) <= self._finisher.left

    def _last_seconds(self, family: Family, part: Part) -> float:
        """Estimate the seconds of the steps after the search by the best attempt on a part."""
        best = family.best(part.size)
        assert best is not None
        costs = costs_of(best, part)
        return self._finisher.seconds(costs, costs, part)

    # --- the result ---------------------------------------------------------------------

    def _result(self, family: Family, mixture: Mixture | None, part: Part) -> ModelSelection:
        best = family.best(part.size)
        assert best is not None
        chosen = self._model(family, mixture)
        costs = costs_of(best, part) if mixture is None else mixture.costs
        usual = self._runner.model(family, {})
        label = f"{family.kind}, defaults"
        on_train, final = self._finisher.measure(
            (chosen, costs), (label, usual, self._defaults_of(family)), part
        )
        fitted = self._finisher.fitted(chosen, on_train)
        return ModelSelection(
            best=fitted,
            metric=self._arguments.metric,
            families=(*self._rows(), *self._blend_rows()),
            chosen="blend" if mixture else family.kind,
            value=mixture.attempt.value if mixture else best.value,
            final=final,
            attempts=tuple(self._runner.attempts),
            seconds=self._runner.clock.spent,
            about={
                "data": self._everything.name,
                "validation": describe_split(self._validation),
                "validation_cuts": len(self._whole.cuts),
                "final": describe_split(self._final),
                "model": described(chosen),
                "budget": self._arguments.budget,
                "seed": self._arguments.seed,
                "left_out": self._finisher.left_out,
            },
        )

    def _model(self, family: Family, mixture: Mixture | None) -> Model:
        """Return the unfitted model of the choice."""
        if mixture is None:
            best = family.best()
            assert best is not None
            return self._runner.model(family, best.settings)
        families = {other.kind: other for other in self._families}
        parts: dict[str, Model] = {}
        for kind in mixture.weights:
            settings = mixture.attempt.settings["parts"][kind]
            parts[kind] = self._runner.model(families[kind], settings)
        return Blend(parts, weights=dict(mixture.weights), fusion=FUSION)

    def _rows(self) -> tuple[FamilyResult, ...]:
        """Return the rows of the families, the best first, those without a value last."""
        sign = self._runner.sign

        def rank(row: FamilyResult) -> tuple[bool, float, str]:
            missing = math.isnan(row.value)
            return missing, 0.0 if missing else -sign * row.value, row.kind

        return tuple(sorted(map(self._row, self._families), key=rank))

    def _blend_rows(self) -> list[FamilyResult]:
        """Return a row for the blends that were tried, if any."""
        tried = [item for item in self._runner.attempts if item.kind == "blend"]
        best = max(tried, key=lambda item: item.score, default=None)
        if best is None:
            return []
        note = ", ".join(f"{kind} {share:g}" for kind, share in best.settings["weights"].items())
        return [
            FamilyResult(
                kind="blend",
                value=best.value,
                defaults=math.nan,
                settings=best.settings,
                tried=len(tried),
                seconds=best.seconds,
                n_bytes=best.n_bytes,
                note=note,
            )
        ]

    def _row(self, family: Family) -> FamilyResult:
        size = self._whole.size
        best = family.best(size)
        defaults = self._tried_defaults(family)
        shown = best or family.best()
        return FamilyResult(
            kind=family.kind,
            value=best.value if best else math.nan,
            defaults=defaults[0].value if defaults else math.nan,
            settings=dict(shown.settings) if shown else {},
            tried=len(family.attempts),
            seconds=shown.seconds if shown else 0.0,
            n_bytes=shown.n_bytes if shown else 0,
            note=family.dropped,
        )

    def _nothing_fitted(self) -> str:
        notes = "; ".join(f"{family.kind}: {family.dropped}" for family in self._families)
        return f"no model could be fitted and measured in {self._arguments.budget:g} s: {notes}"

    def _report(self, family: Family) -> None:
        if self._arguments.on_progress is None:
            return
        runner = self._runner
        size = max(item.size for item in runner.attempts)
        valued = [item for item in runner.attempts if item.has_value and item.size == size]
        best = max(valued, key=lambda item: item.score, default=None)
        self._arguments.on_progress(
            SelectionProgress(
                family.kind,
                len(runner.attempts),
                None if best is None else (best.kind, best.value),
                runner.clock.spent,
                self._arguments.budget,
            )
        )
