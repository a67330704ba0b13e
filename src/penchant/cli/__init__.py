"""The command line: one file per verb; each parses, calls and prints."""

from __future__ import annotations


def main() -> None:
    """Run ``penchant`` with the arguments of this process, and end it with an exit code."""
    import sys

    from penchant.cli import signals

    signals.install()
    try:
        from penchant.cli.app import run

        run()
    except KeyboardInterrupt:  # before or after the command itself
        print("penchant: stopped", file=sys.stderr)
        sys.exit(signals.exit_code())
    except SystemExit:
        if signals.stopped():  # typer's own exit code is that of Ctrl-C
            sys.exit(signals.exit_code())
        raise
