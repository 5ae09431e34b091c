"""How the last sync of each source ended, for whoever asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.backends.postgres import Postgres
from core.errors import ServiceUnavailable, ShrinkRefused, SourceUnavailable, SyncRunning
from core.ingestion.overview import read_overview
from core.model import EVERYTHING, Scope
from tests.support.library import Library, open_library
from tests.support.memory_source import MemorySource


@pytest.fixture
async def library(database: Postgres, tmp_path: Path) -> AsyncIterator[Library]:
    async with open_library(database, tmp_path / "index") as opened:
        opened.source.files = {f"{n}.md": f"# {n}\n\nText {n}." for n in range(4)}
        yield opened


async def test_before_a_sync_there_is_none(library: Library) -> None:
    assert await library.store.outcomes() == {}


async def test_what_could_not_be_read_is_kept_until_it_can_be(library: Library) -> None:
    library.source.unreadable = {"1.md"}
    await library.sync()
    outcome = (await library.store.outcomes())["docs"]
    assert (outcome.error, outcome.unreadable) == (None, {"1.md": "it is damaged"})
    assert outcome.synced == outcome.ended
    library.source.unreadable = set()
    await library.sync()
    assert (await library.store.outcomes())["docs"].unreadable == {}


async def test_it_is_kept_too_where_a_sync_changed_nothing(library: Library) -> None:
    await library.sync()
    library.source.files["new.md"] = "unreadable"
    library.source.unreadable = {"new.md"}
    report = await library.sync()
    assert report.generation == 1
    assert (await library.store.outcomes())["docs"].unreadable == {"new.md": "it is damaged"}


@pytest.mark.parametrize("why", ["the listing", "a shrink", "the embedder"])
async def test_why_a_sync_failed_is_kept_beside_when_one_last_did_not(
    library: Library, why: str
) -> None:
    await library.sync()
    before = (await library.store.outcomes())["docs"]
    error: type[Exception]
    if why == "the listing":
        library.source.broken, error, said = True, SourceUnavailable, "could not be listed."
    elif why == "a shrink":
        library.source.files, error, said = {}, ShrinkRefused, "--allow-shrink."
    else:
        library.source.files["new.md"] = "# New\n\nText."
        library.embedder.fail_after, error, said = 0, ServiceUnavailable, "it is down"
    with pytest.raises(error):
        await library.sync()
    after = (await library.store.outcomes())["docs"]
    assert after.error is not None
    assert after.error.endswith(said)
    assert (after.synced, after.ended > before.ended) == (before.synced, True)


async def test_a_source_that_was_never_synced_has_its_failure_alone(library: Library) -> None:
    library.source.broken = True
    with pytest.raises(SourceUnavailable):
        await library.sync()
    outcome = (await library.store.outcomes())["docs"]
    assert outcome.synced is None
    assert outcome.error == "docs could not be listed."


async def test_a_dry_run_and_a_sync_that_waits_its_turn_are_no_outcome(library: Library) -> None:
    library.source.broken = True
    with pytest.raises(SourceUnavailable):
        await library.sync(dry_run=True)
    async with library.store.lease("another machine (process 42)"):
        with pytest.raises(SyncRunning):
            await library.sync()
    assert await library.store.outcomes() == {}


async def test_a_database_that_is_away_hides_no_error(library: Library) -> None:
    library.source.broken = True
    away = ServiceUnavailable("PostgreSQL", "it is away")
    with pytest.raises(SourceUnavailable):
        await library.sync(faults={"database.execute INSERT INTO sync_outcomes": away})


async def test_a_source_that_is_removed_leaves_none(library: Library) -> None:
    await library.sync([library.source, MemorySource("more", {"a.md": "# A\n\nText."})])
    await library.sync([library.source], remove=["more"], allow_shrink=True)
    assert set(await library.store.outcomes()) == {"docs"}


async def test_the_overview_tells_of_the_sources_in_its_scope(library: Library) -> None:
    secret = MemorySource("secret", {"a.md": "# A\n\nText."}, unreadable={"a.md"})
    await library.sync([library.source, secret])
    everything = await read_overview(library.database, EVERYTHING)
    public = await read_overview(library.database, Scope(frozenset({"docs"})))
    assert everything is not None
    assert public is not None
    assert set(everything.outcomes) == {"docs", "secret"}
    assert set(public.outcomes) == {"docs"}
