"""What each command of `docent` does, once the settings are read."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import typer
import yaml
from rich.console import Console
from rich.text import Text

from adapters.console.chat import PLATFORM, ConsoleChat, Show, collect
from adapters.console.conversation import converse, welcome
from adapters.console.lines import read_lines, within_limit
from adapters.console.live import show_live
from adapters.console.rendering import answer_as_json, answer_as_text
from bot.address import require_address
from bot.app import open_app
from bot.doctor import examine
from bot.parts import App
from bot.platforms import configured_manifest, configured_platforms, run_platforms
from bot.progress import report_as_text, show_progress
from bot.quota import read_quota
from bot.settings import Settings
from bot.signals import stop_signal
from bot.sources import chosen, configured_sources, require_folders
from bot.status import read_status
from bot.syncing import bring_in_step, bring_settings_in_step, warn_of_empty_sources
from bot.upkeep import open_upkeep
from core.answering.dispatcher import Dispatcher, DispatcherSettings
from core.errors import ConfigurationError, DataFolderLocked
from core.ingestion.overview import read_overview
from core.ingestion.planning import index_lost
from core.ingestion.report import SyncReport
from core.model import Answer, AnswerEvent
from core.text.unicode import visible

out = Console()
notes = Console(stderr=True, highlight=False)

NOWHERE = (
    "Docent is up, but nobody can ask it yet: set it up for Slack, Discord or the browser "
    "(SLACK_BOT_TOKEN, DISCORD_BOT_TOKEN, WEB_ENABLED=true), and start it again."
)

_STORING = 5.0
"""Seconds for an answer that was shown to be stored, so that it can be traced."""


async def run(settings: Settings, *, chat: bool) -> None:
    """Runs the bot where it is configured for; with nowhere to go, in this terminal.

    A configured bot never reads standard input.
    """
    platforms = configured_platforms(settings)
    in_terminal = chat and not platforms
    if in_terminal:
        require_folders(configured_sources(settings))
    async with _opened(settings) as app:
        if in_terminal:
            await bring_in_step(app, notes)
            await _converse(app)
            return
        require_address(settings)  # before the docs come in, which may take long
        await bring_settings_in_step(app, notes)
        async with stop_signal() as stop:
            if not platforms:
                notes.print(NOWHERE, soft_wrap=True)
            async with open_upkeep(app):
                await run_platforms(app, platforms, stop, partial(notes.print, soft_wrap=True))


async def chat(settings: Settings) -> None:
    """Asks in this terminal, whatever else is configured."""
    require_folders(configured_sources(settings))
    async with _opened(settings) as app:
        await bring_in_step(app, notes)
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
    if not (text := within_limit(question.strip(), _tell)):
        raise ConfigurationError(
            "There is no question to answer.", hint='Ask one: docent ask "How do I …?"'
        )
    require_folders(configured_sources(settings))
    async with _opened(settings) as app:
        await bring_settings_in_step(app, notes)
        chat = ConsoleChat(collect if as_json else _show(), app.scope)
        async with _dispatcher(app, chat) as dispatcher:
            answer = await chat.ask(text, dispatcher.submit)
            await dispatcher.settle(_STORING)
    if as_json and chat.last_turn:
        found = answer_as_json(answer, chat.last_turn)
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))


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
    """Brings the index in step with the docs.

    The exit code is 1 when a document failed, and when a dry run finds that the sync would.
    """
    async with _opened_to_sync(settings) as app:
        wanted = chosen(app.sources, source)
        with show_progress(notes) as progress:
            report = await app.syncer.sync(
                wanted,
                remove=remove,
                rebuild=rebuild,
                dry_run=dry_run,
                allow_shrink=allow_shrink,
                progress=progress,
            )
        code = _reported(report, app, as_json=as_json)
        if not dry_run:
            await warn_of_empty_sources(app, wanted, notes)
    return code


async def rebuild(settings: Settings, *, allow_shrink: bool, as_json: bool) -> int:
    """Writes the index anew from the sources, and says first whether it was lost."""
    async with _opened_to_sync(settings) as app:
        lost = await index_lost(app.store, app.index)
        if lost:
            _tell(str(lost))
        _tell("Writing the index anew from the sources…")
        with show_progress(notes) as progress:
            report = await app.syncer.sync(
                app.sources, rebuild=True, allow_shrink=allow_shrink, progress=progress
            )
    return _reported(report, app, as_json=as_json)


async def status(settings: Settings, *, as_json: bool) -> None:
    """Prints what is served and how syncs go."""
    with notes.status("Looking…"):
        found = await read_status(settings)
    typer.echo(json.dumps(found.as_json(), indent=2) if as_json else found.as_text())


async def quota(settings: Settings, *, as_json: bool) -> None:
    """Prints what is left of each provider's budget."""
    with notes.status("Looking…"):
        found = await read_quota(settings)
    typer.echo(json.dumps(found.as_json(), indent=2) if as_json else "\n".join(found.lines()))


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


def _reported(report: SyncReport, app: App, *, as_json: bool) -> int:
    text = report_as_text(report, [profile.name for _, profile in app.sources])
    typer.echo(json.dumps(report.as_json(), indent=2) if as_json else text)
    return 1 if report.failed or report.refused else 0


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[App]:
    async with AsyncExitStack() as stack:
        with notes.status("Starting…"):
            app = await stack.enter_async_context(open_app(settings))
        yield app


@asynccontextmanager
async def _opened_to_sync(settings: Settings) -> AsyncIterator[App]:
    try:
        async with _opened(settings) as app:
            yield app
    except DataFolderLocked as error:
        raise DataFolderLocked(
            str(error),
            hint="A bot in Slack or Discord syncs on /reingest, one with the HTTP API on POST "
            "/api/v1/sync, and a chat in the terminal when it starts. Otherwise wait until that "
            "process has ended, or stop it, and sync again.",
        ) from error


def _dispatcher(app: App, chat: ConsoleChat) -> AbstractAsyncContextManager[Dispatcher]:
    # A person who leaves does not wait for an answer that nobody will read, and who stays is told
    # what is away rather than kept waiting for it.
    settings = DispatcherSettings(outage_pauses=(), drain=0)
    return app.dispatcher({PLATFORM: chat}, settings)


async def _converse(app: App) -> None:
    typed = sys.stdin is not None and sys.stdin.isatty()
    chat = ConsoleChat(_show(), app.scope)
    async with _dispatcher(app, chat) as dispatcher:
        if typed:
            _tell(welcome(await read_overview(app.database, app.scope)))
            lines = _typed() if out.is_terminal else _echoed(_typed())
            await converse(chat, dispatcher, lines, _tell)
            return
        async for line in _echoed(read_lines(_tell)):
            # Lines of a file are questions of their own, not a conversation.
            chat.begin_anew()
            await chat.ask(line, dispatcher.submit)
        await dispatcher.settle(_STORING)


def _show() -> Show:
    return partial(show_live, out) if out.is_terminal else _print_as_text


async def _print_as_text(events: AsyncIterator[AnswerEvent]) -> Answer:
    answer = await collect(events)
    typer.echo(answer_as_text(answer))
    return answer


def _typed() -> AsyncIterator[str]:
    # It takes a while to import, and only a person at a terminal needs it.
    from adapters.console.prompt import typed_lines  # noqa: PLC0415

    return typed_lines(_tell)


async def _echoed(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """Each line, printed where its answer will stand: nobody typed it there."""
    async for line in lines:
        typer.echo(f"› {visible(line)}\n")
        yield line
        typer.echo()


def _tell(note: str) -> None:
    notes.print(Text(note, style="dim"), soft_wrap=True)
