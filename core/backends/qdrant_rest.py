"""A Qdrant server's REST for who waits for an answer: https://api.qdrant.tech/api-reference.

qdrant-client takes a second to import and validates each number that it sends and gets: what only
a sync needs goes through it, once there is a sync.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

import aiohttp
import orjson
from yarl import URL

from core.backends import qdrant_filters as filters
from core.backends.http_session import Reply, post, session_errors
from core.backends.qdrant_payload import (
    DENSE,
    INDEXED,
    SPARSE,
    batches,
    in_order,
    to_chunks,
    to_search_hits,
)
from core.backends.qdrant_statuses import (
    SERVICE,
    CollectionMissing,
    error_for,
    unreachable,
    unreadable,
)
from core.errors import MalformedReply, ServiceUnavailable
from core.model import Chunk, EmbeddingModel, Point, SearchHits, SearchRequest, Vector
from core.ports import VectorWriter
from core.text.retry_after import retry_after

_KEPT: Final = 16_384
"""Chunks in memory, about a kilobyte each."""

_CHUNKS_A_REQUEST: Final = 256
_SUCCESS: Final = range(200, 300)
_SERIALIZED: Final = orjson.OPT_SERIALIZE_NUMPY

Json = dict[str, Any]


class Remote(Protocol):
    """What qdrant-client does."""

    async def writer(self, model: EmbeddingModel) -> VectorWriter:
        """The write side, of a collection that is completed first."""

    async def vectors(self, collection: str, content_hashes: Sequence[str]) -> dict[str, Vector]:
        """The vectors at hand."""


class QdrantRest:
    """A VectorIndex over the collections of a server. Nothing is tried twice here.

    It keeps the chunks that were found last, a point's never changes, and asks for the others in a
    second request: what a search sends without them is a tenth.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        remote: Callable[[], Awaitable[Remote]],
        *,
        timeout: float,
        kept: int = _KEPT,
    ) -> None:
        self._session = session
        self._url = url / "collections"
        self._remote = remote
        self._timeout = timeout
        self._most = kept
        self._kept: dict[str, Chunk] = {}

    async def search(self, request: SearchRequest) -> SearchHits:
        """Both searches in one request."""
        asked = _searches(request)
        if not asked:
            return SearchHits(dense=(), sparse=())
        try:
            body = {"searches": list(asked.values())}
            answers = await self._asked(request.collection, "points/query/batch", body)
            rankings = _rankings(asked, answers)
            found = dict.fromkeys(id_ for ranking in rankings.values() for id_, _ in ranking)
            return to_search_hits(rankings, await self._chunks(request.collection, list(found)))
        except CollectionMissing:
            return SearchHits(dense=(), sparse=())

    async def count(self, collection: str, generation: int) -> int:
        """How many points that generation sees, exactly."""
        body = {"filter": _filter(filters.visible(generation)), "exact": True}
        try:
            answer = await self._asked(collection, "points/count", body)
        except CollectionMissing:
            return 0
        if not isinstance(answer, dict) or not isinstance(answer.get("count"), int):
            raise unreadable()
        return int(answer["count"])

    async def vectors(self, collection: str, content_hashes: Sequence[str]) -> dict[str, Vector]:
        """The vectors at hand by content hash, visible or not, as the server normalised them."""
        return await (await self._remote()).vectors(collection, content_hashes)

    async def chunks(self, collection: str, point_ids: Sequence[UUID]) -> list[Chunk]:
        """What is stored of these points, as far as they are there."""
        try:
            found = await self._chunks(collection, [str(id_) for id_ in point_ids])
        except CollectionMissing:
            return []
        return in_order(point_ids, found)

    async def writer(self, model: EmbeddingModel) -> VectorWriter:
        """A VectorWriter for the model's collection, which is completed where something lacks."""
        if await self._whole(model.collection):
            return LaterWriter(self._remote, model)
        return await (await self._remote()).writer(model)

    async def _whole(self, collection: str) -> bool:
        """Whether the collection is there with all its indexes."""
        with session_errors(SERVICE, _unreachable):
            async with (
                asyncio.timeout(self._timeout),
                self._session.get(self._url / collection, allow_redirects=False) as response,
            ):
                reply = Reply(response.status, response.headers, await response.read())
        try:
            schema = _result(reply)["payload_schema"]
            return not INDEXED.keys() - schema.keys()
        except CollectionMissing:
            return False
        except (AttributeError, KeyError, TypeError) as exc:
            raise unreadable() from exc

    async def _chunks(self, collection: str, ids: Sequence[str]) -> Mapping[str, Chunk]:
        known = {id_: self._kept.pop(id_) for id_ in ids if id_ in self._kept}
        for missing in batches([id_ for id_ in ids if id_ not in known], _CHUNKS_A_REQUEST):
            body = {"ids": missing, "with_payload": True, "with_vector": False}
            known |= _stored(await self._asked(collection, "points", body))
        self._kept |= known
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return known

    async def _asked(self, collection: str, path: str, body: Json) -> Any:
        """The result in Qdrant's envelope."""
        url = self._url / collection / path
        with session_errors(SERVICE, _unreachable):
            async with asyncio.timeout(self._timeout):
                data = orjson.dumps(body, option=_SERIALIZED)
                reply = await post(self._session, url, data, service=SERVICE)
        return _result(reply)


class LaterWriter:
    """A VectorWriter over a collection that is whole; the client is loaded when it is used."""

    def __init__(self, remote: Callable[[], Awaitable[Remote]], model: EmbeddingModel) -> None:
        self._remote = remote
        self._model = model
        self._opened: VectorWriter | None = None

    async def write(self, points: Sequence[Point]) -> None:
        """Stores points."""
        await (await self._writer()).write(points)

    async def close(self, point_ids: Sequence[UUID] | None, until: int) -> None:
        """Ends the points' interval."""
        await (await self._writer()).close(point_ids, until)

    async def recover(self, generation: int) -> None:
        """Undoes what a dead sync left."""
        await (await self._writer()).recover(generation)

    async def prune(self, source: str, generation: int) -> None:
        """Deletes the source's points that no generation sees any more."""
        await (await self._writer()).prune(source, generation)

    async def _writer(self) -> VectorWriter:
        if self._opened is None:
            self._opened = await (await self._remote()).writer(self._model)
        return self._opened


def _unreachable(service: str) -> ServiceUnavailable:  # noqa: ARG001 - it is always the same one
    return unreachable("no connection came about")


def _result(reply: Reply) -> Any:
    if reply.status not in _SUCCESS:
        raise error_for(reply.status, reply.body, retry_after=retry_after(reply.headers))
    try:
        return orjson.loads(reply.body)["result"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
        raise unreadable() from exc


def _searches(request: SearchRequest) -> dict[str, Json]:
    """The dense and the sparse query, as far as there is something to search with.

    The sparse one takes its idf from what the generation sees: chunks of a running sync, and
    those that wait to be pruned, shift no score. A server that does not know the parameter
    (before 1.19) takes it from the whole collection.
    """
    searches: dict[str, Json] = {}
    shared = {
        "filter": _filter(filters.visible(request.generation, request.sources)),
        "limit": request.limit,
        "with_payload": False,
    }
    if request.dense is not None:
        searches[DENSE] = {**shared, "query": request.dense, "using": DENSE}
    if request.sparse.indices:
        corpus = _filter(filters.visible(request.generation))
        searches[SPARSE] = {
            **shared,
            "query": {
                "indices": list(request.sparse.indices),
                "values": list(request.sparse.values),
            },
            "using": SPARSE,
            "params": {"idf": {"corpus": corpus}},
        }
    return searches


def _rankings(asked: Iterable[str], answers: Any) -> dict[str, list[tuple[str, float]]]:
    names = list(asked)
    if not isinstance(answers, list):
        raise unreadable()
    if len(answers) != len(names):
        raise MalformedReply(SERVICE, "the number of results is not that of the searches.")
    try:
        return {
            name: [(str(point["id"]), float(point["score"])) for point in answer["points"]]
            for name, answer in zip(names, answers, strict=True)
        }
    except (KeyError, TypeError, ValueError) as exc:
        raise unreadable() from exc


def _stored(records: Any) -> dict[str, Chunk]:
    """The chunks by the point's id. A point that cannot be read is left out and logged."""
    try:
        return to_chunks(_Record(str(each["id"]), each["payload"]) for each in records)
    except (KeyError, TypeError, AttributeError) as exc:
        raise unreadable() from exc


@dataclass(frozen=True, slots=True)
class _Record:
    """A point as it is stored, without its vectors."""

    id: str
    payload: Mapping[str, Any] | None
    vector: None = None


def _filter(conditions: Iterable[filters.Condition]) -> Json:
    return {"must": [_condition(each) for each in conditions]}


def _condition(condition: filters.Condition) -> Json:
    match condition:
        case filters.Within(field, gt, lt, lte):
            bounds = {"gt": gt, "lt": lt, "lte": lte}
            return {"key": field, "range": {k: v for k, v in bounds.items() if v is not None}}
        case filters.OneOf(field, values):
            return {"key": field, "match": {"any": list(values)}}
