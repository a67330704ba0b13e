"""The smallest executor: it runs tasks in this process, one after the other."""

from __future__ import annotations

import pickle
from pathlib import Path

from penchant.engines.cluster.executor import Executor


class SerialExecutor(Executor):
    """Runs tasks in this process, as copies, as another process would get them."""

    def __init__(self, *, times: int = 1, sees: bool = True) -> None:
        self._times, self._sees = times, sees
        self.fail_after: int | None = None

    def map(self, function, tasks):
        return [self._run(function, pickle.dumps(task)) for task in tasks]

    def _run(self, function, task: bytes):
        if self.fail_after is not None:
            self.fail_after -= 1
            if self.fail_after < 0:
                raise OSError("a worker is lost")
        results = [function(pickle.loads(task)) for _ in range(self._times)]
        return results[-1]

    def sees(self, path: Path) -> bool:
        return self._sees and path.is_file()
