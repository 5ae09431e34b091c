"""One suite over the engine in this process and a server, over REST and gRPC."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from core.errors import RequestRejected
from core.model import OPEN_ENDED, Chunk, EmbeddingModel, Point
from core.ports import VectorIndex, VectorWriter
from tests.support.points import MODEL, point, read, request, sparse, texts, unit
from tests.support.vector_indexes import OPENERS, Store


@pytest.fixture(params=list(OPENERS))
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with OPENERS[request.param](tmp_path) as store:
        yield store


@pytest.fixture
async def writer(index: Store) -> VectorWriter:
    return await index.writer(MODEL)


async def seen(
    index: VectorIndex, generation: int, sources: frozenset[str] | None = None
) -> set[str]:
    hits = await index.search(request(generation, dense=unit(1), sources=sources))
    return set(await texts(index, hits.dense))


@pytest.mark.parametrize(
    ("interval", "generation", "visible"),
    [
        ((3, OPEN_ENDED), 2, False),
        ((3, OPEN_ENDED), 3, True),
        ((3, OPEN_ENDED), 400, True),
        ((3, 5), 4, True),
        ((3, 5), 5, False),
        ((3, 5), 6, False),
        ((3, 0), 3, False),
    ],
)
async def test_a_generation_sees_the_points_whose_interval_it_lies_in(
    index: Store, writer: VectorWriter, interval: tuple[int, int], generation: int, *, visible: bool
) -> None:
    await writer.write([point("a", since=interval[0], until=interval[1])])

    hits = await index.search(request(generation, dense=unit(1), terms=sparse(7)))

    assert (len(hits.dense), len(hits.sparse)) == (visible, visible)
    assert await index.count(MODEL.collection, generation) == visible


@pytest.mark.parametrize(
    ("sources", "there"),
    [
        (None, {"a", "b", "c"}),
        (frozenset({"one"}), {"a"}),
        (frozenset({"one", "two", "four"}), {"a", "b"}),
        (frozenset({"four"}), set()),
        (frozenset(), set()),
    ],
)
async def test_only_sources_in_scope_are_found(
    index: Store, writer: VectorWriter, sources: frozenset[str] | None, there: set[str]
) -> None:
    await writer.write(
        [
            point(text, source=name)
            for text, name in zip("abc", ("one", "two", "three"), strict=True)
        ]
    )

    hits = await index.search(request(1, dense=unit(1), terms=sparse(7), sources=sources))

    assert set(await texts(index, hits.dense)) == there
    assert set(await texts(index, hits.sparse)) == there


async def test_dense_hits_come_best_first_with_their_cosine(
    index: Store, writer: VectorWriter
) -> None:
    await writer.write(
        [
            point("far", dense=unit(0, 1)),
            point("same", dense=unit(1)),
            point("near", dense=unit(1, 1)),
            point("against", dense=unit(-1)),
        ]
    )

    hits = await index.search(request(1, dense=unit(1)))

    assert await texts(index, hits.dense) == ["same", "near", "far", "against"]
    assert [*hits.dense.values()] == pytest.approx([1, math.sqrt(0.5), 0, -1], abs=1e-6)


def idf(total: int, holding: int) -> float:
    """Qdrant's formula for its idf modifier."""
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5))


async def test_sparse_hits_come_best_first_with_their_raw_weight(
    index: Store, writer: VectorWriter
) -> None:
    await writer.write(
        [
            point("common", terms=sparse(1, weight=1.5)),
            point("both", terms=sparse(1, 2, weight=1.5)),
            point("neither", terms=sparse(3)),
        ]
    )

    hits = await index.search(request(1, terms=sparse(1, 2)))

    assert await texts(index, hits.sparse) == ["both", "common"]
    assert [*hits.sparse.values()] == pytest.approx(
        [1.5 * (idf(3, 2) + idf(3, 1)), 1.5 * idf(3, 2)], abs=1e-5
    )


async def test_points_that_a_generation_does_not_see_shift_none_of_its_scores(
    index: Store, writer: VectorWriter
) -> None:
    await writer.write([point("a", terms=sparse(1)), point("b", terms=sparse(2))])
    before = await index.search(request(1, terms=sparse(1)))

    await writer.write([point(f"new {n}", since=2, terms=sparse(1)) for n in range(9)])
    await writer.write([point(f"old {n}", until=1, terms=sparse(1)) for n in range(9)])

    assert await index.search(request(1, terms=sparse(1))) == before


async def test_a_search_returns_no_more_than_it_was_asked_for(
    index: Store, writer: VectorWriter
) -> None:
    await writer.write([point(str(n)) for n in range(9)])

    hits = await index.search(request(1, dense=unit(1), terms=sparse(7), limit=4))

    assert (len(hits.dense), len(hits.sparse)) == (4, 4)


async def test_without_a_vector_the_terms_alone_are_searched(
    index: Store, writer: VectorWriter
) -> None:
    await writer.write([point("a")])

    hits = await index.search(request(1, terms=sparse(7)))

    assert (await texts(index, hits.sparse), hits.dense) == (["a"], {})


async def test_a_question_without_a_term_is_searched_by_its_vector(
    index: Store, writer: VectorWriter
) -> None:
    await writer.write([point("a"), point("no term", terms=sparse())])

    hits = await index.search(request(1, dense=unit(1)))

    assert (set(await texts(index, hits.dense)), hits.sparse) == ({"a", "no term"}, {})


async def test_a_question_without_anything_finds_nothing(
    index: Store, writer: VectorWriter
) -> None:
    await writer.write([point("a")])

    assert await index.search(request(1)) == await index.search(request(1, collection="none"))


async def test_an_unknown_collection_is_an_empty_one(index: Store) -> None:
    hits = await index.search(request(1, dense=unit(1), terms=sparse(7), collection="none"))

    assert (hits.dense, hits.sparse) == ({}, {})
    assert await index.vectors("none", ["hash"]) == {}
    assert await index.count("none", 1) == 0


async def test_a_new_collection_is_empty(index: Store, writer: VectorWriter) -> None:
    assert await seen(index, 1) == set()
    assert await index.count(MODEL.collection, 1) == 0


@pytest.mark.parametrize("dimensions", [384, 1024])
async def test_collections_of_other_models_are_apart(
    index: Store, writer: VectorWriter, dimensions: int
) -> None:
    model = EmbeddingModel("other", dimensions, 256)
    vectors = [unit(*[0] * n, 1, dimensions=dimensions) for n in range(70)]
    await writer.write([point("elsewhere")])

    await (await index.writer(model)).write(
        [point(str(n), dense=vector) for n, vector in enumerate(vectors)]
    )

    hits = await index.search(request(1, dense=vectors[42], collection=model.collection, limit=1))
    assert await texts(index, hits.dense, model.collection) == ["42"]
    assert await index.count(model.collection, 1) == 70
    assert await index.count(MODEL.collection, 1) == 1


async def test_opening_a_writer_again_keeps_what_is_there(
    index: Store, writer: VectorWriter
) -> None:
    await writer.write([point("a")])

    await index.writer(MODEL)

    assert await seen(index, 1) == {"a"}


async def test_a_chunk_comes_back_as_it_was_written(index: Store, writer: VectorWriter) -> None:
    written = Chunk(
        source="Größe/日本",
        path="docs/naïve & <b>.md",
        title="",
        heading_path=("Überblick", "🦀 \u202e", ""),
        anchor="überblick-1",
        ordinal=17,
        text="a\x00b\r\n\t```\N{ZERO WIDTH SPACE} {}" + "x" * 20_000,
    )
    await writer.write([Point(written, unit(1), sparse(7), since=1)])

    hits = await index.search(request(1, dense=unit(1), terms=sparse(7)))

    assert await read(index, [*hits.dense, *hits.sparse]) == [written, written]


async def test_writing_the_same_point_twice_writes_one(index: Store, writer: VectorWriter) -> None:
    await writer.write([point("a")])
    await writer.write([point("a"), point("a")])

    assert await index.count(MODEL.collection, 1) == 1


async def test_writing_nothing_does_nothing(index: Store, writer: VectorWriter) -> None:
    await writer.write([])
    await writer.close([], 2)

    assert await index.count(MODEL.collection, 1) == 0


REFUSED = {
    "too short": point("a", dense=unit(1, dimensions=3)),
    "too long": point("a", dense=unit(1, dimensions=5)),
    "a matrix": point("a", dense=np.ones((1, 4), np.float32)),
    "not a number": point("a", dense=np.array([np.nan, 0, 0, 0], np.float32)),
    "half a character": point("\ud800"),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED.keys())
async def test_a_malformed_point_is_refused_before_any_is_written(
    index: Store, writer: VectorWriter, refused: Point
) -> None:
    with pytest.raises(RequestRejected, match=r"dimensions|numbers|Unicode"):
        await writer.write([*(point(str(n)) for n in range(70)), refused])

    assert await index.count(MODEL.collection, 1) == 0


async def test_a_question_of_the_wrong_dimension_is_refused(
    index: Store, writer: VectorWriter
) -> None:
    with pytest.raises(RequestRejected, match="expected dim: 4, got 3"):
        await index.search(request(1, dense=unit(1, dimensions=3)))


async def test_vectors_are_at_hand_whether_visible_or_not(
    index: Store, writer: VectorWriter
) -> None:
    points = {
        "open": point("open", dense=unit(1, 2, 3)),
        "closed": point("closed", until=2, dense=unit(3, 2, 1)),
        "parked": point("parked", until=0, dense=unit(0, 1)),
    }
    await writer.write(list(points.values()))

    hashes = {name: p.chunk.content_hash for name, p in points.items()}
    found = await index.vectors(MODEL.collection, [*hashes.values(), "unknown"])

    assert found.keys() == set(hashes.values())
    for name, p in points.items():
        assert found[hashes[name]] == pytest.approx(p.dense)
        assert found[hashes[name]].dtype == np.float32


async def test_vectors_of_contents_that_repeat_are_all_found(
    index: Store, writer: VectorWriter
) -> None:
    repeated = [point("licence", path=f"{n}.md") for n in range(150)]
    others = [point(str(n)) for n in range(150)]
    await writer.write([*repeated, *others])

    hashes = [p.chunk.content_hash for p in (*repeated, *others)]

    assert (await index.vectors(MODEL.collection, hashes)).keys() == set(hashes)


async def test_a_closed_point_is_seen_up_to_its_end(index: Store, writer: VectorWriter) -> None:
    points = [point(str(n)) for n in range(300)]
    await writer.write(points)

    await writer.close([p.id for p in points[1:]], until=2)

    assert await index.count(MODEL.collection, 1) == 300
    assert await seen(index, 2) == {"0"}


async def test_closing_a_point_that_is_gone_is_no_error(index: Store, writer: VectorWriter) -> None:
    await writer.write([point("a"), point("b")])

    await writer.close([uuid4(), point("a").id], until=2)

    assert await seen(index, 2) == {"b"}


async def test_everything_that_earlier_generations_began_can_be_closed_at_once(
    index: Store, writer: VectorWriter
) -> None:
    old = [point(str(n)) for n in range(100)]
    await writer.write([*old, point("new", since=2), point("gone", until=1)])

    await writer.close(None, until=2)

    assert await index.count(MODEL.collection, 1) == 100
    assert await seen(index, 2) == {"new"}
    await writer.recover(1)
    assert await index.count(MODEL.collection, 1) == 100
    assert await index.count(MODEL.collection, 2) == 100


async def dead_sync(writer: VectorWriter) -> None:
    """Leaves generation 3 behind, unfinished: "new" was written, "kept" was closed."""
    await writer.write([point("kept"), point("gone", until=2)])
    await writer.write([point("new", since=3, until=OPEN_ENDED)])
    await writer.close([point("kept").id], until=3)


async def test_recovery_reopens_what_a_dead_sync_closed_and_hides_what_it_wrote(
    index: Store, writer: VectorWriter
) -> None:
    await dead_sync(writer)
    assert await seen(index, 3) == {"new"}

    await writer.recover(2)

    assert [await seen(index, n) for n in (1, 2, 3, 4)] == [
        {"kept", "gone"},
        {"kept"},
        {"kept"},
        {"kept"},
    ]


async def test_recovery_can_be_done_again(index: Store, writer: VectorWriter) -> None:
    await dead_sync(writer)

    for _ in range(3):
        await writer.recover(2)

    assert await seen(index, 3) == {"kept"}


async def test_a_point_hidden_by_recovery_stays_hidden_from_later_generations(
    index: Store, writer: VectorWriter
) -> None:
    await dead_sync(writer)
    await writer.recover(2)
    await writer.write([point("other", since=3)])

    await writer.recover(3)

    assert await seen(index, 3) == {"kept", "other"}


async def test_a_point_hidden_by_recovery_keeps_its_vector(
    index: Store, writer: VectorWriter
) -> None:
    await dead_sync(writer)

    await writer.recover(2)

    wanted = point("new").chunk.content_hash
    assert (await index.vectors(MODEL.collection, [wanted])).keys() == {wanted}


async def test_a_point_hidden_by_recovery_is_seen_once_it_is_written_again(
    index: Store, writer: VectorWriter
) -> None:
    await dead_sync(writer)
    await writer.recover(2)

    await writer.write([point("new", since=3)])

    assert await seen(index, 3) == {"kept", "new"}
    assert await seen(index, 2) == {"kept"}


async def test_recovery_reaches_every_point(index: Store, writer: VectorWriter) -> None:
    old = [point(f"old {n}") for n in range(150)]
    await writer.write([*old, *(point(f"new {n}", since=2) for n in range(150))])
    await writer.close([p.id for p in old], until=2)

    await writer.recover(1)

    assert [await index.count(MODEL.collection, n) for n in (1, 2)] == [150, 150]
    assert all(text.startswith("old") for text in await seen(index, 2))


async def test_pruning_deletes_the_points_that_are_seen_no_more(
    index: Store, writer: VectorWriter
) -> None:
    points = [
        point("open"),
        point("closed later", until=4),
        *(point(f"closed {n}", until=3) for n in range(150)),
        point("parked", since=3, until=0),
        point("of another source", source="other", until=3),
    ]
    await writer.write(points)

    await writer.prune("docs", 3)

    assert await seen(index, 3) == {"open", "closed later"}
    assert await seen(index, 2) == {"open", "closed later", "of another source"}
    left = await index.vectors(MODEL.collection, [p.chunk.content_hash for p in points])
    assert len(left) == 3


async def test_a_search_and_a_write_run_side_by_side(index: Store, writer: VectorWriter) -> None:
    await writer.write([point("a")])
    write = asyncio.create_task(writer.write([point(str(n), since=2) for n in range(300)]))

    found = [await seen(index, 1) for _ in range(10)]
    await write

    assert found == [{"a"}] * 10


async def test_what_was_found_and_is_gone_when_it_is_read_is_left_out(
    index: Store, writer: VectorWriter
) -> None:
    points = [point("gone"), point("there", source="other")]
    await writer.write(points)
    hits = await index.search(request(1, dense=unit(1)))
    await writer.close([points[0].id], 2)
    await writer.prune("docs", 2)
    keys = list(hits.dense)
    assert len(keys) == 2
    assert [each.text for each in (await index.read(MODEL.collection, keys)).values()] == ["there"]
    assert await index.read("docent-unknown-3", keys) == {}


async def test_chunks_are_read_by_their_points_in_the_order_asked_for(
    index: Store, writer: VectorWriter
) -> None:
    points = [point(name, since=since) for name, since in (("a", 1), ("b", 1), ("c", 2))]
    await writer.write(points)
    await writer.close([points[0].id], 2)
    a, b, c = (each.chunk for each in points)
    asked = [points[2].id, uuid4(), points[0].id, points[1].id]
    assert await index.chunks(MODEL.collection, asked) == [c, a, b]
    assert await index.chunks(MODEL.collection, []) == []
    assert await index.chunks("docent-unknown-3", asked) == []
