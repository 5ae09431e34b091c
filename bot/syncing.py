"""Brings what is served in step with the settings, before anybody is answered from it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from bot.parts import App
from bot.progress import report_as_text, show_progress
from bot.sources import OWN_DOCS, OWN_SOURCE, UPLOADS, require_folders, source_settings
from bot.timetable import timetable
from core.errors import CorpusError, ServiceError, SourceUnavailable, SyncRunning
from core.ingestion.origins import state_of
from core.ingestion.planning import ConfiguredSource, index_lost
from core.ingestion.report import SyncReport
from core.ingestion.sources.folder import FolderSource

_INSTANT = 0.5
"""Seconds that a sync may take before a person wants to see how far it is."""


async def bring_in_step(app: App, console: Console) -> None:
    """Syncs every folder, and every repository and website that is due by its schedule.

    Says so only where that changes something.
    When it fails, a word of warning goes before answers from what was indexed last. Raises
    DocentError where that would be dishonest: a source is new, or configured otherwise.
    """
    outdated = await outdated_sources(app)
    try:
        await _sync(app, console, await _worth_a_look(app, outdated), outdated)
    except (ServiceError, CorpusError) as error:
        if outdated:
            raise
        _warn(console, f"{error} Answers come from what was indexed last. {error.hint}")


async def bring_settings_in_step(app: App, console: Console, *, pause: float = 2.0) -> None:
    """Syncs the sources that are new or configured otherwise than when they were synced.

    While another process syncs, as when several instances start together, it looks each `pause`
    seconds whether that has done it. One whose folder is missing is still served as it was indexed
    last. Raises DocentError.
    """
    told = False
    while outdated := await outdated_sources(app):
        try:
            await _sync(app, console, outdated, outdated)
            break
        except SyncRunning as running:
            if not told:
                _say(console, f"{running} Waiting for its end.")
            told = True
            await asyncio.sleep(pause)
    try:
        require_folders(app.sources)
    except SourceUnavailable as error:
        _warn(console, f"{error} Answers come from what was indexed of it last.")


async def outdated_sources(app: App) -> list[ConfiguredSource]:
    """Those whose settings differ from what is served.

    All of them with another model, and when the index lost what it held.
    """
    corpus = await app.store.current()
    if corpus is None or corpus.collection != app.collection:
        return list(app.sources)
    if await index_lost(app.store, app.index):
        return list(app.sources)
    last = await app.store.states()
    return [each for each in app.sources if last.get(each[1].name) != state_of(*each)]


async def _worth_a_look(app: App, outdated: Collection[ConfiguredSource]) -> list[ConfiguredSource]:
    """Without what was read over the network a while ago: that takes longer than a person waits."""
    outcomes, now = await app.store.outcomes(), datetime.now(UTC)
    times = {each.name: timetable(each.schedule) for each in source_settings(app.settings)}

    def is_due(name: str) -> bool:
        outcome = outcomes.get(name)
        due = times[name].next_run(outcome.synced if outcome else None, now)
        return due is not None and due <= now

    return [
        (source, profile)
        for source, profile in app.sources
        if isinstance(source, FolderSource) or (source, profile) in outdated or is_due(profile.name)
    ]


async def _sync(
    app: App,
    console: Console,
    sources: Collection[ConfiguredSource],
    outdated: Collection[ConfiguredSource],
) -> None:
    served = await app.served_sources()
    first = [
        profile.name
        for _, profile in outdated
        if profile.name not in served and profile.name != UPLOADS
    ]
    if first:
        _say(console, f"Indexing {', '.join(first)} for the first time…")
    with show_progress(console, after=0 if first else _INSTANT) as progress:
        report = await app.syncer.sync(
            list(sources), remove=await _own_docs_left(app), progress=progress
        )
    if report.tally or report.moved:
        _say(console, report_as_text(report, _names(app)))
    elif report.failed:
        _warn(console, _unreadable(report))
    await warn_of_empty_sources(app, app.sources, console)


async def _own_docs_left(app: App) -> list[str]:
    """Docent's own docs, once others are configured: nobody chose them, so nobody removes them."""
    own = (await app.store.states()).get(OWN_SOURCE)
    left = own is not None and own.origin == str(OWN_DOCS) and OWN_SOURCE not in _names(app)
    return [OWN_SOURCE] if left else []


def _unreadable(report: SyncReport) -> str:
    first, *others = report.failed
    more = f" and {len(others)} more" if others else ""
    return f"{first}{more} cannot be read; `docent doctor` says why."


async def warn_of_empty_sources(
    app: App, sources: Collection[ConfiguredSource], console: Console
) -> None:
    """A line for each of the sources that were synced and of which nothing is served."""
    served = await app.served_sources()
    for source, profile in sources:
        if profile.name not in served and profile.name != UPLOADS:
            _warn(
                console,
                f"{profile.name} has nothing to answer from: there is no document in "
                f"{source.origin} that can be read.",
            )


def _names(app: App) -> list[str]:
    return [profile.name for _, profile in app.sources]


def _say(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)


def _warn(console: Console, text: str) -> None:
    console.print(Text.assemble(("! ", "bold yellow"), text.rstrip()), soft_wrap=True)
