"""What the core asks of the outside: one Protocol a collaborator, implemented in `backends`.

Every method may raise `ServiceError` unless it says otherwise; no other exception leaves one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from core.model import (
    AnswerEvent,
    Chunk,
    DocumentRecord,
    EmbeddingModel,
    EmbeddingUsage,
    ModelEvent,
    Passage,
    Point,
    PointKey,
    Prompt,
    SearchHits,
    SearchRequest,
    SparseVector,
    Turn,
    Vector,
    Verdict,
)

Row = Mapping[str, Any]


class Embedder(Protocol):
    """Turns texts into unit vectors of `model.dimensions`."""

    @property
    def model(self) -> EmbeddingModel:
        """The model, which names the collection that its vectors may go into."""

    @property
    def spent(self) -> EmbeddingUsage:
        """What the documents have cost since the embedder was opened; questions not counted."""

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in order. Any number of texts; batching is the embedder's own."""

    async def embed_query(self, text: str) -> Vector:
        """The vector to search with."""


class SparseEncoder(Protocol):
    """Turns texts into BM25 term weights; the index supplies the idf. Raises nothing.

    It can be pickled: documents may be weighed in another process.
    """

    def encode_document(self, text: str) -> SparseVector:
        """Saturated term frequencies."""

    def encode_query(self, text: str) -> SparseVector:
        """Weight 1 a term."""


class Reranker(Protocol):
    """Scores texts against a query with a model that reads both."""

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One relevance a text, in 0..1, in the order of `texts`."""


class ChatModel(Protocol):
    """Writes a text. Closing the iterator cancels the generation."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """ModelStarted, then ModelText, then ModelFinished; or a ServiceError at any point."""


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """A claim after the check: the text to show, empty to drop it.

    `verdict` is None for what needs no evidence. `support` is a probability in 0..1; `cited` are
    the passages that the claim stands on, counted from 1. `judged` says that a model gave the
    verdict.
    """

    text: str
    verdict: Verdict | None = None
    support: float = 0.0
    cited: tuple[int, ...] = ()
    judged: bool = False


class Verifier(Protocol):
    """Checks a claim before anybody reads it. Raises nothing."""

    def check(self, claim: str, passages: Sequence[Passage]) -> CheckedClaim:
        """`claim` is Markdown with marks; mark `[n]` stands for `passages[n - 1]`."""


class VectorIndex(Protocol):
    """The read side, over all collections. An unknown collection is an empty one."""

    async def search(self, request: SearchRequest) -> SearchHits:
        """Both searches in one round trip."""

    async def read(self, collection: str, keys: Sequence[PointKey]) -> Mapping[PointKey, Chunk]:
        """The chunks of points that were found; one that is gone or unreadable is left out."""

    async def vectors(self, collection: str, content_hashes: Sequence[str]) -> dict[str, Vector]:
        """The vectors at hand for these contents, visible or not; absent ones are left out."""

    async def count(self, collection: str, generation: int) -> int:
        """How many points that generation sees."""


class ChunkReader(Protocol):
    """What is stored of chunks that are known by their points."""

    async def chunks(self, collection: str, point_ids: Sequence[UUID]) -> list[Chunk]:
        """Those that are there, in the order of the ids."""


class VectorWriter(Protocol):
    """The write side of one collection, created with its payload indexes when it is opened.

    What it does shows only in later generations.
    """

    async def write(self, points: Sequence[Point]) -> None:
        """Stores points; one that is there already is overwritten with the same.

        They outlive the process, but a power cut only once `close` has returned.
        """

    async def close(self, point_ids: Sequence[UUID] | None, until: int) -> None:
        """Ends the points' interval: generation `until` no longer sees them.

        None ends whatever an earlier generation began and nobody ended yet.
        """

    async def recover(self, generation: int) -> None:
        """Undoes what a dead sync left beyond `generation`.

        Points that it closed are reopened; points that it wrote become invisible for ever, but
        keep their vectors for `vectors` until they are pruned.
        """

    async def prune(self, source: str, generation: int) -> None:
        """Deletes the source's points that neither `generation` nor a later one sees."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One document in a source's listing.

    `fingerprint` is equal when the content is, or None when only reading can tell. `url` is its
    address and `format` the suffix to read it by, where its path tells neither.
    """

    path: str
    fingerprint: str | None = None
    version: str | None = None
    date: str | None = None
    url: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A document's bytes, with the `fingerprint` that a listing has for exactly these."""

    data: bytes
    fingerprint: str


ListingProgress: TypeAlias = Callable[[int, int], None]
"""Is told how many documents were read to be listed, of how many that are known so far."""


class Source(Protocol):
    """A place that documents come from."""

    @property
    def name(self) -> str:
        """Unique among the sources."""

    @property
    def origin(self) -> str:
        """The place, as people know it, equal on every run: a folder, a repository, a site."""

    @property
    def selection(self) -> str:
        """Which documents of that place are listed; equal when the same would be."""

    async def entries(self, progress: ListingProgress | None = None) -> Sequence[Entry]:
        """All documents. Raises SourceUnavailable rather than return an incomplete list.

        A source that has to read each of them for that tells its `progress`.
        """

    async def read(self, entry: Entry) -> Content:
        """The document as it stands, or as it was listed. Raises DocumentUnreadable."""


class Catalog(Protocol):
    """The documents' records, which change without their chunks."""

    async def at(self, generation: int) -> Mapping[tuple[str, str], DocumentRecord]:
        """By (source, path), as of that generation; from memory once it was read."""

    async def chunks(self, generation: int) -> int:
        """How many the generation has, as far as it is recorded."""


class Queries(Protocol):
    """Statements in PostgreSQL's dialect, with `$1` for arguments."""

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """The rows."""

    async def execute(self, sql: str, *args: object) -> int:
        """The number of rows that were touched."""


class Database(Queries, Protocol):
    """PostgreSQL. A statement outside a transaction is one of its own."""

    def transaction(self) -> AbstractAsyncContextManager[Queries]:
        """Commits at the end, rolls back on an exception. Not to be held over a slow call."""


class Responder(Protocol):
    """An adapter's way to show an answer where the question was asked, and to remove it.

    Either may be cancelled at any point, and is then called again, by this process or another.
    """

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Renders the events as they come; the last is Answered.

        Called again for the same turn, what it shows takes the place of what it showed: after an
        edit, or when the question had to wait and a word of apology stands there.

        Raises LeaseLost through from `events`; what it raises else is a failed attempt.
        """

    async def retract(self, turn: Turn) -> None:
        """Removes whatever was posted for the turn, whose question was withdrawn.

        What is gone already counts as removed; an exception is a failed attempt.
        """
