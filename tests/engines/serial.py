"""The smallest executor: it runs tasks in this process, one after the other."""

from __future__ import annotations

import pickle

from penchant.engines.cluster.executor import Executor


class SerialExecutor(Executor):
    """Runs tasks in this process, as copies, as another process would get them.

    Parameters
    ----------
    times
        How often each task runs.
    sees
        Whether files are seen.
    memory
        The memory of its workers.
    """

    def __init__(self, *, times: int = 1, sees: bool = True, memory=None) -> None:
        self._times, self._sees, self._memory = times, sees, memory
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

    def sees(self, file) -> bool:
        return self._sees and file.is_file()

    def memory(self):
        return self._memory
