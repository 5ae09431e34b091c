"""Writes the points of the next generation; nothing of it shows before the flip.

Three stages run side by side (collect, embed, write), with at most one block waiting between
two of them: memory is bounded, and a crash costs no more than the blocks in flight.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from core.ingestion.documents import Weighed
from core.ingestion.lease import SyncLease
from core.ingestion.report import Tally
from core.model import Chunk, Point, Vector
from core.ports import Embedder, SparseEncoder, VectorIndex, VectorWriter


@dataclass(frozen=True, slots=True)
class _Block:
    """Chunks to embed together. With the last of them, so many `documents` are complete."""

    chunks: tuple[Weighed, ...]
    documents: int


@dataclass(frozen=True, slots=True)
class _Embedded:
    """A block's points. `fresh` of them have a vector that was made for them."""

    points: tuple[Point, ...]
    fresh: int
    documents: int


_Blocks: TypeAlias = "asyncio.Queue[_Block | None]"
_EmbeddedBlocks: TypeAlias = "asyncio.Queue[_Embedded | None]"


@dataclass(frozen=True, slots=True)
class Engines:
    """What turns chunks into points, and keeps them. `writer` is that of `embedder.model`."""

    index: VectorIndex
    writer: VectorWriter
    embedder: Embedder
    sparse: SparseEncoder

    @property
    def collection(self) -> str:
        """Where the points go."""
        return self.embedder.model.collection


class NextGeneration:
    """The points of `generation`, on top of `base`: what was written beyond that is undone."""

    def __init__(
        self,
        engines: Engines,
        lease: SyncLease,
        tally: Tally,
        *,
        base: int,
        generation: int,
        block: int,
    ) -> None:
        self._engines = engines
        self._lease = lease
        self._tally = tally
        self._base = base
        self._generation = generation
        self._block = block
        self._begun = False

    async def write(self, documents: AsyncGenerator[tuple[Weighed, ...], None]) -> None:
        """Stores each document's chunks, none of them empty, as they come."""
        blocks: _Blocks = asyncio.Queue(1)
        embedded: _EmbeddedBlocks = asyncio.Queue(1)
        try:
            async with asyncio.TaskGroup() as stages:
                stages.create_task(self._collect(documents, blocks))
                stages.create_task(self._embed(blocks, embedded))
                stages.create_task(self._store(embedded))
        except BaseExceptionGroup as failures:
            first = failures.exceptions[0]
            raise first from first.__cause__

    async def seal(self, closed: Sequence[UUID] | None) -> None:
        """The points that end with this generation, None for all of before; then it is whole."""
        await self._begin()
        await self._engines.writer.close(closed, self._generation)
        self._tally.closed += len(closed or ())

    async def _begin(self) -> None:
        """Clears what a dead sync left, which would show with this generation otherwise.

        Late, so that a sync that finds nothing to do writes nothing.
        """
        await self._lease.confirm()
        if not self._begun:
            await self._engines.writer.recover(self._base)
            self._begun = True

    async def _collect(
        self, documents: AsyncGenerator[tuple[Weighed, ...], None], blocks: _Blocks
    ) -> None:
        waiting: tuple[Weighed, ...] = ()
        ended = 0
        async with aclosing(documents):
            async for chunks in documents:
                waiting += chunks
                ended += 1
                while len(waiting) >= self._block:
                    head, waiting = waiting[: self._block], waiting[self._block :]
                    # What waits now is of the last document alone.
                    complete = ended - 1 if waiting else ended
                    await blocks.put(_Block(head, complete))
                    ended -= complete
        if waiting:
            await blocks.put(_Block(waiting, ended))
        await blocks.put(None)

    async def _embed(self, blocks: _Blocks, embedded: _EmbeddedBlocks) -> None:
        while (block := await blocks.get()) is not None:
            vectors, fresh = await self._vectors([chunk for chunk, _ in block.chunks])
            points = tuple(
                Point(chunk, vectors[chunk.content_hash], weights, self._generation)
                for chunk, weights in block.chunks
            )
            await embedded.put(_Embedded(points, fresh, block.documents))
        await embedded.put(None)

    async def _vectors(self, chunks: Sequence[Chunk]) -> tuple[dict[str, Vector], int]:
        """By content hash, and how many of them had to be made."""
        contents = {chunk.content_hash: chunk for chunk in chunks}
        vectors = await self._engines.index.vectors(self._engines.collection, list(contents))
        missing = [content for content in contents if content not in vectors]
        if not missing:
            return vectors, 0
        texts = [contents[content].embedding_text for content in missing]
        made = await self._engines.embedder.embed_documents(texts)
        return vectors | dict(zip(missing, made, strict=True)), len(missing)

    async def _store(self, embedded: _EmbeddedBlocks) -> None:
        while (block := await embedded.get()) is not None:
            await self._begin()
            await self._engines.writer.write(block.points)
            self._tally.store(embedded=block.fresh, reused=len(block.points) - block.fresh)
            self._tally.finish_documents(block.documents)
