"""The search in the engine: what it keeps of what it found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import qdrant_edge as engine
from hypothesis import given
from hypothesis import strategies as st

from core.backends.qdrant_edge import open_edge
from core.backends.qdrant_edge_search import EdgeSearch
from core.model import EmbeddingModel, Point, Vector
from tests.support.points import MODEL, point, read, request, sparse, unit


def of_a_few(query: engine.QueryRequest) -> bool:
    """Whether it chooses among points that it names."""
    conditions = query.filter.must or [] if query.filter else []
    return any(isinstance(each, engine.HasIdCondition) for each in conditions)


class CountedShard:
    """The engine's shard, which counts the points that are read from it.

    `compared` says of each query whether conditions were compared with all points.
    """

    def __init__(self, shard: engine.EdgeShard) -> None:
        self._shard = shard
        self.read = 0
        self.compared: list[bool] = []

    def query_batch(self, batch: engine.QueryBatchRequest) -> list[list[engine.ScoredPoint]]:
        queries = [query for query in batch.queries if not of_a_few(query)]
        self.compared += [query.filter is not None for query in queries]
        self.read += sum(query.with_payload is not False for query in batch.queries)
        return self._shard.query_batch(batch)

    def query(self, query: engine.QueryRequest) -> list[engine.ScoredPoint]:
        self.compared.append(query.filter is not None)
        return self._shard.query(query)

    def facet(self, request: engine.FacetRequest) -> engine.FacetResponse:
        return self._shard.facet(request)

    def count(self, request: engine.CountRequest) -> int:
        return self._shard.count(request)

    def scroll(self, request: engine.ScrollRequest) -> tuple[list[engine.Record], Any]:
        return self._shard.scroll(request)

    def retrieve(self, point_ids: list[Any], **what: bool) -> list[engine.Record]:
        self.read += len(point_ids)
        return self._shard.retrieve(point_ids, **what)


@pytest.fixture
async def shard(tmp_path: Path) -> CountedShard:
    async with open_edge(tmp_path) as index:
        vectors = {"a": unit(1), "b": unit(0, 1), "c": unit(0, 0, 1)}
        terms = {"a": sparse(1), "b": sparse(2), "c": sparse(3)}
        points = [point(text, dense=vectors[text], terms=terms[text]) for text in vectors]
        await (await index.writer(MODEL)).write(points)
    return CountedShard(engine.EdgeShard.load(str(tmp_path / MODEL.collection)))


async def texts(search: EdgeSearch, shard: CountedShard, ranking: Iterable[int]) -> list[str]:
    """Those of what was found, in its order."""
    numbers = list(ranking)
    chunks = await search.read(cast("engine.EdgeShard", shard), numbers)
    return [chunks[number].text for number in numbers]


async def test_nothing_is_read_of_what_is_found_until_it_is_asked_for(shard: CountedShard) -> None:
    asked = request(1, dense=unit(1), terms=sparse(1))

    hits = await EdgeSearch().hits(cast("engine.EdgeShard", shard), asked)

    assert (len(hits.dense), len(hits.sparse)) == (3, 1)
    assert shard.read == 0


MADE_UP = np.random.default_rng(7)
MADE_UP_MODEL = EmbeddingModel("test/made-up", dimensions=128, max_tokens=256)


def directions(count: int) -> Vector:
    made = MADE_UP.standard_normal((count, MADE_UP_MODEL.dimensions)).astype(np.float32)
    lengths: Vector = np.linalg.norm(made, axis=1, keepdims=True)
    return made / lengths


async def test_among_many_chunks_the_nearest_are_found_as_if_each_were_compared(
    tmp_path: Path,
) -> None:
    vectors, asked = directions(4000), directions(20)
    points = [point(str(n), dense=vector) for n, vector in enumerate(vectors)]
    shares = []
    async with open_edge(tmp_path) as index:
        await (await index.writer(MADE_UP_MODEL)).write(points)
        for query in asked:
            nearest = {str(n) for n in np.argsort(-vectors @ query)[:10]}
            wanted = request(1, dense=query, limit=100, collection=MADE_UP_MODEL.collection)
            hits = await index.search(wanted)
            there = await read(index, hits.dense, MADE_UP_MODEL.collection)
            shares.append(len(nearest & {each.text for each in there}) / 10)

    assert sum(shares) / len(shares) > 0.98


async def test_a_collection_that_was_made_without_signs_is_searched_as_well(tmp_path: Path) -> None:
    dense = engine.EdgeVectorParams(size=MODEL.dimensions, distance=engine.Distance.Cosine)
    terms = engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf)
    folder = tmp_path / MODEL.collection
    folder.mkdir()
    config = engine.EdgeConfig(vectors={"dense": dense}, sparse_vectors={"sparse": terms})
    made = engine.EdgeShard.create(str(folder), config)
    keyword = engine.PayloadSchemaType.Keyword
    made.update(engine.UpdateOperation.create_field_index("source", keyword))
    made.close()

    async with open_edge(tmp_path) as index:
        points = [point(at, dense=unit(1), terms=sparse(1), source=at) for at in "ab"]
        await (await index.writer(MODEL)).write(points)
        asked = request(1, dense=unit(1), terms=sparse(1), sources=frozenset({"a"}))
        hits = await index.search(asked)
        there = await read(index, [*hits.dense, *hits.sparse])

    assert [each.text for each in there] == ["a", "a"]


@pytest.mark.parametrize(("scope", "found"), [({"docs"}, 1), ({"docs", "b"}, 1), ({"b"}, 0)])
async def test_a_scope_is_kept_to_whether_it_leaves_anything_out_or_not(
    tmp_path: Path, scope: set[str], found: int
) -> None:
    async with open_edge(tmp_path) as index:
        await (await index.writer(MODEL)).write([point("a", dense=unit(1))])
        hits = await index.search(request(1, dense=unit(1), sources=frozenset(scope)))

    assert len(hits.dense) == found


@pytest.mark.parametrize("generation", [1, 2])
@pytest.mark.parametrize("scope", ["a", "ab", "abc", "d"])
async def test_a_scope_is_kept_to_while_some_generations_are_hidden(
    tmp_path: Path, generation: int, scope: str
) -> None:
    async with open_edge(tmp_path) as index:
        writer = await index.writer(MODEL)
        old = [point(f"{at}1", source=at, path="old.md", since=1, until=2) for at in "abc"]
        new = [point(f"{at}2", source=at, path="new.md", since=2) for at in "abc"]
        await writer.write([*old, *new])
        asked = request(
            generation, dense=unit(1), terms=sparse(7), sources=frozenset(scope), limit=3
        )
        hits = await index.search(asked)
        there = [await read(index, ranking) for ranking in (hits.dense, hits.sparse)]

    seen = {f"{at}{generation}" for at in scope if at in "abc"}
    assert [{each.text for each in ranking} for ranking in there] == [seen, seen]


async def written(folder: Path, points: Sequence[Point]) -> CountedShard:
    async with open_edge(folder) as index:
        await (await index.writer(MODEL)).write(points)
    return CountedShard(engine.EdgeShard.load(str(folder / MODEL.collection)))


def of_sources(sources: str) -> list[Point]:
    """One for each source, the first one nearest to the first direction."""
    return [
        point(f"{source}{n}", source=source, dense=unit(1, n / 10))
        for n, source in enumerate(sources)
    ]


@pytest.mark.parametrize(
    ("sources", "scope", "compared"),
    [
        ("aaabaaab", "a", [False]),
        ("aaaaaaaa", "a", [False]),
        ("abbbabbb", "a", [True]),
        ("bbbbaaaa", "a", [False, True]),
        ("bbbbbaaaaaaaaa", "a", [False, True]),
    ],
)
async def test_in_a_large_index_a_scope_is_looked_for_among_the_nearest_of_all(
    tmp_path: Path, sources: str, scope: str, compared: list[bool]
) -> None:
    shard = await written(tmp_path, of_sources(sources))
    asked = request(1, dense=unit(1), sources=frozenset(scope), limit=2)

    search = EdgeSearch(large=0)
    hits = await search.hits(cast("engine.EdgeShard", shard), asked)

    nearest = [f"{source}{n}" for n, source in enumerate(sources) if source in scope]
    assert await texts(search, shard, hits.dense) == nearest[:2]
    assert shard.compared == compared


@pytest.mark.parametrize(("large", "compared"), [(9, [True]), (8, [False])])
async def test_in_a_small_index_all_points_are_compared_with_the_scope(
    tmp_path: Path, large: int, compared: list[bool]
) -> None:
    shard = await written(tmp_path, of_sources("aaabaaab"))
    asked = request(1, dense=unit(1), sources=frozenset("a"), limit=2)

    await EdgeSearch(large=large).hits(cast("engine.EdgeShard", shard), asked)

    assert shard.compared == compared


async def test_in_a_large_index_what_a_running_sync_writes_is_looked_for_as_well(
    tmp_path: Path,
) -> None:
    old = [point(str(n), dense=unit(1, n)) for n in range(64)]
    new = point("new", since=2, dense=unit(1))
    shard = await written(tmp_path, [*old, new])
    asked = request(1, dense=unit(1), terms=sparse(7), limit=3)

    search = EdgeSearch(large=0)
    hits = await search.hits(cast("engine.EdgeShard", shard), asked)

    assert await texts(search, shard, hits.dense) == ["0", "1", "2"]
    assert "new" not in await texts(search, shard, hits.sparse)
    assert shard.compared == [False, True]


async def test_a_scope_is_kept_to_among_more_sources_than_are_counted(tmp_path: Path) -> None:
    names = [f"s{n}" for n in range(1100)]
    points = [point(name, source=name, dense=unit(1)) for name in names]
    async with open_edge(tmp_path) as index:
        await (await index.writer(MODEL)).write(points)
        hits = await index.search(request(1, dense=unit(1), sources=frozenset(names[:3])))
        there = await read(index, hits.dense)

    assert {each.text for each in there} == {"s0", "s1", "s2"}


MIXED = 64
"""So few that each search compares all vectors exactly, whatever the limit."""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> engine.EdgeShard:
    """Points of three sources and of three intervals, in any direction."""
    vectors, drawn = directions(MIXED), np.random.default_rng(3)
    intervals = [(1, 9), (1, 2), (2, 9)]
    points = []
    for n, vector in enumerate(vectors):
        since, until = intervals[drawn.choice(3, p=[0.8, 0.1, 0.1])]
        source = "abc"[drawn.choice(3, p=[0.6, 0.3, 0.1])]
        dense = unit(*vector[: MODEL.dimensions].tolist())
        points.append(point(str(n), source=source, dense=dense, since=since, until=until))
    folder = tmp_path_factory.mktemp("mixed")
    asyncio.run(written(folder, points))
    return engine.EdgeShard.load(str(folder / MODEL.collection))


@given(
    direction=st.tuples(*[st.floats(-1, 1, width=16)] * MODEL.dimensions).filter(any),
    scope=st.none() | st.sets(st.sampled_from("abcd")),
    generation=st.integers(0, 10),
    limit=st.integers(4, MIXED),
)
def test_what_is_looked_for_among_the_nearest_of_all_is_what_comparing_all_would_find(
    mixed: engine.EdgeShard,
    direction: tuple[float, ...],
    scope: set[str] | None,
    generation: int,
    limit: int,
) -> None:
    sources = None if scope is None else frozenset(scope)
    asked = request(
        generation, dense=unit(*direction), terms=sparse(7), sources=sources, limit=limit
    )

    sifted = asyncio.run(EdgeSearch(large=0).hits(mixed, asked))
    compared = asyncio.run(EdgeSearch(large=MIXED + 1).hits(mixed, asked))

    assert [*sifted.dense.values()] == [*compared.dense.values()]
    assert sifted.dense == compared.dense
    assert [*sifted.sparse.items()] == [*compared.sparse.items()]
