"""A Qdrant server behind the vector index, through qdrant-client over gRPC."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from uuid import UUID

from qdrant_client import AsyncQdrantClient, models

from core.backends import qdrant_filters as filters
from core.backends.qdrant_errors import client_errors
from core.backends.qdrant_payload import (
    DENSE,
    INDEXED,
    SPARSE,
    batches,
    check_points,
    in_order,
    to_chunks,
    to_search_hits,
    to_vectors,
)
from core.backends.qdrant_requests import queries, stored, to_filter
from core.backends.qdrant_server import close, recover, stored_vectors
from core.backends.qdrant_statuses import SERVICE, CollectionMissing, malformed
from core.errors import MalformedReply, RequestRejected
from core.model import (
    Chunk,
    EmbeddingModel,
    Point,
    PointKey,
    SearchHits,
    SearchRequest,
    Vector,
)

_POINTS_A_REQUEST: Final = 64
_SCHEMA: Final = {
    "integer": models.PayloadSchemaType.INTEGER,
    "keyword": models.PayloadSchemaType.KEYWORD,
}


def connect(url: str, *, api_key: str | None, grpc_port: int, timeout: int) -> QdrantRemote:
    """A client that has not sent anything yet. Raises ConfigurationError for a bad address."""
    try:
        with warnings.catch_warnings():  # of a key that is sent unencrypted, to a terminal only
            warnings.simplefilter("ignore", UserWarning)
            client = AsyncQdrantClient(
                url=url,
                api_key=api_key,
                prefer_grpc=True,
                grpc_port=grpc_port,
                timeout=timeout,
                check_compatibility=False,  # it asks in a thread, and prints what it finds
            )
    except ValueError as exc:
        raise malformed(url, str(exc)) from exc
    return QdrantRemote(client)


class QdrantRemote:
    """A VectorIndex over the collections of a server. Nothing is tried twice here."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.close()

    async def writer(self, model: EmbeddingModel) -> RemoteWriter:
        """A VectorWriter for the model's collection.

        Creates the collection and each payload index that is missing, so that one which was
        cut off while it did so is completed by the next. Two may do so at the same time.
        """
        await _ensure_collection(self._client, model)
        return RemoteWriter(self._client, model)

    async def search(self, request: SearchRequest) -> SearchHits:
        """Both searches in one request."""
        asked = queries(request)
        if not asked:
            return SearchHits()
        try:
            with client_errors():
                answers = await self._client.query_batch_points(
                    request.collection, list(asked.values())
                )
        except CollectionMissing:
            return SearchHits()
        if len(answers) != len(asked):
            raise MalformedReply(SERVICE, "the number of results is not that of the searches.")
        rankings = {
            name: {point.id: point.score for point in answer.points}
            for name, answer in zip(asked, answers, strict=True)
        }
        return to_search_hits(rankings)

    async def read(self, collection: str, keys: Sequence[PointKey]) -> Mapping[PointKey, Chunk]:
        """The chunks of points that were found."""
        found: dict[PointKey, Chunk] = {}
        try:
            for batch in batches(keys, _POINTS_A_REQUEST):
                found |= to_chunks(await self._stored(collection, batch))
        except CollectionMissing:
            return {}
        return found

    async def vectors(self, collection: str, content_hashes: Sequence[str]) -> dict[str, Vector]:
        """The vectors at hand by content hash, visible or not, as the server normalised them."""
        ask = partial(self._vectors, collection)
        return await stored_vectors(content_hashes, ask, size=_POINTS_A_REQUEST)

    async def _vectors(self, collection: str, wanted: set[str]) -> dict[str, Vector]:
        with client_errors():
            records, _ = await self._client.scroll(
                collection,
                scroll_filter=to_filter(filters.holding(wanted)),
                limit=_POINTS_A_REQUEST,
                with_payload=["content_hash"],
                with_vectors=[DENSE],
            )
        return to_vectors(records, wanted)

    async def chunks(self, collection: str, point_ids: Sequence[UUID]) -> list[Chunk]:
        """What is stored of these points, as far as they are there."""
        keys = [str(id_) for id_ in point_ids]
        return in_order(keys, await self.read(collection, keys))

    async def _stored(self, collection: str, batch: Sequence[PointKey]) -> list[models.Record]:
        chosen = to_filter(filters.known_as(batch))
        with client_errors():
            records, _ = await self._client.scroll(
                collection, scroll_filter=chosen, limit=len(batch), with_payload=True
            )
        return records

    async def count(self, collection: str, generation: int) -> int:
        """How many points that generation sees, exactly."""
        try:
            with client_errors():
                answer = await self._client.count(
                    collection, count_filter=to_filter(filters.visible(generation)), exact=True
                )
        except CollectionMissing:
            return 0
        return answer.count


class RemoteWriter:
    """A VectorWriter over one collection. Each method returns when the server has applied it."""

    def __init__(self, client: AsyncQdrantClient, model: EmbeddingModel) -> None:
        self._client = client
        self._model = model

    async def write(self, points: Sequence[Point]) -> None:
        """Stores points, or none of them when one is malformed: RequestRejected."""
        check_points(SERVICE, points, self._model.dimensions)
        for batch in batches(points, _POINTS_A_REQUEST):
            with client_errors():
                structs = [stored(point) for point in batch]
                await self._client.upsert(self._model.collection, structs, wait=True)

    async def close(self, point_ids: Sequence[UUID] | None, until: int) -> None:
        """Ends the points' interval; an id that is not there is passed over."""
        await close(point_ids, until, self._set_until)

    async def recover(self, generation: int) -> None:
        """Undoes what a dead sync left. Breaking off half-way does no harm: do it again.

        A collection that was deleted since it was opened is created anew.
        """
        await recover(
            generation, self._set_until, partial(_ensure_collection, self._client, self._model)
        )

    async def prune(self, source: str, generation: int) -> None:
        """Deletes the source's points that neither `generation` nor a later one sees."""
        unseen = to_filter(filters.ended_by(generation, source))
        with client_errors():
            await self._client.delete(
                self._model.collection, models.FilterSelector(filter=unseen), wait=True
            )

    async def _set_until(self, chosen: Sequence[filters.Condition], until: int) -> None:
        points = models.FilterSelector(filter=to_filter(chosen))
        with client_errors():
            await self._client.set_payload(
                self._model.collection, {"until": until}, points=points, wait=True
            )


async def _ensure_collection(client: AsyncQdrantClient, model: EmbeddingModel) -> None:
    if not await _exists(client, model):
        try:
            await _create(client, model)
        except RequestRejected:
            if not await _exists(client, model):
                raise
    with client_errors():
        indexed = (await client.get_collection(model.collection)).payload_schema
        for field, kind in INDEXED.items():
            if field not in indexed:
                await client.create_payload_index(model.collection, field, _SCHEMA[kind])


async def _exists(client: AsyncQdrantClient, model: EmbeddingModel) -> bool:
    with client_errors():
        return await client.collection_exists(model.collection)


async def _create(client: AsyncQdrantClient, model: EmbeddingModel) -> None:
    dense = models.VectorParams(size=model.dimensions, distance=models.Distance.COSINE)
    sparse = models.SparseVectorParams(modifier=models.Modifier.IDF)
    with client_errors():
        await client.create_collection(
            model.collection,
            vectors_config={DENSE: dense},
            sparse_vectors_config={SPARSE: sparse},
        )
