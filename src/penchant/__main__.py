"""``python -m penchant``: the command line."""

from __future__ import annotations

from penchant.cli import main

if __name__ == "__main__":
    main()
