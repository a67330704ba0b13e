"""Long durations as text."""

from __future__ import annotations


def duration(spent: float) -> str:
    """Format a long duration in seconds: ``2 h 05 min``, ``3 min 10 s``, ``8 s``."""
    minutes, rest = divmod(round(spent), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
