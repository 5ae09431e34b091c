"""The docs, from a parsed document to the chunk that is indexed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from uuid import UUID


def digest(*parts: str) -> str:
    """A 128-bit content hash in hex. Parts are length-prefixed, so ("ab", "c") ≠ ("a", "bc")."""
    prefixed = bytearray()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        prefixed += len(data).to_bytes(8, "big") + data
    return hashlib.blake2b(prefixed, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the Markdown directly under it, and the sections below it.

    `level` is 0 for what stands before the first heading, whose `heading` is empty.
    `anchor` is unique in its document, in GitHub's manner. `fragment` is what stands for it in
    an address, where the site makes another; None where it does not.
    """

    heading: str
    anchor: str
    level: int
    text: str
    children: tuple[Section, ...] = ()
    fragment: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document. `path` is relative to its source, with forward slashes.

    `slug` and `url` are what front matter says of the address, or None.
    """

    path: str
    title: str
    sections: tuple[Section, ...]
    slug: str | None = None
    url: str | None = None
    date: str | None = None
    authors: tuple[str, ...] = ()
    peer_reviewed: bool | None = None


@dataclass(frozen=True)
class Chunk:
    """A piece of one section, small enough to embed.

    `heading_path` runs from the outermost heading down and leaves the document's title out;
    `ordinal` counts the chunks of one section from 0, so an edit elsewhere leaves it alone.
    It has no slots: its hashes are asked for several times on the way, and made once.
    """

    source: str
    path: str
    title: str
    heading_path: tuple[str, ...]
    anchor: str
    ordinal: int
    text: str

    @property
    def embedding_text(self) -> str:
        """What is embedded and searched: title and headings, a line each, before the text."""
        return self._headings + self.text

    @cached_property
    def _headings(self) -> str:
        headings = dict.fromkeys((self.title, *self.heading_path))
        return "".join([f"{heading}\n" for heading in headings if heading])

    @cached_property
    def content_hash(self) -> str:
        """Equal for chunks that embed alike, wherever they stand."""
        return digest(self.embedding_text)

    @cached_property
    def key(self) -> str:
        """Equal for the same content at the same place, in whatever generation."""
        return digest(
            self.source,
            self.path,
            self.anchor,
            str(self.ordinal),
            self.content_hash,
            *self.heading_path,
        )

    def point_id(self, since: int) -> UUID:
        """The id of this chunk's point for the interval that begins with generation `since`."""
        return point_id(self.key, since)


def point_id(key: str, since: int) -> UUID:
    """`Chunk.point_id` for a chunk of which only the key is at hand."""
    return UUID(int=int(digest(key, str(since)), 16))


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """What is kept of a document beside its chunks, so that it may change without them.

    `fingerprint` is equal when parsing and chunking would give the same chunks.
    `chunks` maps each chunk's key to the generation that wrote its point.
    `version` names the state of the source (a commit, an ETag), `date` when it was written.
    `fragments` maps a section's anchor to what stands for it in an address, where that differs.
    """

    source: str
    path: str
    title: str
    url: str
    fingerprint: str
    peer_reviewed: bool
    date: str | None = None
    version: str | None = None
    authors: tuple[str, ...] = ()
    fragments: Mapping[str, str] = field(default_factory=dict)
    chunks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The pointer that a sync flips: which collection is served, at which generation."""

    collection: str
    generation: int


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """An embedding model's identity. `max_tokens` is where it cuts a text off."""

    name: str
    dimensions: int
    max_tokens: int

    @property
    def collection(self) -> str:
        """The collection that holds this model's vectors, and no other's."""
        return _collection(self.name, self.dimensions)


@lru_cache(maxsize=16)
def _collection(model: str, dimensions: int) -> str:
    slug = "".join(c if c.isalnum() else "-" for c in model.lower())
    return f"docent-{slug}-{dimensions}"


@dataclass(frozen=True, slots=True)
class EmbeddingUsage:
    """Calls of an embedding model, and the tokens of the texts that it was given."""

    calls: int = 0
    tokens: int = 0

    def __add__(self, other: EmbeddingUsage) -> EmbeddingUsage:
        return EmbeddingUsage(self.calls + other.calls, self.tokens + other.tokens)

    def __sub__(self, other: EmbeddingUsage) -> EmbeddingUsage:
        return EmbeddingUsage(self.calls - other.calls, self.tokens - other.tokens)
