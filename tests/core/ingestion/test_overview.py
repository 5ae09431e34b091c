"""What is served, at a glance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.ingestion.overview import read_overview
from core.model import EVERYTHING, Scope
from core.ports import Database
from tests.support.library import open_library
from tests.support.memory_source import MemorySource


async def test_before_the_first_sync_there_is_none(database: Database) -> None:
    assert await read_overview(database, EVERYTHING) is None


async def test_it_counts_what_is_served_now_in_each_source(
    database: Database, tmp_path: Path
) -> None:
    async with open_library(database, tmp_path) as library:
        guide = MemorySource("guide", {"a.md": "# One\n\nText.", "b/c.md": "# Two\n\nText."})
        papers = MemorySource("papers", {"p.md": "# Three\n\nText."})
        await library.sync([guide, papers])
        del guide.files["b/c.md"]
        await library.sync([guide, papers], allow_shrink=True)
    found = await read_overview(database, EVERYTHING)
    assert found is not None
    assert found.generation == 2
    assert {name: served.documents for name, served in found.sources.items()} == {
        "guide": 1,
        "papers": 1,
    }
    assert found.documents == 2
    assert found.titles == {"guide": ("One",), "papers": ("Three",)}
    assert datetime.now(UTC) - found.since < timedelta(minutes=5)


async def test_a_sync_without_a_change_is_told_too(database: Database, tmp_path: Path) -> None:
    source = MemorySource("guide", {"a.md": "# One\n\nText."})
    async with open_library(database, tmp_path) as library:
        await library.sync([source])
        first = await read_overview(database, EVERYTHING)
        await library.sync([source])
    found = await read_overview(database, EVERYTHING)
    assert first is not None
    assert found is not None
    assert found.since == first.since
    assert first.synced is not None
    assert found.synced is not None
    assert found.synced > first.synced


async def test_titles_begin_near_the_root(database: Database, tmp_path: Path) -> None:
    async with open_library(database, tmp_path) as library:
        files = {f"a/b/{n}.md": f"# Deep {n}\n\nText." for n in range(9)} | {
            "z.md": "# Top\n\nText."
        }
        await library.sync([MemorySource("guide", files)])
    found = await read_overview(database, EVERYTHING)
    assert found is not None
    assert found.titles["guide"][:2] == ("Top", "Deep 0")
    assert len(found.titles["guide"]) == 8


async def test_what_the_scope_leaves_out_is_not_seen(database: Database, tmp_path: Path) -> None:
    async with open_library(database, tmp_path) as library:
        sources = [MemorySource(name, {"a.md": "# A\n\nText."}) for name in ("open", "secret")]
        await library.sync(sources)
    found = await read_overview(database, Scope(frozenset({"open"})))
    assert found is not None
    assert list(found.sources) == list(found.titles) == ["open"]
    empty = await read_overview(database, Scope(frozenset()))
    assert empty is not None
    assert empty.documents == 0
