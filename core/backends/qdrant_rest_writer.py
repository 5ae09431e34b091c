"""The write side of a collection on a Qdrant server, over REST."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from core.backends import qdrant_filters as filters
from core.backends.qdrant_api import QdrantApi, serialized
from core.backends.qdrant_bodies import to_filter, written
from core.backends.qdrant_payload import DENSE, INDEXED, SPARSE, check_points
from core.backends.qdrant_server import close, recover
from core.backends.qdrant_statuses import SERVICE, CollectionMissing, unreadable
from core.errors import RequestRejected
from core.model import EmbeddingModel, Point

_AT_ONCE: Final = 4
"""Requests: one is sent while another is applied, and a small cluster is not flooded."""


class RestWriter:
    """A VectorWriter over one collection. Each method returns when the server has applied it."""

    def __init__(self, api: QdrantApi, model: EmbeddingModel) -> None:
        self._api = api
        self._model = model

    async def write(self, points: Sequence[Point]) -> None:
        """Stores points, or none of them when one is malformed: RequestRejected."""
        check_points(SERVICE, points, self._model.dimensions)
        gate = asyncio.Semaphore(_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as requests:
                for body in written(points):
                    requests.create_task(self._put(body, gate))
                    await asyncio.sleep(0)  # to send it while the next one is made
        except ExceptionGroup as failures:
            # The first failure cancelled the others; the caller is told of it alone.
            raise failures.exceptions[0] from failures

    async def _put(self, body: bytes, gate: asyncio.Semaphore) -> None:
        async with gate:
            await self._api.put(self._model.collection, "points", body)

    async def close(self, point_ids: Sequence[UUID] | None, until: int) -> None:
        """Ends the points' interval; an id that is not there is passed over."""
        await close(point_ids, until, self._set_until)

    async def recover(self, generation: int) -> None:
        """Undoes what a dead sync left. Breaking off half-way does no harm: do it again.

        A collection that was deleted since it was opened is created anew.
        """
        await recover(generation, self._set_until, partial(complete, self._api, self._model))

    async def prune(self, source: str, generation: int) -> None:
        """Deletes the source's points that neither `generation` nor a later one sees."""
        unseen = {"filter": to_filter(filters.ended_by(generation, source))}
        await self._api.change(self._model.collection, "points/delete", unseen)

    async def _set_until(self, chosen: Sequence[filters.Condition], until: int) -> None:
        body = {"payload": {"until": until}, "filter": to_filter(chosen)}
        await self._api.change(self._model.collection, "points/payload", body)


async def complete(api: QdrantApi, model: EmbeddingModel) -> None:
    """Creates the model's collection, and each payload index that is missing.

    One that was cut off while it did so is completed by the next. Two may do so at the same time.
    """
    try:
        indexed = await _indexed(api, model.collection)
    except CollectionMissing:
        indexed = await _created(api, model)
    for field, kind in INDEXED.items():
        if field not in indexed:
            index = {"field_name": field, "field_schema": kind}
            await api.put(model.collection, "index", serialized(index))


async def _created(api: QdrantApi, model: EmbeddingModel) -> set[str]:
    """The fields that are indexed: some, where another was quicker to create the collection."""
    dense = {"size": model.dimensions, "distance": "Cosine"}
    sparse = {"modifier": "idf"}
    body = {"vectors": {DENSE: dense}, "sparse_vectors": {SPARSE: sparse}}
    try:
        await api.create(model.collection, body)
    except RequestRejected as refusal:
        try:
            return await _indexed(api, model.collection)
        except CollectionMissing:
            raise refusal from None
    return set()


async def _indexed(api: QdrantApi, collection: str) -> set[str]:
    try:
        return set((await api.read(collection))["payload_schema"].keys())
    except (AttributeError, KeyError, TypeError) as exc:
        raise unreadable() from exc
