"""From a document's sections to the chunks that are embedded and cited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.ingestion.splitting import split
from core.ingestion.token_estimate import estimate_tokens
from core.model import Chunk, Document, Section


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """`max_tokens` is the size of a chunk with its title and headings, in estimated word pieces.

    The default leaves room for the estimate's error within the 256 that MiniLM reads.
    """

    max_tokens: int = 200


def chunk(
    document: Document, source_name: str, settings: ChunkSettings | None = None
) -> tuple[Chunk, ...]:
    """The document's chunks, in order. A section without text of its own gives none.

    A fence or table that fits is whole, and a larger one is cut between lines into pieces that
    are each valid Markdown. Nothing overlaps. Where title and headings take up more than half of
    a chunk, the text is still given that half.
    """
    limit = (settings or ChunkSettings()).max_tokens
    return tuple(
        Chunk(source_name, document.path, document.title, path, section.anchor, ordinal, text)
        for path, section in _walk(document.sections, (), document.title)
        for ordinal, text in enumerate(_texts(document.title, path, section.text, limit))
    )


def _walk(
    sections: Iterable[Section], above: tuple[str, ...], title: str
) -> Iterator[tuple[tuple[str, ...], Section]]:
    """Each section with its heading path, in which the document's title is left out."""
    for section in sections:
        is_title = not above and section.heading == title
        path = above if is_title or not section.heading else (*above, section.heading)
        yield path, section
        yield from _walk(section.children, path, title)


def _texts(title: str, path: tuple[str, ...], text: str, limit: int) -> list[str]:
    headings = estimate_tokens("\n".join([title, *path]))
    return split(text, max(limit - headings, limit // 2)) if text.strip() else []
