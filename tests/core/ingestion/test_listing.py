"""What is served is listed page by page, and found with its chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.backends.postgres import Postgres
from core.ingestion.listing import Listing
from core.model import EVERYTHING, Scope
from tests.support.library import Library, open_library
from tests.support.memory_source import MemorySource


@pytest.fixture
async def library(database: Postgres, tmp_path: Path) -> AsyncIterator[Library]:
    async with open_library(database, tmp_path) as opened:
        yield opened


@pytest.fixture
async def listing(library: Library, database: Postgres) -> Listing:
    docs = MemorySource(name="docs", files={f"{n}.md": f"# T{n}\n\nText {n}." for n in range(3)})
    minutes = MemorySource(name="minutes", files={"a.md": "# A\n\nOne.\n\n## B\n\nTwo.\n"})
    await library.sync([docs, minutes])
    return Listing(database, EVERYTHING)


async def test_pages_follow_each_other_over_all_sources(listing: Listing) -> None:
    first = await listing.page(limit=2)
    last = first[-1]
    rest = await listing.page(limit=9, after=(last.source, last.path))
    assert [(d.source, d.path, d.title) for d in (*first, *rest)] == [
        ("docs", "0.md", "T0"),
        ("docs", "1.md", "T1"),
        ("docs", "2.md", "T2"),
        ("minutes", "a.md", "A"),
    ]
    assert [d.path for d in await listing.page(limit=9, source="minutes")] == ["a.md"]


async def test_a_scope_hides_what_is_beyond_it(listing: Listing, database: Postgres) -> None:
    narrow = Listing(database, Scope(frozenset({"docs"})))
    assert {d.source for d in await narrow.page(limit=9)} == {"docs"}
    assert await narrow.find("minutes", "a.md") is None


async def test_a_document_is_found_with_its_chunks_in_order(
    listing: Listing, library: Library
) -> None:
    found = await listing.find("minutes", "a.md")
    assert found is not None
    assert found.listed.chunks == len(found.points) == 2
    chunks = await library.index.chunks(found.corpus.collection, found.points)
    assert [chunk.text for chunk in chunks] == ["One.", "Two."]
    assert await listing.find("docs", "9.md") is None


async def test_what_was_removed_is_not_there(listing: Listing, library: Library) -> None:
    docs = MemorySource(name="docs", files={"0.md": "# T0\n\nText 0."})
    await library.sync([docs], allow_shrink=True)
    assert [d.path for d in await listing.page(limit=9, source="docs")] == ["0.md"]
    assert await listing.find("docs", "1.md") is None
