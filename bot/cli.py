"""The `docent` command. Each command imports what it needs when it runs: help is instant."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bot.signals import run_until_signalled
from core.errors import ConfigurationError, DocentError

if TYPE_CHECKING:
    from bot.settings import Settings

EXIT_FAILED = 1
EXIT_MISUSED = 2
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141
TRACE = "Run it again with --debug to see where."

app = typer.Typer(
    name="docent",
    help="Answers questions about your docs, and cites the exact section.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its tables give flags a type, as if they took a value
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


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


def _run(command: Coroutine[Any, Any, int | None]) -> None:
    code = asyncio.run(run_until_signalled(command))
    if code:
        raise typer.Exit(code)


def _settings() -> Settings:
    from bot.log import configure_logging
    from bot.settings import load_settings

    settings = load_settings()
    form, level = settings.docent.log_format, settings.docent.log_level
    configure_logging(level, form, settings.secrets())
    return settings


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


@app.command()
def run(
    no_chat: Annotated[
        bool, typer.Option("--no-chat", help="Never take questions from this terminal.")
    ] = False,
) -> None:
    """Answer in Slack, or else in this terminal.

    In Slack when it is configured. Otherwise this is a chat, and with a pipe or file for standard
    input, each of its lines is a question.
    """
    from bot import commands

    _run(commands.run(_settings(), chat=not no_chat))


@app.command()
def chat() -> None:
    """Ask in this terminal, whatever else is configured."""
    from bot import commands

    _run(commands.chat(_settings()))


@app.command()
def ask(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="In your own words.")],
    as_json: Json = False,
) -> None:
    """Ask one question, and print the answer with its sources."""
    from bot import commands

    _run(commands.ask(_settings(), " ".join(question), as_json=as_json))


@app.command()
def sync(
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="Only this one.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Sync even if much of a source is gone.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write all anew, with the vectors there are.")
    ] = False,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="Forget one that is no longer configured; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the index in step with the docs."""
    from bot import commands

    _run(
        commands.sync(
            _settings(),
            source,
            remove=remove or [],
            rebuild=rebuild,
            dry_run=dry_run,
            allow_shrink=allow_shrink,
            as_json=as_json,
        )
    )


@app.command()
def rebuild(
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Rebuild even if much of a source is gone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the whole index anew from the sources, as after it was lost."""
    from bot import commands

    _run(commands.rebuild(_settings(), allow_shrink=allow_shrink, as_json=as_json))


@app.command()
def status(as_json: Json = False) -> None:
    """Show what is served, how the last syncs ended, and when the next ones begin."""
    from bot import commands

    _run(commands.status(_settings(), as_json=as_json))


@app.command()
def quota(as_json: Json = False) -> None:
    """Show what is left of each provider's budget, and what follows when it is spent."""
    from bot import commands

    _run(commands.quota(_settings(), as_json=as_json))


@app.command()
def trace(
    turn: Annotated[
        str | None, typer.Argument(metavar="ID", help="The turn; without, the latest are listed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how an answer came about: passages, prompt, claims, times, cost."""
    from bot import looking_back

    _run(looking_back.trace(_settings(), turn, as_json=as_json))


@app.command()
def replay(
    turn: Annotated[str, typer.Argument(metavar="ID", help="The turn, from `docent trace`.")],
    as_json: Json = False,
) -> None:
    """Ask again what was asked then, on the passages of then."""
    from bot import looking_back

    _run(looking_back.replay(_settings(), turn, as_json=as_json))


@app.command()
def gaps(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back to look.")] = 30,
    as_cases: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep what --expect names as cases for `docent eval`."),
    ] = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=PATH", help="A downvoted turn, and what answers it; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the questions that the docs lack an answer to: refused, downvoted, unsupported."""
    from bot import looking_back

    _run(looking_back.gaps(_settings(), days, as_cases, expect or [], as_json=as_json))


@app.command()
def doctor() -> None:
    """Check every service that is configured.

    A line for each says whether it is well, or else what to do. The exit code is 1 when one is not.
    """
    from bot import commands

    _run(commands.doctor(_settings()))


@app.command("slack-manifest")
def slack_manifest(
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print YAML instead of JSON.")] = False,
) -> None:
    """Print the manifest to create the Slack app from."""
    from bot import commands

    commands.slack_manifest(_settings(), as_yaml=as_yaml)


@app.command("eval")
def evaluate(
    corpus: Annotated[
        Path, typer.Option(metavar="FILE", help="Documents: JSON lines with id, title, text.")
    ],
    questions: Annotated[
        Path, typer.Option(metavar="FILE", help="Questions: JSON lines with id, text, relevant.")
    ],
    as_json: Json = False,
) -> None:
    """Measure the search on a corpus of your own.

    It goes into an index of its own, which is thrown away afterwards.
    """
    from bot import commands

    _run(commands.evaluate(_settings(), corpus, questions, as_json=as_json))
