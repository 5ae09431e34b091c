"""What a bot does by itself: scheduled syncs, and a word to Qdrant Cloud."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from adapters.discord import mapping as discord
from adapters.discord import private as discord_private
from adapters.slack import mapping as slack
from adapters.slack import private as slack_private
from adapters.web import chat as web
from bot.app import assemble
from bot.parts import App, Embedding
from bot.schedule import open_schedule
from bot.settings import Settings
from bot.settings.groups import AnswerSettings, QdrantSettings
from bot.settings.source import SourceSettings
from bot.timetable import Timetable
from bot.upkeep import (
    PLATFORMS,
    ScheduledSyncs,
    delete_old,
    keep_awake,
    open_upkeep,
    sync_alone,
    sync_jobs,
    timetables,
    upkeep_jobs,
)
from core.backends.postgres import Postgres
from core.backends.qdrant_edge import QdrantEdge, open_edge
from core.errors import ServiceUnavailable, SourceUnavailable, SyncRunning
from core.ingestion.outcomes import SyncOutcome
from core.ingestion.report import SyncReport
from core.model import SearchHits, SearchRequest, SessionKey
from tests.support.conversations import answered, question, taken
from tests.support.embedder import HashingEmbedder
from tests.support.faulty_database import FaultyDatabase
from tests.support.slack_surfaces import report
from tests.support.watched import Watch, WatchedDatabase

HOURLY = Timetable(every=timedelta(hours=1))


@dataclass
class Played:
    """A sync that ends as the test says, and notes who was synced when."""

    ends: list[Exception | None] = field(default_factory=list)
    synced: list[str] = field(default_factory=list)
    known: dict[str, SyncOutcome] = field(default_factory=dict)

    async def sync(self, source: str) -> SyncReport:
        end = self.ends.pop(0) if self.ends else None
        if end is not None:
            raise end
        self.synced.append(source)
        now = datetime.now(UTC)
        self.known[source] = SyncOutcome(now, now)
        return report()

    async def outcomes(self) -> dict[str, SyncOutcome]:
        return self.known

    def scheduled(self) -> ScheduledSyncs:
        return ScheduledSyncs(self.sync, self.outcomes, pauses=(0.0, 0.0))


async def test_what_was_synced_a_moment_ago_is_not_synced_again() -> None:
    played = Played()
    syncs = played.scheduled()
    for _ in range(2):
        await syncs.run("docs", HOURLY)
    assert played.synced == ["docs"]
    earlier = datetime.now(UTC) - timedelta(minutes=40)
    played.known["docs"] = SyncOutcome(earlier, earlier)
    await syncs.run("docs", HOURLY)
    assert played.synced == ["docs", "docs"]


async def test_a_sync_that_runs_elsewhere_is_waited_for_and_not_repeated() -> None:
    played = Played(ends=[SyncRunning("Another one runs.")])
    now = datetime.now(UTC)
    syncs = played.scheduled()

    async def outcomes() -> dict[str, SyncOutcome]:
        return {} if played.ends else {"docs": SyncOutcome(now, now)}

    syncs.outcomes = outcomes
    await syncs.run("docs", HOURLY)
    assert (played.ends, played.synced) == ([], [])


async def test_one_source_waits_for_another_s_sync_and_is_synced_then() -> None:
    played = Played(ends=[SyncRunning("Another one runs."), SyncRunning("It still does."), None])
    await played.scheduled().run("docs", HOURLY)
    assert played.synced == ["docs"]


async def test_who_waited_in_vain_leaves_it_to_the_next_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    played = Played(ends=[SyncRunning("It runs.")] * 3)
    await played.scheduled().run("docs", HOURLY)
    assert (played.ends, played.synced) == ([], [])
    assert "The scheduled sync of docs is left out. It runs." in caplog.text


async def test_a_failure_is_logged_and_tried_again_at_the_next_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    played = Played(ends=[SourceUnavailable("It is away.", hint="Look."), None])
    syncs = played.scheduled()
    await syncs.run("docs", HOURLY)
    assert "The scheduled sync of docs failed. It is away. Look." in caplog.text
    await syncs.run("docs", HOURLY)
    assert played.synced == ["docs"]


async def test_the_sources_take_turns() -> None:
    at_once: list[int] = []
    running = 0

    async def sync(_: str) -> SyncReport:
        nonlocal running
        running += 1
        at_once.append(running)
        await asyncio.sleep(0.01)
        running -= 1
        return report()

    played = Played()
    syncs = ScheduledSyncs(sync, played.outcomes)
    await asyncio.gather(*(syncs.run(name, HOURLY) for name in ("a", "b", "c")))
    assert at_once == [1, 1, 1]


@pytest.fixture
async def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[QdrantEdge]:
    monkeypatch.chdir(tmp_path)
    for name in ("guide", "papers"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text(f"# {name}\n\nThis is {name}.\n", "utf-8")
    async with open_edge(tmp_path / "index") as opened:
        yield opened


async def _app(database: Postgres, index: QdrantEdge, **schedules: str) -> App:
    sources = tuple(
        SourceSettings(name=name, folder=Path(name), schedule=schedule)
        for name, schedule in schedules.items()
    )
    settings = Settings(sources=sources)
    return await assemble(settings, index, database, Embedding(HashingEmbedder()), [])


async def _sync(app: App) -> None:
    await app.sync(None, lambda _: None)


async def test_each_source_has_its_own_times_from_its_last_sync_on(
    database: Postgres, index: QdrantEdge
) -> None:
    app = await _app(database, index, guide="6h", papers="off")
    assert {name: times.runs for name, times in timetables(app).items()} == {
        "guide": True,
        "papers": False,
    }
    now = datetime.now(UTC)
    (first,) = await sync_jobs(app, now)
    assert (first.name, first.first) == ("sync guide", now)
    await _sync(app)
    (later,) = await sync_jobs(app, now)
    assert timedelta(hours=5, minutes=59) < later.first - now < timedelta(hours=6, minutes=1)


async def test_only_a_qdrant_server_needs_to_be_kept_awake(
    database: Postgres, index: QdrantEdge
) -> None:
    app = await _app(database, index, guide="off")
    now = datetime.now(UTC)
    assert [job.name for job in await upkeep_jobs(app, now)] == ["delete what is old"]
    server = QdrantSettings.model_validate({"url": "http://localhost:6333"})
    with_server = replace(app, settings=app.settings.model_copy(update={"qdrant": server}))
    _, job = await upkeep_jobs(with_server, now)
    assert (job.timetable.every, job.first) == (timedelta(days=1), now + timedelta(days=1))


async def test_threads_are_told_within_a_day_what_a_sync_on_the_command_line_changed(
    database: Postgres, index: QdrantEdge
) -> None:
    app, now = await _app(database, index, guide="off"), datetime.now(UTC)
    told = AnswerSettings(stale_notices=5)
    telling = replace(app, settings=app.settings.model_copy(update={"answer": told}))
    _, job = await upkeep_jobs(telling, now)
    assert (job.name, job.timetable.every) == ("tell of stale answers", timedelta(days=1))


async def test_two_instances_with_one_schedule_sync_once(
    database: Postgres, index: QdrantEdge
) -> None:
    instances = [await _app(database, index, guide="6h") for _ in range(2)]
    await asyncio.gather(*(_patient(app).run("guide", HOURLY) for app in instances))
    rows = await database.fetch("SELECT generation FROM generations")
    assert [row["generation"] for row in rows] == [1]
    assert (await instances[0].store.outcomes())["guide"].error is None


def _patient(app: App) -> ScheduledSyncs:
    return ScheduledSyncs(partial(sync_alone, app), app.store.outcomes, pauses=(0.2,) * 20)


async def test_an_idle_schedule_sends_the_database_no_query(
    database: Postgres, index: QdrantEdge
) -> None:
    await _sync(await _app(database, index, guide="1m", papers="0 4 * * *"))
    watch = Watch()
    app = await _app(WatchedDatabase(database, watch), index, guide="1m", papers="0 4 * * *")  # type: ignore[arg-type] # it is a Database
    async with open_upkeep(app):
        asked = len(watch.calls)
        await asyncio.sleep(0.3)
        assert len(watch.calls) == asked


async def test_a_scheduled_sync_brings_in_what_changed(
    database: Postgres, index: QdrantEdge
) -> None:
    app = await _app(database, index, guide="6h")
    (job,) = await sync_jobs(app, datetime.now(UTC))
    async with open_schedule([job], longest_jitter=0.0):
        async with asyncio.timeout(30):
            while await app.store.current() is None:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.01)


async def test_what_a_scheduled_sync_could_not_do_is_kept_as_its_outcome(
    database: Postgres, index: QdrantEdge, tmp_path: Path
) -> None:
    app = await _app(database, index, guide="6h")
    (tmp_path / "guide").rename(tmp_path / "gone")
    await _patient(app).run("guide", HOURLY)
    outcome = (await app.store.outcomes())["guide"]
    assert outcome.synced is None
    assert outcome.error is not None
    assert "does not exist" in outcome.error


def test_every_platform_s_conversations_have_an_end() -> None:
    stored = {
        slack.PLATFORM,
        slack_private.PLATFORM,
        discord.PLATFORM,
        discord_private.PLATFORM,
        web.PLATFORM,
    }
    assert {name for names in PLATFORMS.values() for name in names} == stored


async def test_what_is_old_is_deleted_a_minute_after_the_start_and_then_each_day(
    database: Postgres, index: QdrantEdge
) -> None:
    app = await _app(database, index, guide="off")
    kept = app.settings.discord.model_copy(update={"retention_days": 365})
    app = replace(app, settings=app.settings.model_copy(update={"discord": kept}))
    for platform in ("slack", "slack-private", "discord"):
        session = SessionKey(platform, "T1", "C1", "1")
        await app.inbox.accept(question(session=session))
        await app.inbox.finish(await taken(app.inbox, session), answered())
    await database.execute("UPDATE turns SET ended_at = now() - INTERVAL '91 days'")
    now = datetime.now(UTC)
    (job,) = await upkeep_jobs(app, now)
    assert (job.timetable.every, job.first) == (timedelta(days=1), now + timedelta(minutes=1))
    await job.run()
    (left,) = await database.fetch("SELECT platform FROM turns")
    assert left["platform"] == "discord"


@pytest.mark.parametrize(("megabytes", "kept"), [(1, 0), (100, 1)])
async def test_traces_beyond_the_megabytes_that_are_set_are_deleted(
    database: Postgres, index: QdrantEdge, megabytes: int, kept: int
) -> None:
    app = await _app(database, index, guide="off")
    budget = app.settings.database.model_copy(update={"trace_megabytes": megabytes})
    app = replace(app, settings=app.settings.model_copy(update={"database": budget}))
    await app.inbox.accept(question())
    await app.inbox.finish(await taken(app.inbox), answered())
    await database.execute(
        """
        UPDATE turns SET trace = trace || jsonb_build_object('noise', (
            SELECT string_agg(md5(n::TEXT), '') FROM generate_series(1, 100000) AS n
        ))
        """
    )
    await delete_old(app)
    (left,) = await database.fetch("SELECT count(trace) AS traces, count(answer) AS n FROM turns")
    assert (left["traces"], left["n"]) == (kept, 1)


async def test_a_deletion_that_fails_is_logged_and_made_up_for_the_next_day(
    database: Postgres, index: QdrantEdge, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = FaultyDatabase(database)
    app = replace(await _app(database, index, guide="off"), database=faulty)
    faulty.broken = {"DELETE FROM turns"}
    await delete_old(app)
    assert "What is old could not be deleted." in caplog.text


class Searched:
    """An index that was asked, and is away if told so."""

    def __init__(self, *, away: bool = False) -> None:
        self.requests: list[SearchRequest] = []
        self.away = away

    async def search(self, request: SearchRequest) -> SearchHits:
        self.requests.append(request)
        if self.away:
            raise ServiceUnavailable("Qdrant", "it is away.", hint="Wake it.")
        return SearchHits()


@pytest.mark.parametrize("away", [False, True])
async def test_qdrant_is_kept_awake_by_a_search_and_not_by_one_of_the_database(
    database: Postgres, index: QdrantEdge, caplog: pytest.LogCaptureFixture, *, away: bool
) -> None:
    app = await _app(database, index, guide="off")
    searched = Searched(away=away)
    await keep_awake(replace(app, index=searched))  # type: ignore[arg-type] # it is searched alone
    (request,) = searched.requests
    assert request.collection == app.collection
    assert ("Qdrant could not be kept awake. Qdrant: it is away. Wake it." in caplog.text) is away


async def test_a_sync_that_somebody_asked_for_is_waited_for(
    database: Postgres, index: QdrantEdge
) -> None:
    app = await _app(database, index, guide="6h")
    asked = asyncio.create_task(_sync(app))
    await asyncio.sleep(0)
    with pytest.raises(SyncRunning, match="somebody asked for"):
        await sync_alone(app, "guide")
    await asked
