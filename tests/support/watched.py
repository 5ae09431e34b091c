"""Collaborators that write down each call made of them, and can break off at a chosen one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from core.model import (
    Chunk,
    EmbeddingModel,
    EmbeddingUsage,
    Point,
    PointKey,
    SearchHits,
    SearchRequest,
    Vector,
)
from core.ports import Database, Embedder, Queries, Row, VectorIndex, VectorWriter


class Crash(Exception):
    """The process died here, as far as the code that was called can tell."""


@dataclass
class Watch:
    """`calls` in order; the one numbered `crash_at`, from 1, raises Crash and is not made.

    A call named in `faults` raises that, and a write named in `swallow` is lost without a word.
    """

    crash_at: int | None = None
    faults: Mapping[str, Exception] = field(default_factory=dict)
    swallow: Collection[str] = ()
    calls: list[str] = field(default_factory=list)

    def see(self, call: str) -> None:
        self.calls.append(call)
        if len(self.calls) == self.crash_at:
            raise Crash(f"call {self.crash_at}: {call}")
        if call in self.faults:
            raise self.faults[call]

    def of(self, kind: str) -> list[str]:
        """The calls of one collaborator."""
        return [call for call in self.calls if call.startswith(f"{kind}.")]


@dataclass
class WatchedEmbedder:
    inner: Embedder
    watch: Watch

    @property
    def model(self) -> EmbeddingModel:
        return self.inner.model

    @property
    def spent(self) -> EmbeddingUsage:
        return self.inner.spent

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        self.watch.see("embedder.embed_documents")
        return await self.inner.embed_documents(texts)

    async def embed_query(self, text: str) -> Vector:
        self.watch.see("embedder.embed_query")
        return await self.inner.embed_query(text)


@dataclass
class WatchedIndex:
    inner: VectorIndex
    watch: Watch

    async def search(self, request: SearchRequest) -> SearchHits:
        self.watch.see("index.search")
        return await self.inner.search(request)

    async def read(self, collection: str, keys: Sequence[PointKey]) -> Mapping[PointKey, Chunk]:
        self.watch.see("index.read")
        return await self.inner.read(collection, keys)

    async def vectors(self, collection: str, content_hashes: Sequence[str]) -> dict[str, Vector]:
        self.watch.see("index.vectors")
        return await self.inner.vectors(collection, content_hashes)

    async def count(self, collection: str, generation: int) -> int:
        self.watch.see("index.count")
        return await self.inner.count(collection, generation)


@dataclass
class WatchedWriter:
    inner: VectorWriter
    watch: Watch

    async def write(self, points: Sequence[Point]) -> None:
        self.watch.see("writer.write")
        if "writer.write" not in self.watch.swallow:
            await self.inner.write(points)

    async def close(self, point_ids: Sequence[UUID] | None, until: int) -> None:
        self.watch.see("writer.close")
        await self.inner.close(point_ids, until)

    async def recover(self, generation: int) -> None:
        self.watch.see("writer.recover")
        await self.inner.recover(generation)

    async def prune(self, source: str, generation: int) -> None:
        self.watch.see("writer.prune")
        await self.inner.prune(source, generation)


@dataclass
class WatchedQueries:
    inner: Queries
    watch: Watch

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        self.watch.see(f"database.fetch {_words(sql)}")
        return await self.inner.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        self.watch.see(f"database.execute {_words(sql)}")
        return await self.inner.execute(sql, *args)


@dataclass
class WatchedDatabase(WatchedQueries):
    inner: Database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[WatchedQueries]:
        async with self.inner.transaction() as queries:
            yield WatchedQueries(queries, self.watch)
            self.watch.see("database.commit")


def _words(sql: str) -> str:
    return " ".join(sql.split()[:3])
