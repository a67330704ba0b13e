"""Counters and times of requests, as Prometheus reads them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from penchant.serving.process.ipc import Shared

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the histogram of seconds."""

_CLASSES = ("2xx", "3xx", "4xx", "5xx")
_EACH = len(_CLASSES) + len(BOUNDS) + 2  # by class of status, by time with +Inf, seconds in all
_OTHER = "other"
_COUNTERS = {
    "events_stored": "Events that were stored.",
    "events_known": "Events that had been stored before, by their keys.",
    "reloads": "Models that took the place of others.",
    "reload_failures": "Models that failed their check and were not put to use.",
}


class Metrics:
    """Counts requests by address, and a few other things.

    Parameters
    ----------
    paths
        The functions that answer, and the patterns of their addresses; all else is ``other``.
    shared
        Where the numbers are.
    """

    def __init__(self, paths: Mapping[Callable[..., Any], str], shared: Shared) -> None:
        # the same order in every process: they share the numbers
        self._at = {
            path: place * _EACH for place, path in enumerate([*sorted(set(paths.values())), _OTHER])
        }
        self._at_function = {function: self._at[path] for function, path in paths.items()}
        self._first = len(self._at) * _EACH  # of the other counters
        self._shared = shared
        if self._first + len(_COUNTERS) > len(shared.own):
            raise ValueError(f"{len(self._at)} addresses are too many to count")

    def request(self, function: Callable[..., Any] | None, status: int, seconds: float) -> None:
        """Count a request and the function that answered it, if one did."""
        at = self._at_function.get(function, self._at[_OTHER])  # type: ignore[arg-type]
        own = self._shared.own
        own[at + min(max(status // 100, 2), 5) - 2] += 1
        own[at + len(_CLASSES) + bisect_left(BOUNDS, seconds)] += 1
        own[at + _EACH - 1] += seconds

    def add(self, counter: str, n: float = 1) -> None:
        """Count something else."""
        self._shared.own[self._first + list(_COUNTERS).index(counter)] += n

    def text(self, gauges: dict[str, tuple[str, float]]) -> str:
        """All numbers in the text format 0.0.4, with some that are measured now."""
        total = self._shared.total().tolist()
        lines = [
            "# HELP penchant_requests_total Requests by address and class of status.",
            "# TYPE penchant_requests_total counter",
        ]
        for path, at in self._at.items():
            lines += [
                f'penchant_requests_total{{path="{path}",status="{name}"}} {total[at + place]:.0f}'
                for place, name in enumerate(_CLASSES)
                if total[at + place]
            ]
        lines += [
            "# HELP penchant_request_seconds How long requests took.",
            "# TYPE penchant_request_seconds histogram",
        ]
        for path, at in self._at.items():
            counts = total[at + len(_CLASSES) : at + _EACH - 1]
            if sum(counts):
                lines += _histogram(path, counts, total[at + _EACH - 1])
        for place, (name, meaning) in enumerate(_COUNTERS.items()):
            lines += _number(f"{name}_total", "counter", meaning, total[self._first + place])
        for name, (meaning, value) in gauges.items():
            lines += _number(name, "gauge", meaning, value)
        return "\n".join(lines) + "\n"


def _histogram(path: str, counts: Sequence[float], seconds: float) -> list[str]:
    lines, below = [], 0.0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
        below += count
        lines.append(f'penchant_request_seconds_bucket{{path="{path}",le="{bound}"}} {below:.0f}')
    return [
        *lines,
        f'penchant_request_seconds_sum{{path="{path}"}} {seconds:.6f}',
        f'penchant_request_seconds_count{{path="{path}"}} {below:.0f}',
    ]


def _number(name: str, kind: str, meaning: str, value: float) -> list[str]:
    full = f"penchant_{name}"
    return [f"# HELP {full} {meaning}", f"# TYPE {full} {kind}", f"{full} {value:.15g}"]
