"""What the engine in this process is asked for a search, and how its answer becomes hits.

A search gives ids and scores alone: to read a chunk takes the engine longer than to compare 150
vectors. So many are read at a time that nobody waits long for a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Final, TypeAlias
from uuid import UUID

import qdrant_edge as engine

from core.backends.qdrant_edge_errors import engine_errors
from core.backends.qdrant_edge_filters import View, view
from core.backends.qdrant_payload import DENSE, SPARSE, batches, to_chunks, to_search_hits
from core.model import Chunk, SearchHits, SearchRequest, SparseVector, Vector

_READ: Final = 32
"""Chunks that are read from the engine in a turn of the event loop, in one or two milliseconds."""

_LARGE: Final = 50_000
"""Points from which on more of the nearest are asked for and looked through, instead of comparing
the conditions with all."""

_ENOUGH: Final = 0.5
"""The share of an index that is worth it: with less, many more have to be asked for."""

_MORE: Final = 1.2
"""What is asked for beyond the share, as chosen points may be rarer among the nearest."""

_OVERSAMPLING: Final = 16.0
BY_SIGNS: Final = engine.SearchParams(
    quantization=engine.QuantizationSearchParams(rescore=True, oversampling=_OVERSAMPLING)
)
"""Of the nearest by their signs, sixteen times as many as are wanted are compared exactly. Among
100,000 made-up vectors that finds 99.9 % of the 100 nearest; where all lean to one side it is 87 %,
but nearly all of the ten nearest. With the local model nDCG@10 on the evaluation sets is the same
as with an exact scan. A collection without signs is scanned."""

_Rankings: TypeAlias = dict[str, dict[int, float]]
_Queries: TypeAlias = Mapping[str, engine.QueryRequest]


class EdgeSearch:
    """Searches shards.

    Points are told apart by the numbers of their UUIDs, whose own hash takes four times as long.
    """

    def __init__(self, large: int = _LARGE) -> None:
        self._large = large

    async def hits(self, shard: engine.EdgeShard, request: SearchRequest) -> SearchHits:
        """Both searches in one turn of the event loop; in two where generations are told apart.

        That takes longer, and neither sees what is written between the two.
        """
        seen = view(shard, request)
        queries = _queries(request, seen)
        turns = [queries] if seen.visible is None else [{name: queries[name]} for name in queries]
        rankings: _Rankings = {}
        for turn in turns:
            rankings |= self._ranked(shard, turn, request, seen)
            await asyncio.sleep(0)
        return to_search_hits(rankings)

    async def read(self, shard: engine.EdgeShard, numbers: Sequence[int]) -> dict[int, Chunk]:
        """The chunks of points that were found, by their numbers."""
        found: dict[int, Chunk] = {}
        for batch in batches(numbers, _READ):
            found |= _read(shard, batch)
            await asyncio.sleep(0)
        return found

    def _ranked(
        self, shard: engine.EdgeShard, queries: _Queries, request: SearchRequest, seen: View
    ) -> _Rankings:
        large = seen.points >= self._large and seen.share >= _ENOUGH
        sifted = _sifted(shard, request, seen) if large and DENSE in queries else {}
        left = {name: query for name, query in queries.items() if name not in sifted}
        return sifted | _rankings(shard, left)


def _rankings(shard: engine.EdgeShard, queries: _Queries) -> _Rankings:
    """The numbers of the points with their raw scores, by the name of each query."""
    with engine_errors():
        answers = shard.query_batch(engine.QueryBatchRequest(list(queries.values())))
    return {
        name: {_number(point.id): point.score for point in answer}
        for name, answer in zip(queries, answers, strict=True)
    }


def _sifted(shard: engine.EdgeShard, request: SearchRequest, seen: View) -> _Rankings:
    """The nearest that are chosen, of more that are nearest; nothing where those are too few.

    Where they are enough, no others are nearer: what was left out of the longer list is farther
    than all that is in it.
    """
    if request.dense is None or seen.chosen is None:
        return {}
    limit = ceil(request.limit / seen.share * _MORE)
    with engine_errors():
        nearest = shard.query(_nearest(request.dense, limit, None))
    there = engine.HasIdCondition({point.id for point in nearest})
    among = engine.Filter(must=[there, seen.chosen])
    found = _rankings(shard, {DENSE: _nearest(request.dense, request.limit, among)})
    return found if len(found[DENSE]) == request.limit else {}


def _read(shard: engine.EdgeShard, numbers: Iterable[int]) -> dict[int, Chunk]:
    with engine_errors():
        records = shard.retrieve(_ids(numbers), with_payload=True, with_vector=False)
    return {_number(point_id): chunk for point_id, chunk in to_chunks(records).items()}


def _ids(numbers: Iterable[int]) -> list[engine.PointId]:
    return [UUID(int=n) for n in numbers]


def _number(point_id: engine.PointId) -> int:
    return point_id.int if isinstance(point_id, UUID) else int(point_id)


def _queries(request: SearchRequest, seen: View) -> dict[str, engine.QueryRequest]:
    """The dense and the sparse query, as far as there is something to search with.

    The sparse one takes its idf from what the generation sees: chunks of a running sync, and
    those that wait to be pruned, shift no score.
    """
    queries = {}
    if request.dense is not None:
        queries[DENSE] = _nearest(request.dense, request.limit, seen.chosen)
    if request.sparse.indices:
        queries[SPARSE] = engine.QueryRequest(
            request.limit,
            query=engine.Query.Nearest(sparse_vector(request.sparse), using=SPARSE),
            filter=seen.chosen,
            with_payload=False,
            params=engine.SearchParams(idf=engine.IdfParams(corpus=seen.visible)),
        )
    return queries


def _nearest(dense: Vector, limit: int, chosen: engine.Filter | None) -> engine.QueryRequest:
    return engine.QueryRequest(
        limit,
        query=engine.Query.Nearest(dense.tolist(), using=DENSE),
        filter=chosen,
        with_payload=False,
        params=BY_SIGNS,
    )


def sparse_vector(vector: SparseVector) -> engine.SparseVector:
    """As the engine takes it."""
    return engine.SparseVector(list(vector.indices), list(vector.values))
