"""The command line: one file per verb; each parses, calls and prints."""

from __future__ import annotations


def main() -> None:
    """Run ``penchant`` with the arguments of this process, and end it with an exit code."""
    from penchant.cli.app import run

    run()
