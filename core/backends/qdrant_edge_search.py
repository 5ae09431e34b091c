"""What the engine in this process is asked for a search, and how its answer becomes hits.

The ids and scores come first, and then what is stored of the points that were not found before:
to read a chunk takes the engine longer than to compare 150 vectors. So many are read at a time
that nobody waits long for a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Final, TypeAlias
from uuid import UUID

import qdrant_edge as engine

from core.backends import qdrant_filters as filters
from core.backends.qdrant_edge_errors import engine_errors
from core.backends.qdrant_payload import DENSE, SPARSE, batches, to_chunks, to_search_hits
from core.model import Chunk, SearchHits, SearchRequest, SparseVector

_KEPT: Final = 16_384
"""Chunks in memory, about a kilobyte each."""

_READ: Final = 32
"""Chunks that are read from the engine in a turn of the event loop, in one or two milliseconds."""

_SOURCES: Final = 1024
"""Beyond so many sources a scope is always compared."""

_OVERSAMPLING: Final = 16.0
BY_SIGNS: Final = engine.SearchParams(
    quantization=engine.QuantizationSearchParams(rescore=True, oversampling=_OVERSAMPLING)
)
"""Of the nearest by their signs, sixteen times as many as are wanted are compared exactly. Among
100,000 made-up vectors that finds 99.9 % of the 100 nearest; where all lean to one side it is 87 %,
but nearly all of the ten nearest. With the local model nDCG@10 on the evaluation sets is the same
as with an exact scan. A collection without signs is scanned."""

_Rankings: TypeAlias = dict[str, list[tuple[int, float]]]


class EdgeSearch:
    """Searches shards, and keeps the chunks that were found last; a point's never changes.

    Points are told apart by the numbers of their UUIDs, whose own hash takes four times as long.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._most = kept
        self._kept: dict[int, Chunk] = {}

    async def hits(self, shard: engine.EdgeShard, request: SearchRequest) -> SearchHits:
        """Both searches in one turn of the event loop; in two where generations are told apart.

        That takes longer, and neither sees what is written between the two.
        """
        visible, chosen = _chosen(shard, request)
        queries = _queries(request, visible, chosen)
        rankings: _Rankings = {}
        for turn in [queries] if visible is None else [{name: queries[name]} for name in queries]:
            rankings |= _rankings(shard, turn)
            await asyncio.sleep(0)
        found = {number for ranking in rankings.values() for number, _ in ranking}
        return to_search_hits(rankings, await self._chunks(shard, found))

    async def _chunks(self, shard: engine.EdgeShard, numbers: Collection[int]) -> dict[int, Chunk]:
        known = {n: self._kept.pop(n) for n in numbers if n in self._kept}
        self._keep(known)
        missing = [n for n in numbers if n not in known]
        for batch in batches(missing, _READ):
            read = _read(shard, batch)
            self._keep(read)
            known |= read
            await asyncio.sleep(0)
        return known

    def _keep(self, chunks: dict[int, Chunk]) -> None:
        self._kept |= chunks
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]


def _rankings(shard: engine.EdgeShard, queries: Mapping[str, engine.QueryRequest]) -> _Rankings:
    """The numbers of the points with their raw scores, by the name of each query."""
    with engine_errors():
        answers = shard.query_batch(engine.QueryBatchRequest(list(queries.values())))
    return {
        name: [(_number(point.id), point.score) for point in answer]
        for name, answer in zip(queries, answers, strict=True)
    }


def _read(shard: engine.EdgeShard, numbers: Iterable[int]) -> dict[int, Chunk]:
    ids: list[engine.PointId] = [UUID(int=n) for n in numbers]
    with engine_errors():
        records = shard.retrieve(ids, with_payload=True, with_vector=False)
    return {_number(point_id): chunk for point_id, chunk in to_chunks(records).items()}


def _number(point_id: engine.PointId) -> int:
    return point_id.int if isinstance(point_id, UUID) else int(point_id)


def _hides(shard: engine.EdgeShard, generation: int) -> bool:
    """Whether there is any point that the generation does not see.

    Mostly there is none, which two looks by the indexes tell at once; to compare the generations
    of all points takes longer than the search.
    """
    looks = (
        engine.ScrollRequest(filter=to_filter(unseen), limit=1, with_payload=False)
        for unseen in filters.unseen(generation)
    )
    with engine_errors():
        return any(shard.scroll(look)[0] for look in looks)


def _chosen(
    shard: engine.EdgeShard, request: SearchRequest
) -> tuple[engine.Filter | None, engine.Filter | None]:
    """What the generation sees, and what of that is in scope; None for all that there is.

    To compare a condition with each point takes longer than the search, and mostly all meet it.
    What few points meet is left out instead, which takes a third of the time.
    """
    hidden: list[engine.ConditionType] = []
    if _hides(shard, request.generation):
        hidden = [_condition(each) for way in filters.unseen(request.generation) for each in way]
    sources = request.sources
    if sources is None or _within(shard, sources):
        return _without(hidden), _without(hidden)
    scope = filters.among(sources)
    if not hidden:
        return None, to_filter([scope])
    beyond = engine.Filter(must_not=[_condition(scope)])
    return _without(hidden), _without([*hidden, beyond])


def _within(shard: engine.EdgeShard, sources: Collection[str]) -> bool:
    """Whether all points are of these sources, by what the index counts, in microseconds."""
    with engine_errors():
        hits = shard.facet(engine.FacetRequest("source", limit=_SOURCES, exact=False)).hits
    return len(hits) < _SOURCES and all(hit.value in sources for hit in hits)


def _queries(
    request: SearchRequest, visible: engine.Filter | None, chosen: engine.Filter | None
) -> dict[str, engine.QueryRequest]:
    """The dense and the sparse query, as far as there is something to search with.

    The sparse one takes its idf from what the generation sees: chunks of a running sync, and
    those that wait to be pruned, shift no score.
    """
    queries = {}
    if request.dense is not None:
        queries[DENSE] = _query(request, DENSE, request.dense.tolist(), chosen, BY_SIGNS)
    if request.sparse.indices:
        params = engine.SearchParams(idf=engine.IdfParams(corpus=visible))
        queries[SPARSE] = _query(request, SPARSE, sparse_vector(request.sparse), chosen, params)
    return queries


def _query(
    request: SearchRequest,
    using: str,
    vector: engine.NamedVector,
    chosen: engine.Filter | None,
    params: engine.SearchParams,
) -> engine.QueryRequest:
    return engine.QueryRequest(
        request.limit,
        query=engine.Query.Nearest(vector, using=using),
        filter=chosen,
        with_payload=False,
        params=params,
    )


def sparse_vector(vector: SparseVector) -> engine.SparseVector:
    """As the engine takes it."""
    return engine.SparseVector(list(vector.indices), list(vector.values))


def _without(conditions: list[engine.ConditionType]) -> engine.Filter | None:
    return engine.Filter(must_not=conditions) if conditions else None


def to_filter(conditions: Iterable[filters.Condition]) -> engine.Filter:
    """All conditions, as the engine takes them; it begins with the one that fewest points meet."""
    return engine.Filter(must=[_condition(each) for each in conditions])


def _condition(condition: filters.Condition) -> engine.ConditionType:
    match condition:
        case filters.Within(field, gt, lt, lte):
            return engine.FieldCondition(field, range=engine.RangeFloat(gt=gt, lt=lt, lte=lte))
        case filters.OneOf(field, values):
            return engine.FieldCondition(field, match=engine.MatchAny(values))
