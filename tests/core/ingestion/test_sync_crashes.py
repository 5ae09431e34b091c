"""A sync that dies, at whatever point, changes nothing that is served, and costs little."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from core.backends.postgres import Postgres
from core.errors import CorpusError, ServiceUnavailable, SyncRunning
from core.ingestion.documents import SourceProfile, Weighed, prepare
from core.ingestion.indexing import Engines, NextGeneration
from core.ingestion.lease import SyncLease
from core.ingestion.report import Tally
from core.ingestion.sync import SyncSettings
from core.model import Chunk, Corpus, Point
from core.ports import Entry, VectorWriter
from tests.support.embedder import HashingEmbedder, WordCounts
from tests.support.library import Library, open_library
from tests.support.points import NOTHING
from tests.support.watched import Crash, WatchedWriter

BLOCK = 2
IN_FLIGHT = 3 * BLOCK  # one block being embedded, one waiting, one being written


@pytest.fixture
async def library(database: Postgres, tmp_path: Path) -> AsyncIterator[Library]:
    async with open_library(database, tmp_path / "index") as opened:
        opened.settings = SyncSettings(retention=timedelta(0), block=BLOCK)
        yield opened


def _edition(number: int) -> dict[str, str]:
    """Between two editions documents stay, change, move, come and go."""
    return {
        "same.md": "# Same\n\nAlways the same.\n",
        "changed.md": f"# Changed\n\n## One\n\nStays.\n\n## Two\n\nEdition {number}.\n",
        f"moved-{number}.md": "# Moved\n\nThis text only moves.\n",
        f"only-{number}.md": f"# Only\n\nOnly in edition {number}.\n",
        **{
            f"page-{n}.md": f"# Page\n\nPage {n} of edition {number}, {'long ' * n}.\n"
            for n in range(6)
        },
    }


def _texts(files: dict[str, str]) -> dict[str, set[str]]:
    """By path, what a reader must be able to find."""
    found: dict[str, set[str]] = {}
    for chunk in _chunks(files):
        found.setdefault(chunk.path, set()).add(chunk.text)
    return found


def _chunks(files: dict[str, str]) -> list[Chunk]:
    profile = SourceProfile("docs")
    return [
        chunk
        for path, text in files.items()
        for chunk, _ in prepare(
            profile, Entry(path), text.encode(), "", WordCounts()
        ).chunks.values()
    ]


async def _found(library: Library, corpus: Corpus | None) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for chunk in await library.chunks(corpus):
        found.setdefault(chunk.path, set()).add(chunk.text)
    return found


async def _crash_then_finish(library: Library, edition: int, crash_at: int) -> bool:
    """Takes the library to the next edition with a crash on the way; False if none happened."""
    before = await library.store.current()
    served = await _found(library, before)
    library.source.files = _edition(edition)
    wanted = {chunk.content_hash for chunk in _chunks(library.source.files)}
    stored = library.index.vectors
    missing = len(wanted) - len(await stored(library.embedder.model.collection, list(wanted)))
    try:
        await library.sync(allow_shrink=True, crash_at=crash_at)
    except Crash:
        pass
    else:
        return False
    await library.let_leases_expire()
    paid = len(library.embedder.embedded)
    after = await library.store.current()
    flipped = after != before
    assert await _found(library, after) == (_texts(_edition(edition)) if flipped else served)
    left = len(wanted) - len(await stored(library.embedder.model.collection, list(wanted)))
    assert paid - (missing - left) <= IN_FLIGHT
    report = await library.sync(allow_shrink=True)
    assert report.embedded == left
    assert await _found(library, await library.store.current()) == _texts(_edition(edition))
    return True


async def test_a_crash_at_any_call_changes_nothing_and_costs_the_blocks_in_flight(
    library: Library,
) -> None:
    library.source.files = _edition(0)
    await library.sync()
    crashes = 0
    while await _crash_then_finish(library, crashes + 1, crashes + 1):
        crashes += 1
    assert crashes > 30
    seen = set(library.watch.calls)
    assert {"writer.recover", "writer.write", "writer.close", "writer.prune"} <= seen
    assert {"index.vectors", "index.count", "embedder.embed_documents"} <= seen


async def test_a_rebuild_that_crashes_never_leaves_a_gap_in_what_is_served(
    library: Library,
) -> None:
    library.source.files = _edition(0)
    await library.sync()
    served = _texts(library.source.files)
    crashes = 0
    while True:
        try:
            await library.sync(rebuild=True, crash_at=crashes + 1)
            break
        except Crash:
            crashes += 1
            assert await _found(library, await library.store.current()) == served
            await library.let_leases_expire()
    assert crashes > 10
    assert await _found(library, await library.store.current()) == served


async def test_a_crash_while_the_model_changes_leaves_the_old_model_served(
    library: Library,
) -> None:
    library.source.files = _edition(0)
    await library.sync()
    old = library.embedder
    served = await _found(library, await library.store.current())
    library.embedder = HashingEmbedder("better", 48)
    for crash_at in range(1, 100):
        try:
            await library.sync(crash_at=crash_at)
        except Crash:
            await library.let_leases_expire()
            corpus = await library.store.current()
            if corpus is None or corpus.collection == old.model.collection:
                library.embedder, new = old, library.embedder
                assert await _found(library, corpus) == served
                library.embedder = new
        else:
            break
    corpus = await library.store.current()
    assert corpus is not None
    assert corpus.collection == "docent-better-48"
    assert await _found(library, corpus) == served


async def test_a_flip_to_new_labels_shows_nothing_of_a_dead_sync(library: Library) -> None:
    library.source.files = _edition(0)
    await library.sync()
    served = await _found(library, await library.store.current())
    library.source.files = _edition(1)
    with pytest.raises(Crash):
        await library.sync(allow_shrink=True, crash_at=_last_write(library))
    library.source.files = _edition(0)
    library.source.versions = {"same.md": "commit-2"}
    report = await library.sync()
    assert report.relabelled == ("docs/same.md",)
    assert report.written == report.closed == 0
    assert await _found(library, await library.store.current()) == served


def _last_write(library: Library) -> int:
    """The number of the call after the last write, in a sync like the last one."""
    calls = library.watch.calls
    return len(calls) - calls[::-1].index("writer.write") + 1


async def test_what_a_dead_sync_wrote_is_deleted_with_the_next_that_ends(library: Library) -> None:
    library.source.files = {"kept.md": "# Kept\n\nKept.\n"}
    await library.sync()
    library.source.files["dead.md"] = "# Dead\n\nNever served.\n"
    [dead] = [chunk.content_hash for chunk in _chunks(library.source.files) if chunk.path[0] == "d"]
    with pytest.raises(Crash):
        await library.sync(faults={"writer.close": Crash()})
    collection = library.embedder.model.collection
    assert await library.index.vectors(collection, [dead])
    del library.source.files["dead.md"]
    library.source.files["new.md"] = "# New\n\nServed.\n"
    report = await library.sync()
    assert (report.added, report.changed, report.removed) == (("docs/new.md",), (), ())
    assert not await library.index.vectors(collection, [dead])


class SlowWriter:
    """A writer that others could run ahead of; `ahead` is by how many chunks they did."""

    def __init__(self, inner: VectorWriter, embedder: HashingEmbedder) -> None:
        self._inner = inner
        self._embedder = embedder
        self._written = 0
        self.ahead: list[int] = []

    async def recover(self, generation: int) -> None:
        await self._inner.recover(generation)

    async def write(self, points: Sequence[Point]) -> None:
        await asyncio.sleep(0.005)
        self.ahead.append(len(self._embedder.embedded) - self._written)
        self._written += len(points)


async def test_no_more_than_a_few_blocks_are_held_in_memory(library: Library) -> None:
    async def documents() -> AsyncGenerator[tuple[Weighed, ...], None]:
        for chunk in _chunks({f"{n}.md": f"# {n}\n\nText {n}.\n" for n in range(60)}):
            yield ((chunk, NOTHING),)

    lease = SyncLease(library.database, uuid4(), 30)
    await lease.acquire("a test")
    writer = SlowWriter(await library.index.writer(library.embedder.model), library.embedder)
    engines = Engines(library.index, writer, library.embedder, WordCounts())  # type: ignore[arg-type] # it seals nothing
    tally = Tally(lambda _: None)
    coming = NextGeneration(engines, lease, tally, base=0, generation=1, block=BLOCK)
    await coming.write(documents())
    assert len(writer.ahead) == 30
    assert max(writer.ahead) <= IN_FLIGHT


async def test_a_sync_that_lost_its_lease_serves_nothing(library: Library) -> None:
    library.source.files = _edition(0)
    async with AsyncExitStack() as stack:

        async def steal() -> None:
            await library.let_leases_expire()
            await stack.enter_async_context(library.store.lease("thief"))
            library.source.before_read = None

        library.source.before_read = steal
        with pytest.raises(SyncRunning, match="took over"):
            await library.sync()
    assert await library.store.current() is None


async def test_a_sync_whose_lease_was_taken_over_writes_no_more(library: Library) -> None:
    async def late() -> AsyncGenerator[tuple[Weighed, ...], None]:
        await SyncLease(library.database, uuid4(), 30).acquire("quick")
        yield tuple((chunk, NOTHING) for chunk in _chunks(_edition(0)))

    slow = SyncLease(library.database, uuid4(), 0)
    await slow.acquire("slow")
    writer = WatchedWriter(await library.index.writer(library.embedder.model), library.watch)
    engines = Engines(library.index, writer, library.embedder, WordCounts())
    coming = NextGeneration(engines, slow, Tally(lambda _: None), base=0, generation=1, block=BLOCK)
    with pytest.raises(SyncRunning, match="quick"):
        await coming.write(late())
    with pytest.raises(SyncRunning, match="quick"):
        await coming.seal([uuid4()])
    assert library.watch.calls == []


async def test_old_generations_that_cannot_be_deleted_yet_do_not_fail_the_sync(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    library.source.files = _edition(0)
    await library.sync()
    before = await library.store.current()
    library.source.files = _edition(1)
    broken = {"writer.prune": ServiceUnavailable("Qdrant", "it is away")}
    report = await library.sync(allow_shrink=True, faults=broken)
    assert report.generation == 2
    assert "Qdrant: it is away" in caplog.text
    assert await _found(library, before) == _texts(_edition(0))
    library.source.files = _edition(2)
    await library.sync(allow_shrink=True)
    assert await _found(library, before) != _texts(_edition(0))


async def test_an_index_that_swallows_a_write_is_noticed_before_the_flip(
    library: Library,
) -> None:
    library.source.files = _edition(0)
    with pytest.raises(CorpusError, match=r"holds 0 chunks .* 11 were expected"):
        await library.sync(swallow={"writer.write"})
    assert await library.store.current() is None
