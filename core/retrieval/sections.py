"""A document as its readers find it: section by section, from its chunks (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from core.model import Chunk
from core.retrieval.links import Records, with_published_links
from core.retrieval.passages import deep_link


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """A section with text of its own; `url` leads to it, empty where it is published nowhere."""

    heading_path: tuple[str, ...]
    anchor: str
    url: str
    text: str


def sections(chunks: Iterable[Chunk], records: Records) -> list[DocumentSection]:
    """The sections of one document, whose chunks come in their order.

    Chunks of a document that `records` lacks are left out: it is not served.
    """
    served = (chunk for chunk in chunks if (chunk.source, chunk.path) in records)
    return [
        _section(list(run), records)
        for _, run in groupby(served, key=lambda chunk: (chunk.anchor, chunk.heading_path))
    ]


def _section(chunks: list[Chunk], records: Records) -> DocumentSection:
    first = chunks[0]
    record = records[first.source, first.path]
    text = "\n\n".join(chunk.text for chunk in chunks)
    return DocumentSection(
        heading_path=first.heading_path,
        anchor=first.anchor,
        url=deep_link(record.url, record.fragments.get(first.anchor, first.anchor)),
        text=with_published_links(text, record, records),
    )
