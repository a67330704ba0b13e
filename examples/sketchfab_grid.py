"""The grid search of the Sketchfab article: 180 settings, measured at 19 epochs each.

    python examples/sketchfab_grid.py [model_likes_anon.psv] [wrmf_gridsearch.log]

Without the likes (columns modelname, mid, uid) it generates likes of the same size. With the log
that the article published, both searches are drawn side by side, in sketchfab_grid.png. The
article's search took two days and could not be resumed; this one resumes when the same command is
run again, and several processes may share a folder. It writes sketchfab_grid.db with the finished
trials, and sketchfab_grid.html with plots.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import scipy.sparse as sp

import penchant
from penchant.data.interactions import Interactions
from penchant.tuning.published import read_grid_log
from penchant.tuning.worker import Progress

GRID = {
    "alpha": [1.0, 10.0, 50.0, 100.0, 500.0, 1000.0],
    "factors": [10, 20, 40, 80, 120],
    "regularization": [0.0, 1e-5, 1e-3, 0.1, 10.0, 100.0],
}
USERS, ITEMS, LIKES = 15_274, 25_655, 547_477  # left by the article's thresholds
TOPICS, TASTES = 40, 5


def main(
    likes: Interactions, name: str = "sketchfab_grid", **options: Any
) -> penchant.TuningResult:
    """Tune, print the progress and the result, and write the page."""
    print(likes.summary(), flush=True)
    split = penchant.split.leave_k_out(likes, k=5, fraction_of_users=0.2, seed=0)
    settings: dict[str, Any] = {"space": GRID, "epochs": range(2, 40, 2), **options}
    result = penchant.tune(
        penchant.ALS,
        settings.pop("space"),
        split,
        metric="precision@5",
        metrics=["mse"],
        exclude_seen=False,  # as in the article: training likes compete with those held out
        storage=f"{name}.db",
        on_progress=Reporter(),
        **settings,
    )
    print(result)
    print("learning curve of the best")
    print(result.best.curve)
    print(f"wrote {result.report(f'{name}.html')}")
    return result


def read(path: str) -> Interactions:
    """Return the published likes, thresholded as in the article."""
    likes = penchant.read_interactions(path, user="uid", item="mid", sep="|", quote="\\")
    return likes.threshold(min_per_user=5, min_per_item=5)


def drawn(users: int = USERS, items: int = ITEMS, likes: int = LIKES) -> Interactions:
    """Generate likes: items have a topic and a popularity, users a few favorite topics."""
    rng = np.random.default_rng(0)
    more = np.exp(1.1 * rng.standard_normal(users))
    counts = 5 + np.rint(more * (likes - 5 * users) / more.sum()).astype(np.int64)
    user = np.repeat(np.arange(users), counts + counts // 10)  # some are drawn twice
    favorites = rng.integers(0, TOPICS, (users, TASTES))
    topic = favorites[user, np.minimum(rng.geometric(0.4, len(user)) - 1, TASTES - 1)]
    topic = np.where(rng.random(len(user)) < 0.25, rng.integers(0, TOPICS, len(user)), topic)
    of_topic = items // TOPICS
    rank = np.floor(np.exp(rng.random(len(user)) * np.log(of_topic + 1)) - 1 + rng.random())
    item = topic * of_topic + np.minimum(rank.astype(np.int64), of_topic - 1)
    matrix = sp.coo_array((np.ones(len(user)), (user, item)), shape=(users, items))
    return Interactions.from_scipy(matrix, name="likes as on Sketchfab", duplicates="binary")


def beside(log: str, result: penchant.TuningResult, name: str = "sketchfab_grid") -> None:
    """Plot the published search and this one side by side."""
    published = read_grid_log(log)
    names = ("published", f"measured on {result.about['data']}")
    penchant.plots.compare_tuning(published, result, names=names).savefig(f"{name}.png")
    print(f"wrote {name}.png")


class Reporter:
    """Prints the progress, every ten seconds at most."""

    def __init__(self, every: float = 10.0) -> None:
        self.every, self.printed = every, -every

    def __call__(self, now: Progress) -> None:
        """Print a line if the last one is old enough."""
        if now.left is None or (
            time.monotonic() - self.printed < self.every and now.finished < now.total
        ):
            return
        self.printed = time.monotonic()
        best = "" if now.best is None else f"; best so far {now.best.value:.4f} {now.best.settings}"
        print(
            f"{now.finished} of {now.total} settings in {now.elapsed / 60:.1f} min, "
            f"about {now.left / 60:.1f} min left{best}",
            flush=True,
        )


if __name__ == "__main__":
    logs = [path for path in sys.argv[1:] if path.endswith(".log")]
    files = [path for path in sys.argv[1:] if path not in logs]
    result = main(read(files[0]) if files else drawn())
    if logs:
        beside(logs[0], result)
