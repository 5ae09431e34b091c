"""Qdrant's own engine, inside this process: one shard per collection, each in its folder.

The engine holds the interpreter lock in every call, so threads would gain nothing. No graph of
neighbours is built, which would block for seconds: beside each vector the engine keeps its signs, a
bit a dimension, and compares those of all, in half a millisecond for 60,000 chunks.
Writes go in batches of one or two milliseconds, each in a turn of the event loop. Its flush
waits for some eighty files: it comes when a collection is opened or released. Between, its log is
on disk, from which it makes all else anew.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import qdrant_edge as engine

from core.backends import qdrant_filters as filters
from core.backends.folder_lock import hold_folder
from core.backends.qdrant_edge_errors import SERVICE, engine_errors, require_room
from core.backends.qdrant_edge_filters import to_filter
from core.backends.qdrant_edge_search import EdgeSearch, sparse_vector
from core.backends.qdrant_payload import (
    DENSE,
    INDEXED,
    SPARSE,
    batches,
    check_points,
    in_order,
    to_packed_payload,
    to_vectors,
)
from core.errors import ServiceUnavailable
from core.model import (
    OPEN_ENDED,
    Chunk,
    EmbeddingModel,
    Point,
    SearchHits,
    SearchRequest,
    Vector,
)

_BATCH: Final = 32
_WRITTEN: Final = 16
_PAGE: Final = 512
"""Ids that are looked up at a time: to find a few by their conditions takes as long."""

_UPDATES_IN_ROOM: Final = 16
"""Batches that are written between two looks at the disk: one or two megabytes."""

_LOG: Final = "wal"
_FULL_LOGS: Final = 2
"""Of 32 MB each. With more, a flush shortens what the next start has to read."""

_SCHEMA: Final = {
    "integer": engine.PayloadSchemaType.Integer,
    "keyword": engine.PayloadSchemaType.Keyword,
}


@asynccontextmanager
async def open_edge(folder: Path) -> AsyncIterator[QdrantEdge]:
    """The collections in `folder`, for this process alone.

    Raises DataFolderLocked, and ConfigurationError for a folder that cannot be written.
    """
    with hold_folder(folder):
        index = QdrantEdge(folder)
        try:
            yield index
        finally:
            index.release()


class QdrantEdge:
    """A VectorIndex over shards, each loaded when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[str, engine.EdgeShard] = {}
        self._search = EdgeSearch()

    async def writer(self, model: EmbeddingModel) -> EdgeWriter:
        """A VectorWriter for the model's collection, which is created where there is none."""
        if not (self._folder / model.collection).exists():
            require_room(self._folder)
            with engine_errors():
                _create(self._folder, model)
        shard, folder = self._loaded(model.collection), self._folder / model.collection
        return EdgeWriter(shard, folder, model.dimensions)

    async def search(self, request: SearchRequest) -> SearchHits:
        """Both searches in one call of the engine."""
        if (shard := self._shard(request.collection)) is None:
            return SearchHits()
        return await self._search.hits(shard, request)

    async def read(self, collection: str, keys: Sequence[int]) -> dict[int, Chunk]:
        """The chunks of points that were found."""
        if (shard := self._shard(collection)) is None:
            return {}
        return await self._search.read(shard, keys)

    async def vectors(self, collection: str, content_hashes: Sequence[str]) -> dict[str, Vector]:
        """The vectors at hand by content hash, visible or not, as the engine normalised them."""
        shard = self._shard(collection)
        found: dict[str, Vector] = {}
        if shard is not None:
            for batch in batches(content_hashes, _BATCH):
                found |= _stored_vectors(shard, set(batch))
                await asyncio.sleep(0)
        return found

    async def chunks(self, collection: str, point_ids: Sequence[UUID]) -> list[Chunk]:
        """What is stored of these points, as far as they are there."""
        keys = [id_.int for id_ in point_ids]
        return in_order(keys, await self.read(collection, keys))

    async def count(self, collection: str, generation: int) -> int:
        """How many points that generation sees, exactly."""
        if (shard := self._shard(collection)) is None:
            return 0
        with engine_errors():
            return shard.count(engine.CountRequest(filter=to_filter(filters.visible(generation))))

    def release(self) -> None:
        """Flushes and closes all shards."""
        with engine_errors():
            while self._shards:
                self._shards.popitem()[1].close()

    def _shard(self, collection: str) -> engine.EdgeShard | None:
        if collection in self._shards or (self._folder / collection).exists():
            return self._loaded(collection)
        return None

    def _loaded(self, collection: str) -> engine.EdgeShard:
        path = self._folder / collection
        if collection not in self._shards:
            hint = f"Move {path} away and run `docent sync --rebuild`, which makes it anew."
            with engine_errors(hint):
                shard = self._shards[collection] = engine.EdgeShard.load(str(path), _alone())
                if len(list((path / _LOG).glob("closed-*"))) > _FULL_LOGS:
                    shard.flush()
        return self._shards[collection]


class EdgeWriter:
    """A VectorWriter over one shard; all but `write` also put what they did on disk."""

    def __init__(self, shard: engine.EdgeShard, folder: Path, dimensions: int) -> None:
        self._shard = shard
        self._folder = folder
        self._dimensions = dimensions
        self._saved = True
        self._updates = 0

    async def write(self, points: Sequence[Point]) -> None:
        """Stores points, or none of them when one is malformed: RequestRejected."""
        check_points(SERVICE, points, self._dimensions)
        for batch in batches(points, _WRITTEN):
            with engine_errors():
                stored = [_stored(point) for point in batch]
            await self._update(engine.UpdateOperation.upsert_points(stored))

    async def close(self, point_ids: Sequence[UUID] | None, until: int) -> None:
        """Ends the points' interval; an id that is not there is passed over."""
        if point_ids is None:
            await self._drain(filters.open_at(until), lambda ids: _set_until(ids, until))
        else:
            for batch in batches(point_ids, _BATCH):
                await self._update(_set_until(batch, until))
        await self._save()

    async def recover(self, generation: int) -> None:
        """Undoes what a dead sync left. Breaking off half-way does no harm: do it again."""
        closed, written = filters.closed_after(generation), filters.written_after(generation)
        await self._drain(closed, lambda ids: _set_until(ids, OPEN_ENDED))
        await self._drain(written, lambda ids: _set_until(ids, filters.NEVER))
        await self._save()

    async def prune(self, source: str, generation: int) -> None:
        """Deletes the source's points that neither `generation` nor a later one sees."""
        unseen = filters.ended_by(generation, source)
        await self._drain(unseen, engine.UpdateOperation.delete_points)
        await self._save()

    async def _drain(
        self,
        conditions: Iterable[filters.Condition],
        change: Callable[[list[engine.PointId]], engine.UpdateOperation],
    ) -> None:
        """Applies `change`, which must make a point fail the conditions, until none is left."""
        chosen = to_filter(conditions)
        request = engine.ScrollRequest(filter=chosen, limit=_PAGE, with_payload=False)
        while records := _scroll(self._shard, request):
            await asyncio.sleep(0)
            for batch in batches(records, _BATCH):
                await self._update(change([record.id for record in batch]))

    async def _update(self, operation: engine.UpdateOperation) -> None:
        if self._updates % _UPDATES_IN_ROOM == 0:
            require_room(self._folder)
        self._updates += 1
        with engine_errors():
            self._shard.update(operation)
        self._saved = False
        await asyncio.sleep(0)

    async def _save(self) -> None:
        if not self._saved:
            try:
                await asyncio.to_thread(_sync_files, self._folder / _LOG)
            except OSError as exc:
                raise ServiceUnavailable(SERVICE, f"its log cannot be saved: {exc}") from exc
        self._saved = True


def _sync_files(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _create(folder: Path, model: EmbeddingModel) -> None:
    """Makes the collection aside and moves it into place, so that it is there whole or not."""
    aside = folder / f".{model.collection}"
    shutil.rmtree(aside, ignore_errors=True)
    shard = engine.EdgeShard.create(str(aside), _config(model))
    for field, kind in INDEXED.items():
        shard.update(engine.UpdateOperation.create_field_index(field, _SCHEMA[kind]))
    shard.close()
    aside.rename(folder / model.collection)


def _config(model: EmbeddingModel) -> engine.EdgeConfig:
    dense = engine.EdgeVectorParams(
        size=model.dimensions,
        distance=engine.Distance.Cosine,
        quantization_config=engine.BinaryQuantizationConfig(always_ram=True),
    )
    return engine.EdgeConfig(vectors={DENSE: dense}, sparse_vectors=_sparse_config())


def _alone() -> engine.EdgeConfig:
    """The engine's calls in one thread each: others to share a few milliseconds cost as much."""
    return engine.EdgeConfig(sparse_vectors=_sparse_config(), max_search_threads=1)


def _sparse_config() -> dict[str, engine.EdgeSparseVectorParams]:
    return {SPARSE: engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf)}


def _stored(point: Point) -> engine.Point:
    dense, sparse = point.dense.tolist(), sparse_vector(point.sparse)
    return engine.Point(point.id, {DENSE: dense, SPARSE: sparse}, to_packed_payload(point))


def _set_until(point_ids: Sequence[engine.PointId], until: int) -> engine.UpdateOperation:
    chosen = to_filter(filters.known_as(point_ids))
    return engine.UpdateOperation.set_payload_by_filter(chosen, {"until": until})


def _stored_vectors(shard: engine.EdgeShard, wanted: set[str]) -> dict[str, Vector]:
    """Asks for what is still missing until no point holds it: contents repeat in many points."""
    found: dict[str, Vector] = {}
    while missing := wanted - found.keys():
        vectors = to_vectors(_scroll(shard, _holding(missing)), missing)
        if not vectors:
            break
        found |= vectors
    return found


def _holding(content_hashes: set[str]) -> engine.ScrollRequest:
    chosen, shown = to_filter(filters.holding(content_hashes)), ["content_hash"]
    return engine.ScrollRequest(
        filter=chosen, limit=_BATCH, with_payload=shown, with_vector=[DENSE]
    )


def _scroll(shard: engine.EdgeShard, request: engine.ScrollRequest) -> list[engine.Record]:
    with engine_errors():
        return shard.scroll(request)[0]
