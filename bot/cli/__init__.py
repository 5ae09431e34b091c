"""The `docent` command. Each command imports what it needs when it runs: help is instant."""

from __future__ import annotations

import os
import sys
import traceback
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

# Help lists the commands in the order in which these modules define them.
from bot.cli import asking, docs, keeping, keys, looking, setting_up  # noqa: F401 - importing defines them
from bot.cli.program import app
from core.errors import ConfigurationError, DocentError

EXIT_FAILED = 1
EXIT_MISUSED = 2
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141
TRACE = "Run it again with --debug to see where."


def main() -> None:
    """Runs a command; whatever goes wrong ends in a sentence and an exit code, not a traceback."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    try:
        # Taken out so that it may stand anywhere in the line, not only before the command.
        app([argument for argument in arguments if argument != "--debug"])
    except DocentError as error:
        misused = isinstance(error, ConfigurationError)
        # No traceback helps whoever set something wrongly.
        _report(str(error), error.hint if misused else error.hint or TRACE, debug=debug)
        sys.exit(EXIT_MISUSED if misused else EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:  # noqa: BLE001 — the last place where a person can be told
        if _reader_left(error):
            sys.exit(EXIT_UNREAD)
        kind = type(error).__name__
        _report(f"Docent ran into a fault of its own ({kind}).", TRACE, debug=debug)
        sys.exit(EXIT_FAILED)


def _reader_left(error: Exception) -> bool:
    """Whether what reads the output, as `head` does, ended before it; then nothing is written."""
    if isinstance(error, ExceptionGroup):
        return any(map(_reader_left, error.exceptions))
    if not isinstance(error, BrokenPipeError):
        return False
    # What is left in the buffer would fail once more at the end of the process.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def _report(message: str, hint: str, *, debug: bool) -> None:
    from bot.log import redacted

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if debug:
        console.print(_escape(redacted(traceback.format_exc())), end="")
    console.print(f"[bold red]✗[/] {_escape(redacted(message))}")
    if hint and not (debug and hint is TRACE):
        console.print(f"  {_escape(hint)}")


def _escape(text: str) -> str:
    return text.replace("[", r"\[")


def _print_version(asked: bool) -> None:  # noqa: FBT001 — Typer's signature
    if asked:
        typer.echo(f"docent {version('docent')}")
        raise typer.Exit


@app.callback()
def docent(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Answers questions about your docs, and cites the exact section."""
