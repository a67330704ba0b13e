"""One measurement in a process of its own: ``python -m benchmarks.worker JOB '{…}'``.

The last line of what it prints is JSON: the figures, or what went wrong.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback


def main() -> None:
    job, arguments = sys.argv[1], json.loads(sys.argv[2])
    try:
        result = importlib.import_module(f"benchmarks.jobs.{job}").run(**arguments)
    except Exception as error:
        traceback.print_exc()
        result = {"error": f"{type(error).__name__}: {error}"[:500]}
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    main()
