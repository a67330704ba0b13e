"""Report errors by one line and an exit code; by a traceback only on request."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from typing import NoReturn

import typer

from penchant.cli import lines, signals, usage
from penchant.cli.wording import in_options, of_error, without_secrets
from penchant.errors import MissingExtraError, PenchantError, SettingsError

FAILED, USAGE, MISSING, FAULT, INTERRUPTED, BROKEN_PIPE = 1, 2, 3, 70, 130, 141

EXIT_CODES = """\
[bold]Exit codes[/bold]

[cyan]  0[/cyan]  success
[cyan]  1[/cyan]  the data, the model file or an id can't be used
[cyan]  2[/cyan]  the command was not understood, or a value is out of its range
[cyan]  3[/cyan]  an optional library is missing: the message says how to install it
[cyan] 70[/cyan]  a bug of penchant
[cyan]130[/cyan]  stopped with Ctrl-C, [cyan]143[/cyan] by SIGTERM; no partly written file is left

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
        _stop()
    except Exception as error:
        if signals.stopped():
            _stop()
        if usage.is_usage(error):
            if usage.is_help(error):  # typer has printed the help
                raise
            if as_json:
                _print_json(error)
            lines.write("error", without_secrets(usage.message(error)))
            lines.write("", usage.advice(error))
            raise typer.Exit(USAGE) from None
        if debug or os.environ.get("PENCHANT_DEBUG"):
            raise
        if as_json:
            _print_json(error)
        lines.write(*_line(error))
        raise typer.Exit(exit_code(error)) from None


def _stop() -> NoReturn:
    print("penchant: stopped", file=sys.stderr)
    raise typer.Exit(signals.exit_code()) from None


def exit_code(error: Exception) -> int:
    """Return the exit code of an error."""
    if isinstance(error, MissingExtraError):
        return MISSING
    if isinstance(error, SettingsError):
        return USAGE
    return FAILED if isinstance(error, PenchantError | OSError | MemoryError) else FAULT


def _message(error: Exception) -> str:
    from penchant.rendering.plain import plain

    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, OSError) and not isinstance(error, PenchantError) and error.filename:
        return plain(of_error(f"{error.filename}: {error.strerror}"))
    is_usage = usage.is_usage(error)
    text = without_secrets(usage.message(error)) if is_usage else of_error(str(error))
    return "\n".join(plain(line) for line in text.splitlines())


def _line(error: Exception) -> tuple[str, str]:
    """Return the kind of an error and its message."""
    if exit_code(error) == FAULT:
        kind = type(error).__name__
        text = f"{kind}: {_message(error)} (please report it; PENCHANT_DEBUG=1 shows where)"
        return "fault", text
    return "error", _message(error)


def _print_json(error: Exception) -> None:
    kind = "UsageError" if usage.is_usage(error) else type(error).__name__
    document = {"error": {"kind": kind, "message": _message(error)}}
    print(json.dumps(document, ensure_ascii=False))


class _Warnings(logging.Handler):
    """Print warnings to the current stderr, which a progress bar may replace."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning."""
        lines.write("warning", without_secrets(in_options(record.getMessage())))
        if record.exc_info and record.exc_info[1] is not None:
            traceback.print_exception(record.exc_info[1], file=sys.stderr)


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
