"""What a bot on a platform does by itself: syncs, deletes what is old, keeps Qdrant awake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from logging import getLogger

from bot.app import sparse_encoder
from bot.parts import App
from bot.schedule import Job, open_schedule
from bot.sources import source_settings
from bot.timetable import Timetable, timetable
from core.conversation.retention import Retention
from core.errors import DocentError, SyncRunning
from core.ingestion.outcomes import SyncOutcome
from core.ingestion.report import SyncReport
from core.model import SearchRequest

AGAIN = (30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds to wait, one after the other, while another sync runs."""

PLATFORMS = {
    "slack": ("slack", "slack-private"),
    "discord": ("discord", "discord-private"),
    "web": ("web",),
}
"""What the questions of a platform are stored under, by the group of its settings."""

_DAILY = Timetable(every=timedelta(days=1))
_SOON = timedelta(minutes=1)
_MEGABYTE = 1_000_000

log = getLogger(__name__)


@asynccontextmanager
async def open_upkeep(app: App) -> AsyncIterator[None]:
    """Does it until the block ends. Raises ServiceError when the database is away."""
    async with open_schedule(await upkeep_jobs(app, datetime.now(UTC))):
        yield


async def upkeep_jobs(app: App, now: datetime) -> list[Job]:
    """The syncs, a daily deletion, and with a Qdrant server a daily search."""
    jobs = await sync_jobs(app, now)
    # Soon after the start, while a database that sleeps when it is idle is awake.
    jobs.append(Job("delete what is old", _DAILY, now + _SOON, partial(delete_old, app)))
    first = now + timedelta(days=1)
    if app.settings.answer.stale_notices:
        # A sync on the command line marks answers as well, but can tell nobody.
        jobs.append(Job("tell of stale answers", _DAILY, first, app.stale.wake))
    if app.settings.qdrant.url is not None:
        jobs.append(Job("keep Qdrant awake", _DAILY, first, partial(keep_awake, app)))
    return jobs


async def sync_jobs(app: App, now: datetime) -> list[Job]:
    """One for each source that has a schedule."""
    outcomes = await app.store.outcomes()
    syncs = ScheduledSyncs(partial(sync_alone, app), app.store.outcomes)
    jobs = []
    for name, times in timetables(app).items():
        outcome = outcomes.get(name)
        first = times.next_run(outcome.synced if outcome else None, now)
        if first is not None:
            jobs.append(Job(f"sync {name}", times, first, partial(syncs.run, name, times)))
    return jobs


async def sync_alone(app: App, source: str) -> SyncReport:
    """Whoever asks for a sync meanwhile is shown this one. Raises DocentError."""
    if app.sync.running:
        raise SyncRunning("A sync that somebody asked for is running.")
    return await app.sync(source, lambda _: None)


def timetables(app: App) -> dict[str, Timetable]:
    """By source."""
    return {each.name: timetable(each.schedule) for each in source_settings(app.settings)}


@dataclass
class ScheduledSyncs:
    """Syncs one source at a time, and none that was synced a moment ago, here or elsewhere."""

    sync: Callable[[str], Awaitable[SyncReport]]
    outcomes: Callable[[], Awaitable[dict[str, SyncOutcome]]]
    pauses: Sequence[float] = AGAIN
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, source: str, times: Timetable) -> None:
        """Waits while another sync runs. What goes wrong is logged, and kept as the outcome."""
        async with self._turn:
            for pause in (*self.pauses, None):
                try:
                    await self._sync_if_due(source, times)
                except SyncRunning as running:
                    if pause is not None:
                        await asyncio.sleep(pause)
                        continue
                    log.warning("The scheduled sync of %s is left out. %s", source, running)
                except DocentError as error:
                    log.warning("The scheduled sync of %s failed. %s %s", source, error, error.hint)
                return

    async def _sync_if_due(self, source: str, times: Timetable) -> None:
        if not await self._is_due(source, times):
            log.info("The scheduled sync of %s is not due: it was synced just now.", source)
            return
        report = await self.sync(source)
        log.info("The scheduled sync of %s ended: %s.", source, report.tally or "no change")

    async def _is_due(self, source: str, times: Timetable) -> bool:
        """Half a period after the last sync: another instance's jitter, or somebody's /reingest."""
        outcome = (await self.outcomes()).get(source)
        if outcome is None or outcome.synced is None:
            return True
        now = datetime.now(UTC)
        return now - outcome.synced >= times.period(now) / 2


async def keep_awake(app: App) -> None:
    """A search, because Qdrant Cloud suspends a free cluster that had none for a week."""
    words = sparse_encoder().encode_query("docs")
    try:
        await app.index.search(SearchRequest(app.collection, None, words, generation=0, limit=1))
    except DocentError as error:
        log.warning("Qdrant could not be kept awake. %s %s", error, error.hint)


async def delete_old(app: App) -> None:
    """Deletes questions and answers after their platform's days, then traces beyond the budget."""
    settings, retention = app.settings, Retention(app.database)
    days = {
        "slack": settings.slack.retention_days,
        "discord": settings.discord.retention_days,
        "web": settings.web.retention_days,
    }
    try:
        turns = sum([await retention.expire(PLATFORMS[each], days[each]) for each in PLATFORMS])
        traces = await retention.trim(settings.database.trace_megabytes * _MEGABYTE)
        passages = await retention.sweep()
    except DocentError as error:
        log.warning("What is old could not be deleted. %s %s", error, error.hint)
    else:
        log.info("Deleted %d questions, %d traces and %d passages.", turns, traces, passages)
