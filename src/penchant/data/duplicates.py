"""Policies for several rows of the same user and item, and the largest value of a pair."""

from __future__ import annotations

import numpy as np

LARGEST = float(np.finfo(np.float32).max)
MERGE_SQL = {
    "binary": "sign(sum(v))",
    "sum": "sum(v)",
    "max": "max(v)",
    "mean": "sum(v) / count(*)",
    "error": "sum(v)",
}
"""Policy → the SQL of a pair's value; ``"last"`` depends on the order of the rows."""
POLICIES = (*MERGE_SQL, "last")
