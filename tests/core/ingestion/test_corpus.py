"""The pointer, the records and the lease, on a real database."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from core.backends.postgres import Postgres
from core.errors import ServiceUnavailable, SyncRunning
from core.ingestion.corpus import CorpusStore, Flip, Served
from core.ingestion.lease import SyncLease, sync_lease
from core.ingestion.origins import SourceChanges, SourceState
from core.model import Corpus, DocumentRecord
from tests.support.watched import Watch, WatchedDatabase

RECORD = DocumentRecord(
    source="docs",
    path="a.md",
    title="Ä \\ \"quoted\" 'title'",
    url="https://example.org/a",
    fingerprint="f1",
    peer_reviewed=True,
    date="2026-01-31",
    version="commit-1",
    authors=("Ada", "Bo, Jr."),
    fragments={"a-1": "a_1", "ä": ""},
    chunks={"k1": 1, "k2": 1},
)


@pytest.fixture
def store(database: Postgres) -> CorpusStore:
    return CorpusStore(database)


def _first(*records: DocumentRecord) -> Flip:
    return Flip(None, Corpus("c", 1), records, [])


async def _flip(store: CorpusStore, flip: Flip) -> None:
    async with store.lease("a test") as lease:
        await store.flip(lease, flip)


async def test_nothing_is_served_before_the_first_flip(store: CorpusStore) -> None:
    assert await store.current() is None
    assert await store.served(0) == {}
    assert await store.records("docs", 0) == {}
    assert dict(await store.at(0)) == {}


async def test_a_record_comes_back_as_it_was_written(store: CorpusStore) -> None:
    bare = DocumentRecord("docs", "b.md", "", "", "f2", peer_reviewed=False)
    await _flip(store, _first(RECORD, bare))
    assert await store.current() == Corpus("c", 1)
    assert await store.records("docs", 1) == {"a.md": RECORD, "b.md": bare}
    assert await store.served(1) == {"docs": Served(documents=2, chunks=2)}


async def test_the_catalog_has_the_documents_without_their_chunks(store: CorpusStore) -> None:
    await _flip(store, _first(RECORD))
    assert await store.at(1) == {("docs", "a.md"): replace(RECORD, chunks={})}


async def test_each_generation_keeps_its_own_records(store: CorpusStore) -> None:
    other = replace(RECORD, source="blog")
    await _flip(store, _first(RECORD, other))
    changed = replace(RECORD, url="https://example.org/new", chunks={"k1": 1, "k3": 2})
    await _flip(store, Flip(Corpus("c", 1), Corpus("c", 2), [changed], [("blog", "a.md")]))
    assert await store.records("docs", 1) == {"a.md": RECORD}
    assert await store.records("docs", 2) == {"a.md": changed}
    assert await store.records("blog", 1) == {"a.md": other}
    assert await store.records("blog", 2) == {}


async def test_many_records_are_written_in_one_flip(store: CorpusStore) -> None:
    many = [replace(RECORD, path=f"{n}.md") for n in range(1201)]
    await _flip(store, _first(*many))
    assert await store.served(1) == {"docs": Served(1201, 2402)}


@pytest.mark.parametrize("before", [None, Corpus("c", 2), Corpus("other", 1)])
async def test_a_flip_from_what_is_not_served_changes_nothing(
    store: CorpusStore, before: Corpus | None
) -> None:
    await _flip(store, _first(RECORD))
    with pytest.raises(SyncRunning, match="took over"):
        await _flip(store, Flip(before, Corpus("c", 3), [replace(RECORD, title="B")], []))
    assert await store.current() == Corpus("c", 1)
    assert await store.records("docs", 1) == {"a.md": RECORD}


async def test_a_flip_without_the_lease_changes_nothing(
    store: CorpusStore, database: Postgres
) -> None:
    with pytest.raises(SyncRunning, match="took over"):
        await store.flip(SyncLease(database, uuid4(), 30), _first(RECORD))
    assert await store.current() is None


async def test_the_states_of_sources_change_with_the_flip_or_not_at_all(
    store: CorpusStore, database: Postgres
) -> None:
    old, new = SourceState("/a", "[]", "p"), SourceState("/b", "[]", "q")
    await _flip(store, replace(_first(RECORD), sources=SourceChanges({"docs": old, "blog": old})))
    later = Flip(Corpus("c", 1), Corpus("c", 2), [], [], SourceChanges({"docs": new}, ["blog"]))
    with pytest.raises(SyncRunning):
        await _flip(store, replace(later, before=Corpus("c", 7)))
    assert await store.states() == {"blog": old, "docs": old}
    await _flip(store, later)
    assert await store.states() == {"docs": new}


async def test_a_sync_that_lost_its_lease_notes_nothing(
    store: CorpusStore, database: Postgres
) -> None:
    changes = SourceChanges({"docs": SourceState("/a", "", "")})
    with pytest.raises(SyncRunning, match="took over"):
        await store.record(SyncLease(database, uuid4(), 30), changes)
    assert await store.states() == {}


async def test_the_catalog_reads_a_generation_once(database: Postgres) -> None:
    await _flip(CorpusStore(database), _first(RECORD))
    watch = Watch()
    store = CorpusStore(WatchedDatabase(database, watch))
    found = await asyncio.gather(*(store.at(1) for _ in range(5)))
    assert all(records is found[0] for records in found)
    assert len(watch.calls) == 1


async def test_the_catalog_remembers_the_last_generations_alone(database: Postgres) -> None:
    watch = Watch()
    store = CorpusStore(WatchedDatabase(database, watch))
    for generation in (1, 2, 3, 4, 3, 4, 2):
        await store.at(generation)
    assert len(watch.calls) == 4
    await store.at(1)
    assert len(watch.calls) == 5


async def test_the_horizon_is_what_was_served_when_the_retention_began(
    store: CorpusStore, database: Postgres
) -> None:
    for generation in (1, 2, 3):
        before = Corpus("c", generation - 1) if generation > 1 else None
        await _flip(store, Flip(before, Corpus("c", generation), [RECORD], []))
    await database.execute(
        "UPDATE generations SET flipped_at = now() - make_interval(hours => 4 - generation::INT)"
    )
    assert await store.horizon(timedelta(minutes=30)) == 3
    assert await store.horizon(timedelta(minutes=150)) == 1
    assert await store.horizon(timedelta(hours=9)) is None


async def test_pruning_forgets_what_ended_before_the_horizon(store: CorpusStore) -> None:
    await _flip(store, _first(RECORD))
    for generation in (2, 3):
        changed = replace(RECORD, title=f"Title {generation}")
        flip = Flip(Corpus("c", generation - 1), Corpus("c", generation), [changed], [])
        await _flip(store, flip)
    await store.prune(2)
    assert await store.horizon(timedelta(0)) == 3
    assert await store.records("docs", 1) == {}
    assert {r.title for r in (await store.records("docs", 2)).values()} == {"Title 2"}
    assert {r.title for r in (await store.records("docs", 3)).values()} == {"Title 3"}
    await store.prune(3)
    assert await store.horizon(timedelta(0)) == 3


async def test_one_holder_at_a_time(database: Postgres) -> None:
    async with sync_lease(database, "first"):
        with pytest.raises(SyncRunning, match="A sync by first has been running since") as error:
            await SyncLease(database, uuid4(), 30).acquire("second")
        assert re.search(r"can start at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", error.value.hint)
    async with sync_lease(database, "second") as lease:
        await lease.confirm()


async def test_two_that_start_at_once_do_not_both_get_it(database: Postgres) -> None:
    leases = [SyncLease(database, uuid4(), 30) for _ in range(8)]
    results = await asyncio.gather(*(x.acquire("x") for x in leases), return_exceptions=True)
    assert [type(result) for result in results].count(SyncRunning) == 7


async def test_an_expired_lease_is_taken_over_and_its_holder_told(database: Postgres) -> None:
    slow = SyncLease(database, uuid4(), 0)
    await slow.acquire("slow")
    await SyncLease(database, uuid4(), 30).acquire("quick")
    with pytest.raises(SyncRunning, match="quick"):
        await slow.confirm()


async def test_an_expired_lease_that_nobody_took_is_held_again(database: Postgres) -> None:
    slow = SyncLease(database, uuid4(), 0)
    await slow.acquire("slow")
    await slow.confirm()


async def test_a_lease_that_counts_as_held_asks_nobody(database: Postgres) -> None:
    watch = Watch()
    lease = SyncLease(WatchedDatabase(database, watch), uuid4(), 30)
    await lease.acquire("a test")
    await lease.confirm()
    assert len(watch.calls) == 1


async def test_a_lease_counts_as_held_no_longer_than_a_write_in_time_may_last(
    database: Postgres,
) -> None:
    watch = Watch()
    lease = SyncLease(WatchedDatabase(database, watch), uuid4(), 0.6)
    await lease.acquire("a test")
    await asyncio.sleep(0.45)
    await lease.confirm()
    assert len(watch.calls) == 2


async def test_a_lease_is_renewed_while_it_is_held(database: Postgres) -> None:
    renewed = asyncio.Event()

    class Renewals(Watch):
        def see(self, call: str) -> None:
            super().see(call)
            if self.calls.count("database.execute UPDATE sync_lease SET") == 3:
                renewed.set()

    async with sync_lease(WatchedDatabase(database, Renewals()), "a test", seconds=0.06):
        await renewed.wait()


async def test_a_database_that_fails_while_a_lease_is_held_breaks_nothing_off(
    database: Postgres,
) -> None:
    asked_again = asyncio.Event()

    class Failing(Watch):
        def see(self, call: str) -> None:
            super().see(call)
            if len(self.calls) == 3:
                asked_again.set()
            if not call.startswith("database.execute INSERT"):
                raise ServiceUnavailable("PostgreSQL", "it is away")

    async with sync_lease(WatchedDatabase(database, Failing()), "a test", seconds=0.06):
        await asked_again.wait()


async def test_who_asks_just_as_a_sync_ends_is_told_to_ask_again(database: Postgres) -> None:
    lease = SyncLease(database, uuid4(), 0)
    await lease.acquire("a test")
    await lease.release()
    with pytest.raises(SyncRunning, match="a moment ago"):
        await lease.renew()
