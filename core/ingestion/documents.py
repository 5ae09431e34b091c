"""From the bytes of a document to what is recorded and indexed of it, as its source has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from core.errors import DocumentUnreadable
from core.ingestion.addresses import SlugRule, document_url
from core.ingestion.chunking import chunk
from core.ingestion.parsing import parse
from core.ingestion.sources.patterns import Patterns
from core.model import Chunk, Document, DocumentRecord, Section, SparseVector, digest
from core.ports import Entry, SparseEncoder
from core.text.unicode import storable

RECIPE = "5"
"""To be raised when parsing or chunking makes other chunks or records of the same bytes."""

_LONGEST_PATH = 1000
"""In bytes; PostgreSQL's index rows end at about 2,700."""


@dataclass(frozen=True, slots=True)
class SourceProfile:
    """What the settings say of a source's documents, beside where they are read from.

    `base_url` and `slug_rule` make the links of documents that come without an address; `{commit}`
    in the former is each one's version. `peer_reviewed` holds for those that do not say themselves,
    and so does being at one of the `reviewed_paths`, which are globs.
    """

    name: str
    base_url: str = ""
    slug_rule: SlugRule = SlugRule.PLAIN
    peer_reviewed: bool = False
    reviewed_paths: tuple[str, ...] = ()

    def reviews(self, path: str) -> bool:
        """Whether a document is peer-reviewed, unless it says itself."""
        return self.peer_reviewed or _patterns(self.reviewed_paths).select(path)

    def fingerprint(self, content: str) -> str:
        """Of a document with this content hash: equal when its record and chunks would be."""
        settings = (self.base_url, self.slug_rule.value, str(self.peer_reviewed))
        return digest(RECIPE, *settings, *self.reviewed_paths, content)


Weighed: TypeAlias = tuple[Chunk, SparseVector]
"""A chunk with the weights of its terms."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document, ready to be compared with what is indexed. `record` has no chunks yet.

    The chunks come by their keys, which take as long to make as to compare, and with the weights
    of their terms, which take longer.
    """

    record: DocumentRecord
    chunks: Mapping[str, Weighed]


def prepare(
    profile: SourceProfile, entry: Entry, data: bytes, fingerprint: str, sparse: SparseEncoder
) -> Prepared:
    """Parses, chunks and weighs; `entry` is storable. Raises DocumentUnreadable."""
    document = parse(entry.path, data, profile.slug_rule, suffix=entry.format)
    record = _record(profile, entry, document, fingerprint)
    chunks = chunk(document, profile.name)
    weights = (sparse.encode_document(each.embedding_text) for each in chunks)
    return Prepared(record, {each[0].key: each for each in zip(chunks, weights, strict=True)})


def check_path(path: str) -> None:
    """Raises DocumentUnreadable for a name that could not be stored or shown."""
    if storable(path) != path:
        raise DocumentUnreadable(storable(path), "its name is not valid Unicode text")
    if len(path.encode()) > _LONGEST_PATH:
        raise DocumentUnreadable(path, f"its name is longer than {_LONGEST_PATH} bytes")


def _record(
    profile: SourceProfile, entry: Entry, document: Document, fingerprint: str
) -> DocumentRecord:
    said = document.peer_reviewed
    return DocumentRecord(
        source=profile.name,
        path=entry.path,
        title=document.title,
        url=entry.url or document_url(document, _base_url(profile, entry), profile.slug_rule),
        fingerprint=fingerprint,
        peer_reviewed=profile.reviews(entry.path) if said is None else said,
        date=document.date or entry.date,
        version=entry.version,
        authors=document.authors,
        fragments=dict(_fragments(document.sections)),
    )


def _base_url(profile: SourceProfile, entry: Entry) -> str:
    return profile.base_url.replace("{commit}", entry.version or "")


@cache
def _patterns(globs: tuple[str, ...]) -> Patterns:
    return Patterns(globs)


def _fragments(sections: Iterable[Section]) -> Iterator[tuple[str, str]]:
    for section in sections:
        if section.fragment is not None:
            yield section.anchor, section.fragment
        yield from _fragments(section.children)
