"""A Qdrant server behind the vector index, over REST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from uuid import UUID

from core.backends import qdrant_filters as filters
from core.backends.qdrant_api import QdrantApi
from core.backends.qdrant_bodies import (
    page_of_vectors,
    searches,
    stored_chunks,
    to_filter,
    to_rankings,
)
from core.backends.qdrant_payload import DENSE, batches, in_order, to_search_hits
from core.backends.qdrant_rest_writer import RestWriter, complete
from core.backends.qdrant_server import stored_vectors
from core.backends.qdrant_statuses import CollectionMissing, unreadable
from core.model import Chunk, EmbeddingModel, SearchHits, SearchRequest, Vector
from core.ports import VectorWriter

_CHUNKS_A_REQUEST: Final = 256
_HASHES_A_REQUEST: Final = 256
_VECTORS_A_REPLY: Final = 64


class QdrantRest:
    """A VectorIndex over the collections of a server. Nothing is tried twice here."""

    def __init__(self, api: QdrantApi) -> None:
        self._api = api

    async def writer(self, model: EmbeddingModel) -> VectorWriter:
        """A VectorWriter for the model's collection, which is completed where something lacks."""
        await complete(self._api, model)
        return RestWriter(self._api, model)

    async def search(self, request: SearchRequest) -> SearchHits:
        """Both searches in one request."""
        asked = searches(request)
        if not asked:
            return SearchHits()
        try:
            body = {"searches": list(asked.values())}
            answers = await self._api.ask(request.collection, "points/query/batch", body)
        except CollectionMissing:
            return SearchHits()
        return to_search_hits(to_rankings(asked, answers))

    async def read(self, collection: str, keys: Sequence[str]) -> Mapping[str, Chunk]:
        """The chunks of points that were found."""
        found: dict[str, Chunk] = {}
        try:
            for batch in batches(keys, _CHUNKS_A_REQUEST):
                body = {"ids": batch, "with_payload": True, "with_vector": False}
                found |= stored_chunks(await self._api.ask(collection, "points", body))
        except CollectionMissing:
            return {}
        return found

    async def count(self, collection: str, generation: int) -> int:
        """How many points that generation sees, exactly."""
        body = {"filter": to_filter(filters.visible(generation)), "exact": True}
        try:
            answer = await self._api.ask(collection, "points/count", body)
        except CollectionMissing:
            return 0
        if not isinstance(answer, dict) or not isinstance(answer.get("count"), int):
            raise unreadable()
        return int(answer["count"])

    async def vectors(self, collection: str, content_hashes: Sequence[str]) -> dict[str, Vector]:
        """The vectors at hand by content hash, visible or not, as the server normalised them."""
        ask = partial(self._vectors, collection)
        return await stored_vectors(content_hashes, ask, size=_HASHES_A_REQUEST)

    async def _vectors(self, collection: str, wanted: set[str]) -> dict[str, Vector]:
        body = {
            "filter": to_filter(filters.holding(wanted)),
            "limit": _VECTORS_A_REPLY,
            "with_payload": ["content_hash"],
            "with_vector": [DENSE],
        }
        return page_of_vectors(await self._api.ask(collection, "points/scroll", body), wanted)

    async def chunks(self, collection: str, point_ids: Sequence[UUID]) -> list[Chunk]:
        """What is stored of these points, as far as they are there."""
        keys = [str(id_) for id_ in point_ids]
        return in_order(keys, await self.read(collection, keys))
