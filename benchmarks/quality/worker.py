"""One family on one data set, in a process of its own.

Each line that it prints is a JSON object: a row of results, so that rows that were printed before
the time limit are kept.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import penchant
from benchmarks.meter import Memory
from benchmarks.quality import data
from benchmarks.quality.families import Family, Settings, draw, families


@dataclass(frozen=True)
class Job:
    """A family on a data set.

    Attributes
    ----------
    dataset, folder
        The data set, and the folder of its files.
    library, family
        The names of a :class:`Family`.
    trials
        The number of settings that are tried on the validation part, the defaults among them.
    seed
        Of the settings.
    limit
        CPU seconds for the whole job, which do not depend on what else the machine does; no trial
        starts that would not leave time for the last fit.
    threads
        Of the models.
    parts
        For the blend: kind of model → settings.
    finished
        The trials of an earlier process, which a library ended.
    measured
        The rows that are not to be measured: ``"defaults"`` or nothing.
    """

    dataset: str
    folder: str
    library: str
    family: str
    trials: int
    seed: int
    limit: float
    threads: int
    parts: dict[str, Settings] = field(default_factory=dict)
    finished: list[dict[str, Any]] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)


def rows(job: Job) -> Iterator[dict[str, Any]]:
    """Yield ``start`` before each step, each trial, and the rows of defaults and best settings."""
    family = next(f for f in families() if (f.library, f.name) == (job.library, job.family))
    read = data.READERS[job.dataset](Path(job.folder))
    if family.featured and read.item_features is None:
        raise SystemExit("this data set has no features of items")
    read = read if family.featured else read.with_item_features(None)
    final, validation = data.splits(read)
    settings = _settings(family, read, job)
    trials, longest = {trial["trial"]: trial for trial in job.finished}, 0.0
    for number, values in enumerate(settings):
        began = time.process_time()
        if number and began + 2 * longest > job.limit:  # a trial, and the last fit
            break
        if number not in trials:
            yield {"start": number}
            trials[number] = {"trial": number, **_try(family, values, validation, job.threads)}
            longest = max(longest, time.process_time() - began)
            yield trials[number]
        if number == 0 and "validation" in trials[0] and "defaults" not in job.measured:
            yield {"start": "defaults"}
            row = _measure(family, values, final, job.threads)
            yield {"settings": "defaults", "chosen": values, **trials[0], **row}
    best = max(
        (trial for trial in trials.values() if "validation" in trial),
        key=lambda trial: trial["validation"],
        default=None,
    )
    if best is None or len(settings) < 2:
        return
    if len(trials) < 2:
        yield {"error": "no time for a trial beyond the defaults"}
        return
    yield {"start": "tuned"}
    chosen = settings[best["trial"]]
    failures = [trial["failure"] for trial in trials.values() if "failure" in trial]
    tried = {"trials": len(trials), "failures": failures}
    row = _measure(family, chosen, final, job.threads)
    yield {"settings": "tuned", "chosen": chosen, **best, **tried, **row}


def _settings(family: Family, read: penchant.Interactions, job: Job) -> list[Settings]:
    """Return the settings of all trials, the defaults first; only these if there is no space."""
    space = dict(family.space)
    if (read.csr.values == 1).all():
        for name in ("values", "confidence"):
            space.pop(name, None)
    usual = family.default | ({"parts": job.parts} if job.parts else {})
    n = job.trials if space else 1
    return [usual, *(usual | draw(space, job.seed, number) for number in range(1, n))]


def _try(family: Family, settings: Settings, split: penchant.Split, threads: int) -> dict[str, Any]:
    """Return the first metric on the validation part, or why there is none."""
    try:
        model = family.make(settings, split.train, threads).fit(split.train)
        measured = penchant.evaluate(model, split, metrics=data.METRICS[0], bootstrap=0)
    except Exception as error:  # settings that fail are counted, and the others go on
        return {"failure": f"{type(error).__name__}: {error}"[:200]}
    return {"validation": measured[data.METRICS[0]]}


def _measure(
    family: Family, settings: Settings, split: penchant.Split, threads: int
) -> dict[str, Any]:
    """Fit on the training part and measure on the test part, with CPU seconds and peak memory."""
    model = family.make(settings, split.train, threads)
    memory, began = Memory(), time.process_time()
    model.fit(split.train)
    seconds, peak = time.process_time() - began, memory.pause()
    evaluation = penchant.evaluate(model, split, metrics=data.METRICS)
    return {
        "metrics": {name: [evaluation[name], *evaluation.interval(name)] for name in data.METRICS},
        "users": evaluation.n_users,
        "fit_cpu_seconds": seconds,
        "memory": peak,
    }


def main() -> None:
    logging.getLogger("penchant").setLevel(logging.ERROR)
    job = Job(**json.loads(sys.argv[1]))
    try:
        for row in rows(job):
            print("\n" + json.dumps(row), flush=True)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        print("\n" + json.dumps({"error": f"{type(error).__name__}: {error}"[:300]}), flush=True)


if __name__ == "__main__":
    main()
