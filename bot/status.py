"""What `docent status` tells, and the chats' own status: what is served, and how syncs go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.app import open_database
from bot.parts import App
from bot.progress import MOST_NAMES, amount
from bot.quota import Quota, quota_in, quota_of
from bot.settings import Settings
from bot.sources import source_settings
from bot.timetable import timetable
from core.ingestion.lease import running_since
from core.ingestion.outcomes import SyncOutcome, read_outcomes
from core.ingestion.overview import Overview, read_overview
from core.migrations.runner import migrate
from core.model import EVERYTHING
from core.ports import Database


@dataclass(frozen=True, slots=True)
class Status:
    """What is served, None before the first sync, and by source how syncs went and go on.

    A source that is not `configured` any more is kept, and not answered from. `syncing_since` is
    when the sync began that runs now.
    """

    overview: Overview | None
    outcomes: Mapping[str, SyncOutcome]
    next_syncs: Mapping[str, datetime]
    budgets: tuple[str, ...]
    configured: frozenset[str]
    syncing_since: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Lists, numbers, strings and None; times are in ISO 8601."""
        seen = self.overview
        return {
            "generation": seen.generation if seen else None,
            "since": seen.since.isoformat() if seen else None,
            "documents": seen.documents if seen else 0,
            "chunks": seen.chunks if seen else 0,
            "syncing_since": self.syncing_since.isoformat() if self.syncing_since else None,
            "sources": [self._source(name) for name in self._names()],
            "budgets": list(self.budgets),
        }

    def as_text(self) -> str:
        """The same for people, a line or more for each source."""
        return "\n".join(self._lines())

    def _names(self) -> list[str]:
        served = self.overview.sources if self.overview else {}
        return sorted({*served, *self.outcomes, *self.next_syncs})

    def _source(self, name: str) -> dict[str, Any]:
        served = self.overview.sources.get(name) if self.overview else None
        outcome = self.outcomes.get(name)
        due = self.next_syncs.get(name)
        return {
            "name": name,
            "configured": name in self.configured,
            "documents": served.documents if served else 0,
            "chunks": served.chunks if served else 0,
            "synced": outcome.synced.isoformat() if outcome and outcome.synced else None,
            "next_sync": due.isoformat() if due else None,
            "error": outcome.error if outcome else None,
            "unreadable": dict(outcome.unreadable) if outcome else {},
        }

    def _lines(self) -> Iterator[str]:
        seen = self.overview
        if seen is not None:
            held = f"{amount(seen.documents, 'document')} in {amount(seen.chunks, 'chunk')}"
            yield f"{held}, generation {seen.generation}, served since {_time(seen.since)}."
        elif self.syncing_since:
            yield "Nothing is indexed yet."
        else:
            yield "Nothing is indexed yet; `docent sync` brings the docs in."
        if self.syncing_since:
            yield f"A sync has been running since {_time(self.syncing_since)}."
        for name in self._names():
            yield from self._source_lines(name)
        if self.next_syncs:
            yield "The next syncs are made by a bot on a platform, while it runs."
        yield from self.budgets

    def _source_lines(self, name: str) -> Iterator[str]:
        served = self.overview.sources.get(name) if self.overview else None
        outcome, due = self.outcomes.get(name), self.next_syncs.get(name)
        parts = ["nothing indexed"]
        if served is not None:
            parts = [f"{amount(served.documents, 'document')} in {amount(served.chunks, 'chunk')}"]
        if outcome is not None and outcome.synced is not None:
            parts.append(f"synced {_time(outcome.synced)}")
        if due is not None:
            parts.append(f"next {_time(due)}")
        if name not in self.configured:
            parts.append(
                "no longer configured, so not answered from; "
                f"`docent sync --remove {name}` deletes it"
            )
        yield f"  {name}: {'; '.join(parts)}"
        if outcome is not None:
            yield from _troubles(outcome)


def _troubles(outcome: SyncOutcome) -> Iterator[str]:
    if outcome.error is not None:
        yield f"    the sync of {_time(outcome.ended)} failed: {outcome.error}"
    for path, reason in list(outcome.unreadable.items())[:MOST_NAMES]:
        yield f"    could not be read: {path}: {reason}"
    if len(outcome.unreadable) > MOST_NAMES:
        yield f"    could not be read: and {len(outcome.unreadable) - MOST_NAMES} more"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


async def read_status(settings: Settings) -> Status:
    """Of all sources. Opens the database alone, so that it works beside a running bot."""
    async with open_database(settings) as database:
        await migrate(database)
        return await _status(settings, database, await quota_in(settings, database))


async def status_of(app: App) -> Status:
    """The same of a running bot."""
    return await _status(app.settings, app.database, await quota_of(app.settings, app.governor))


async def _status(settings: Settings, database: Database, quota: Quota) -> Status:
    overview = await read_overview(database, EVERYTHING)
    outcomes = await read_outcomes(database, EVERYTHING)
    configured = frozenset(source.name for source in source_settings(settings))
    due, since = next_syncs(settings, outcomes), await running_since(database)
    return Status(overview, outcomes, due, tuple(quota.left()), configured, since)


async def read_public_status(app: App) -> Overview | None:
    """What everybody in a chat may know of it."""
    overview = await read_overview(app.database, app.scope)
    if overview is None:
        return None
    due = next_syncs(app.settings, overview.outcomes)
    public = {name: moment for name, moment in due.items() if name in overview.sources}
    quota = await quota_of(app.settings, app.governor)
    return replace(overview, next_syncs=public, budgets=tuple(quota.left()))


def next_syncs(settings: Settings, outcomes: Mapping[str, SyncOutcome]) -> dict[str, datetime]:
    """When each source that has a schedule is synced next, give or take a minute."""
    now = datetime.now(UTC)
    found = {}
    for source in source_settings(settings):
        outcome = outcomes.get(source.name)
        due = timetable(source.schedule).next_run(outcome.synced if outcome else None, now)
        if due is not None:
            found[source.name] = due
    return found
