"""What each command of `docent` does, once the settings are read."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import typer
import yaml
from rich.console import Console

from adapters.console.chat import PLATFORM, ConsoleChat, collect
from adapters.console.lines import read_lines, typed_lines
from adapters.console.live import show_live
from adapters.console.rendering import answer_as_json, answer_as_text
from bot.app import App, open_app
from bot.doctor import examine
from bot.platforms import configured_manifest, configured_platforms, run_platforms
from bot.progress import report_as_text, show_progress
from bot.settings import Settings
from bot.sources import chosen
from core.answering.dispatcher import Dispatcher, DispatcherSettings

out = Console()
notes = Console(stderr=True, highlight=False)

WELCOME = "Ask about the docs. Ctrl-D ends the chat."


async def run(settings: Settings, *, chat: bool) -> None:
    """Runs the bot where it is configured for; with nowhere to go, in this terminal.

    A configured bot never reads standard input.
    """
    platforms = configured_platforms(settings)
    async with _opened(settings) as app:
        await _first_sync(app)
        if chat and not platforms:
            await _converse(app)
            return
        async with _stop_signal() as stop:
            if not platforms:
                notes.print("Docent is up, but no platform is configured: nobody can ask it yet.")
            await run_platforms(app, platforms, stop, notes.print)


async def chat(settings: Settings) -> None:
    """Asks in this terminal, whatever else is configured."""
    async with _opened(settings) as app:
        await _first_sync(app)
        await _converse(app)


def slack_manifest(settings: Settings, *, as_yaml: bool) -> None:
    """Prints the manifest of the Slack app, for the transport that is configured."""
    manifest = configured_manifest(settings)
    if as_yaml:
        typer.echo(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True), nl=False)
    else:
        typer.echo(json.dumps(manifest, indent=2, ensure_ascii=False))


async def ask(settings: Settings, question: str, *, as_json: bool) -> None:
    """Prints one answer."""
    async with _opened(settings) as app:
        await _first_sync(app)
        chat = ConsoleChat(collect, app.scope)
        async with _dispatcher(app, chat) as dispatcher:
            answer = await chat.ask(question, dispatcher.submit)
    if as_json:
        typer.echo(json.dumps(answer_as_json(answer), ensure_ascii=False, indent=2))
    else:
        typer.echo(answer_as_text(answer))


async def sync(
    settings: Settings,
    source: str | None,
    *,
    remove: list[str],
    rebuild: bool,
    dry_run: bool,
    allow_shrink: bool,
    as_json: bool,
) -> int:
    """Brings the index in step with the docs; the exit code is 1 when a document failed."""
    async with _opened(settings) as app:
        with show_progress(notes) as progress:
            report = await app.syncer.sync(
                chosen(app.sources, source),
                remove=remove,
                rebuild=rebuild,
                dry_run=dry_run,
                allow_shrink=allow_shrink,
                progress=progress,
            )
    typer.echo(json.dumps(report.as_json(), indent=2) if as_json else report_as_text(report))
    return 1 if report.failed else 0


async def doctor(settings: Settings) -> int:
    """Prints a line for each part; the exit code is 1 when one is not well."""
    well = True
    async for finding in examine(settings):
        out.print(finding.as_rich(), soft_wrap=True)
        well = well and finding.well
    return 0 if well else 1


async def evaluate(settings: Settings, corpus: Path, questions: Path, *, as_json: bool) -> None:
    """Measures the search on a corpus of one's own."""
    # Only this command needs them, and they need scientific packages.
    from bot.evaluation.runner import evaluate as measure  # noqa: PLC0415

    with notes.status("Indexing and searching…"):
        report = await measure(settings, corpus, questions)
    typer.echo(json.dumps(report.as_json(), indent=2) if as_json else report.as_text())


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[App]:
    async with AsyncExitStack() as stack:
        with notes.status("Starting…"):
            app = await stack.enter_async_context(open_app(settings))
        yield app


def _dispatcher(app: App, chat: ConsoleChat) -> AbstractAsyncContextManager[Dispatcher]:
    # A person who leaves does not wait for an answer that nobody will read, and who stays is told
    # what is away rather than kept waiting for it.
    settings = DispatcherSettings(outage_pauses=(), drain=0)
    return app.dispatcher({PLATFORM: chat}, settings)


async def _first_sync(app: App) -> None:
    """Indexes the sources that were never indexed: all of them with another embedding model."""
    served = await app.served_sources()
    missing = [each for each in app.sources if each[1].name not in served]
    if not missing:
        return
    names = ", ".join(profile.name for _, profile in missing)
    notes.print(f"Indexing {names} for the first time…")
    with show_progress(notes) as progress:
        report = await app.syncer.sync(missing, progress=progress)
    notes.print(report_as_text(report), soft_wrap=True)


async def _converse(app: App) -> None:
    live = out.is_terminal
    chat = ConsoleChat(partial(show_live, out) if live else collect, app.scope)
    async with _dispatcher(app, chat) as dispatcher:
        async for line in _questions():
            if not sys.stdin.isatty():
                # Lines of a file are questions of their own, not a conversation.
                chat.begin_anew()
            answer = await chat.ask(line, dispatcher.submit)
            if not live:
                typer.echo(f"› {line}\n\n{answer_as_text(answer)}\n")


def _questions() -> AsyncIterator[str]:
    if not sys.stdin.isatty():
        return read_lines()
    notes.print(WELCOME, style="dim")
    return typed_lines()


@asynccontextmanager
async def _stop_signal() -> AsyncIterator[asyncio.Event]:
    """Set by the first SIGINT or SIGTERM; a second one ends the process as it always does."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def ask_to_stop() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, ask_to_stop)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
