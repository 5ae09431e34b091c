"""Syncs of what is read over a network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.backends.postgres import Postgres
from core.errors import SourceUnavailable
from core.ingestion.addresses import SlugRule
from core.ingestion.documents import SourceProfile
from core.ingestion.sources.git import GitSource
from core.ingestion.sources.git_mirror import Mirror
from core.ingestion.sources.politeness import Manners
from core.ingestion.sources.website import WebsiteSource
from core.model import DocumentRecord
from tests.support.git_server import Repository
from tests.support.library import Library, open_library
from tests.support.quick_clock import QuickClock
from tests.support.stuck_git import open_stuck_git
from tests.support.website import Answer, Website, open_website, page

PAGES = {
    "/": page("<h1>Docs</h1><p>Welcome.</p><a href=/tea>Tea</a><a href=/coffee>Coffee</a>"),
    "/tea": page("<h1>Tea</h1><h2 id=brew>Brewing</h2><p>Four minutes.</p>"),
    "/coffee": page("<h1>Coffee</h1><p>Thirty seconds.</p>"),
}


@pytest.fixture
async def library(database: Postgres, tmp_path: Path) -> AsyncIterator[Library]:
    async with open_library(database, tmp_path / "index") as opened:
        yield opened


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with open_website(PAGES) as opened:
        yield opened


@pytest.fixture
def source(site: Website, tmp_path: Path) -> WebsiteSource:
    manners = Manners(delay=0)
    return WebsiteSource(
        "docs",
        site.url,
        tmp_path / "pages",
        allow_private=True,
        manners=manners,
        clock=QuickClock(),
    )


async def records(library: Library) -> dict[str, DocumentRecord]:
    corpus = await library.store.current()
    assert corpus is not None
    return await library.store.records("docs", corpus.generation)


async def test_sections_of_a_website_are_found_with_their_addresses(
    library: Library, site: Website, source: WebsiteSource
) -> None:
    report = await library.sync([source])
    assert (report.documents, report.failed) == (3, {})
    assert (await records(library))["tea"].url == f"{site.url}/tea"
    assert ("tea", "brew", "Four minutes.") in {
        (chunk.path, chunk.anchor, chunk.text) for chunk in await library.chunks()
    }


async def test_a_website_that_did_not_change_costs_nothing(
    library: Library, site: Website, source: WebsiteSource
) -> None:
    await library.sync([source])
    site.sent.clear()
    again = await library.sync([source])
    assert (again.embedded, again.written, again.generation) == (0, 0, 1)
    assert not set(site.sent) & set(PAGES)


async def test_of_a_website_only_what_changed_is_embedded(
    library: Library, site: Website, source: WebsiteSource
) -> None:
    await library.sync([source])
    site.pages["/tea"] = page("<h1>Tea</h1><h2 id=brew>Brewing</h2><p>Five minutes.</p>")
    again = await library.sync([source])
    assert (again.embedded, again.changed) == (1, ("docs/tea",))


async def test_a_page_that_fails_is_named_and_its_old_version_is_served(
    library: Library, site: Website, source: WebsiteSource
) -> None:
    await library.sync([source])
    before = await library.texts()
    site.pages["/tea"] = Answer(status=500)
    report = await library.sync([source])
    assert report.failed == {"docs/tea": "it answered with status 500"}
    assert await library.texts() == before


async def test_a_website_that_is_away_leaves_what_is_served(
    library: Library, site: Website, source: WebsiteSource
) -> None:
    await library.sync([source])
    before = await library.texts()
    site.pages["/robots.txt"] = Answer(status=502)
    with pytest.raises(SourceUnavailable):
        await library.sync([source])
    assert await library.texts() == before


def committed(folder: Path) -> tuple[Repository, GitSource]:
    """A repository with a document, and the source that reads it."""
    repository = Repository(folder / "docs.git")
    repository.commit({"a.md": "# A\n\nText."})
    url = str(repository.path)
    return repository, GitSource("docs", Mirror(url, folder / "mirror"), shown=url)


async def test_a_new_commit_is_where_links_lead_and_rewrites_no_chunk(
    library: Library, tmp_path: Path
) -> None:
    repository, source = committed(tmp_path)
    profile = SourceProfile("docs", "https://git.example/blob/{commit}/", SlugRule.GITHUB)
    await library.sync([source], profiles=[profile])
    commit = repository.commit({"a.md": "# A\n\nText.", "logo.png": "x"})
    again = await library.sync([source], profiles=[profile])
    assert (again.embedded, again.written) == (0, 0)
    record = (await records(library))["a.md"]
    assert (record.url, record.version) == (f"https://git.example/blob/{commit}/a.md", commit)


async def test_a_repository_that_never_comes_leaves_what_is_served_and_the_next_sync_goes_on(
    library: Library, tmp_path: Path
) -> None:
    repository, source = committed(tmp_path)
    await library.sync([source])
    before = await library.texts()
    async with open_stuck_git() as stuck:
        mirror = Mirror(stuck.url("git"), tmp_path / "mirror")
        away = GitSource("docs", mirror, shown=str(repository.path), within=0.6)
        with pytest.raises(SourceUnavailable, match="it was not fetched within"):
            await library.sync([away])
    assert await library.texts() == before
    repository.commit({"a.md": "# A\n\nNew text."})
    assert (await library.sync([source])).changed == ("docs/a.md",)
