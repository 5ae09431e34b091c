"""FastAPI's documentation in a folder, in a Git repository and on a website."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from core.ingestion.parsing import parse
from core.ingestion.sources.folder import FolderSource
from core.ingestion.sources.git import GitSource
from core.ingestion.sources.git_mirror import Mirror
from core.ingestion.sources.politeness import Manners
from core.ingestion.sources.website import WebsiteSource
from core.model import Section
from core.ports import Source
from tests.support.git_server import Repository, open_git_server
from tests.support.rendered_docs import address, render_site
from tests.support.website import open_website

DOCS = Path(__file__).parents[5] / "shared/corpus/fastapi-docs/docs"

pytestmark = pytest.mark.skipif(
    not DOCS.is_dir(), reason="needs the documents in ../shared/corpus/fastapi-docs"
)

Row = tuple[tuple[str, ...], str, str]


def rows(sections: Sequence[Section], above: tuple[str, ...] = ()) -> Iterator[Row]:
    """(heading path, anchor, text) of every section, in reading order."""
    for section in sections:
        headings = (*above, section.heading)
        yield headings, section.anchor, section.text
        yield from rows(section.children, headings)


async def sections_of(source: Source) -> dict[str, list[Row]]:
    found = {}
    for entry in await source.entries():
        document = parse(entry.path, (await source.read(entry)).data, suffix=entry.format)
        found[entry.path] = list(rows(document.sections))
    return found


@pytest.fixture
async def in_the_folder() -> dict[str, list[Row]]:
    return await sections_of(FolderSource("docs", DOCS))


async def test_a_repository_gives_the_sections_of_the_folder(
    in_the_folder: dict[str, list[Row]], tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "docs.git")
    files = sorted(DOCS.rglob("*.md"))
    repository.commit({f"docs/{f.relative_to(DOCS).as_posix()}": f.read_bytes() for f in files})
    with open_git_server(repository) as url:
        source = GitSource("docs", Mirror(url, tmp_path / "mirror"), shown=url, folder="docs")
        assert await sections_of(source) == in_the_folder


def words(text: str) -> list[str]:
    """The words of a text, without what a page tells in another way, if at all.

    That are the addresses of links, pictures, and what stands behind the mark of a code block.
    """
    text = re.sub(r"^(\s*(?:`{3,}|~{3,})).*$", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    return re.findall(r"[^\W_]+", re.sub(r"\]\([^)]*\)", "]", text))


async def test_a_website_gives_the_sections_of_the_folder(
    in_the_folder: dict[str, list[Row]], tmp_path: Path
) -> None:
    texts = {f.relative_to(DOCS).as_posix(): f.read_text("utf-8") for f in DOCS.rglob("*.md")}
    async with open_website(render_site(texts)) as site:
        source = WebsiteSource(
            "docs", site.url, tmp_path, allow_private=True, manners=Manners(at_once=8, delay=0)
        )
        on_the_site = await sections_of(source)
    expected = {address(path).lstrip("/") or "/": found for path, found in in_the_folder.items()}
    assert on_the_site.keys() == expected.keys()
    for path, found in expected.items():
        places = [(headings, anchor) for headings, anchor, _ in found]
        assert [(h, a) for h, a, _ in on_the_site[path]] == places, path
        for (headings, _, text), (_, _, other) in zip(found, on_the_site[path], strict=True):
            assert words(other) == words(text), (path, headings)
