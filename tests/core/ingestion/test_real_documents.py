"""The Markdown of FastAPI's documentation, published at fastapi.tiangolo.com by MkDocs."""

import re
from pathlib import Path

import pytest

from core.ingestion.addresses import SlugRule, document_url
from core.ingestion.chunking import ChunkSettings, chunk
from core.ingestion.parsing import parse
from core.ingestion.token_estimate import estimate_tokens
from core.model import Chunk, Document, Section
from core.retrieval.passages import deep_link

DOCS = Path(__file__).parents[4] / "shared/corpus/fastapi-docs/docs"
SITE = "https://fastapi.tiangolo.com/"

pytestmark = pytest.mark.skipif(
    not DOCS.is_dir(), reason="needs the documents in ../shared/corpus/fastapi-docs"
)


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    paths = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
    return {name: parse(name, path.read_bytes()) for name, path in paths.items()}


@pytest.fixture(scope="module")
def chunks(documents: dict[str, Document]) -> list[Chunk]:
    return [piece for document in documents.values() for piece in chunk(document, "fastapi")]


def sections_of(sections: tuple[Section, ...]) -> list[Section]:
    return [s for section in sections for s in (section, *sections_of(section.children))]


def test_every_document_is_read(documents: dict[str, Document]) -> None:
    assert len(documents) == 155
    assert all(document.title and document.sections for document in documents.values())


@pytest.mark.parametrize(
    ("path", "heading", "url"),
    [
        ("index.md", "Interactive API docs", "#interactive-api-docs"),
        ("tutorial/query-params.md", "Defaults", "tutorial/query-params/#defaults"),
        (
            "tutorial/first-steps.md",
            "Check the openapi.json",
            "tutorial/first-steps/#check-the-openapi-json",
        ),
        (
            "tutorial/dependencies/index.md",
            'Create a dependency, or "dependable"',
            "tutorial/dependencies/#create-a-dependency-or-dependable",
        ),
        (
            "async.md",
            "Is concurrency better than parallelism?",
            "async/#is-concurrency-better-than-parallelism",
        ),
        ("advanced/events.md", "Lifespan Events", "advanced/events/#lifespan-events"),
    ],
)
def test_links_are_those_of_the_published_site(
    documents: dict[str, Document], path: str, heading: str, url: str
) -> None:
    document = documents[path]
    section = next(s for s in sections_of(document.sections) if s.heading == heading)
    page = document_url(document, SITE, SlugRule.MKDOCS)
    assert deep_link(page, section.anchor) == SITE + url


def test_every_link_within_the_docs_that_names_an_anchor_finds_its_section(
    documents: dict[str, Document],
) -> None:
    anchors = {
        path: {s.anchor for s in sections_of(document.sections)}
        for path, document in documents.items()
    }
    broken = [
        (path, anchor)
        for path, document in documents.items()
        for section in sections_of(document.sections)
        for anchor in re.findall(r"\]\(#([^)\s]+)\)", section.text)
        if anchor not in anchors[path]
    ]
    assert broken == []


def test_nothing_of_the_site_generator_is_left_in_the_text(
    documents: dict[str, Document],
) -> None:
    prose = "\n".join(
        re.sub(r"```.*?```", "", section.text, flags=re.DOTALL)
        for document in documents.values()
        for section in sections_of(document.sections)
    )
    left = re.findall(r"^(?:///.*|:::.*|\{[*!%].*|<!--.*|</?div.*)$", prose, re.MULTILINE)
    assert left == []


def test_chunks_are_within_the_limit_and_have_keys_of_their_own(chunks: list[Chunk]) -> None:
    limit = ChunkSettings().max_tokens
    assert [c.path for c in chunks if estimate_tokens(c.embedding_text) > limit] == []
    assert len({c.key for c in chunks}) == len(chunks) > 3_000


def test_a_chunk_holds_what_the_docs_say_of_defaults(chunks: list[Chunk]) -> None:
    (first, *_) = [c for c in chunks if c.anchor == "defaults" and "query-params.md" in c.path]
    assert first.heading_path == ("Defaults",)
    assert first.embedding_text.startswith("Query Parameters\nDefaults\nAs query parameters are")
