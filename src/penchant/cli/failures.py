"""Report errors by one line and an exit code; by a traceback only on request."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Iterator

import typer

from penchant.cli.wording import in_options
from penchant.errors import MissingExtraError, PenchantError, SettingsError

FAILED, USAGE, MISSING, FAULT, INTERRUPTED, BROKEN_PIPE = 1, 2, 3, 70, 130, 141

EXIT_CODES = """\
[bold]Exit codes[/bold]

[cyan]  0[/cyan]  success
[cyan]  1[/cyan]  the data, the model file or an id can't be used
[cyan]  2[/cyan]  the command was not understood, or a value is out of its range
[cyan]  3[/cyan]  an optional library is missing: the message says how to install it
[cyan] 70[/cyan]  a bug of penchant
[cyan]130[/cyan]  stopped with Ctrl-C; no partly written file is left

With [cyan]--json[/cyan] an error is a document too, {"error": {"kind", "message"}},
beside the line on stderr. [cyan]--debug[/cyan] or PENCHANT_DEBUG=1 shows tracebacks."""


@contextlib.contextmanager
def reported(*, as_json: bool, debug: bool) -> Iterator[None]:
    """Print the error that the block raises, and exit with its exit code.

    Raises
    ------
    typer.Exit
        With the exit code of the error.
    """
    try:
        with _warnings_printed():
            yield
        sys.stdout.flush()
    except typer.Exit:
        raise
    except BrokenPipeError:
        _close_stdout()
        raise typer.Exit(BROKEN_PIPE) from None
    except KeyboardInterrupt:
        print("penchant: stopped", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        if _is_usage(error):  # typer prints it
            if as_json:
                _print_json(error)
            raise
        if debug or os.environ.get("PENCHANT_DEBUG"):
            raise
        if as_json:
            _print_json(error)
        print(f"penchant: {_line(error)}", file=sys.stderr)
        raise typer.Exit(exit_code(error)) from None


def exit_code(error: Exception) -> int:
    """Return the exit code of an error."""
    if isinstance(error, MissingExtraError):
        return MISSING
    if isinstance(error, SettingsError):
        return USAGE
    return FAILED if isinstance(error, PenchantError | OSError | MemoryError) else FAULT


def _is_usage(error: Exception) -> bool:
    """Return whether typer raised an error; the place of its classes depends on its version."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _message(error: Exception) -> str:
    from penchant.rendering.plain import plain

    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, OSError) and not isinstance(error, PenchantError) and error.filename:
        return plain(f"{error.filename}: {error.strerror}")
    text = error.format_message() if _is_usage(error) else in_options(str(error))  # type: ignore[attr-defined]
    return "\n".join(plain(line) for line in text.splitlines())


def _line(error: Exception) -> str:
    if exit_code(error) == FAULT:
        kind = type(error).__name__
        return f"fault: {kind}: {_message(error)} (please report it; PENCHANT_DEBUG=1 shows where)"
    return f"error: {_message(error)}"


def _print_json(error: Exception) -> None:
    kind = "UsageError" if _is_usage(error) else type(error).__name__
    document = {"error": {"kind": kind, "message": _message(error)}}
    print(json.dumps(document, ensure_ascii=False))


class _Warnings(logging.Handler):
    """Print warnings to the current stderr, which a progress bar may replace."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning."""
        print(f"penchant: warning: {in_options(record.getMessage())}", file=sys.stderr)


@contextlib.contextmanager
def _warnings_printed() -> Iterator[None]:
    """Print the warnings of the library to stderr."""
    handler = _Warnings(logging.WARNING)
    log = logging.getLogger("penchant")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def _close_stdout() -> None:
    """Discard buffered output after the reader has gone, as in ``penchant … | head``."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
