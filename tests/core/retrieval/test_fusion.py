from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.fusion import combine, fuse
from core.retrieval.ranked_hits import RankedHits
from tests.support.search import chunk, found, ranked, read
from tests.support.search import ranking as listed

COSINES = st.floats(-1, 1)
BM25_SCORES = st.floats(0.01, 100)


def fused(ranking: RankedHits) -> dict[str, float]:
    return {hit.chunk.text: round(hit.scores.fused, 6) for hit in ranking}


@pytest.mark.parametrize(
    ("dense", "sparse", "expected"),
    [
        # Dense is scaled between its worst and its best hit, BM25 between 0 and its best.
        (
            (("a", 0.9), ("b", 0.6), ("c", 0.5)),
            (("b", 10.0), ("d", 5.0)),
            {"b": 0.7, "a": 0.4, "d": 0.3, "c": 0.0},
        ),
        # What only one search saw gets nothing from the other.
        ((("a", 0.9), ("b", 0.1)), (("c", 3.0),), {"c": 0.6, "a": 0.4, "b": 0.0}),
        # Equal cosines are all the best.
        ((("a", 0.5), ("b", 0.5)), (("b", 1.0),), {"b": 1.0, "a": 0.4}),
        # Alone, a search has all the weight.
        ((("a", 0.9), ("b", 0.7), ("c", 0.5)), (), {"a": 1.0, "b": 0.5, "c": 0.0}),
        ((), (("a", 8.0), ("b", 4.0)), {"a": 1.0, "b": 0.5}),
        ((), (("a", 0.0),), {"a": 0.0}),
        ((), (), {}),
    ],
)
def test_scores_are_scaled_and_summed_by_weight(
    dense: tuple[tuple[str, float], ...],
    sparse: tuple[tuple[str, float], ...],
    expected: dict[str, float],
) -> None:
    ranking = read(fuse(found(dense, sparse), dense_weight=0.4))

    assert fused(ranking) == expected
    assert [hit.chunk.text for hit in ranking] == list(expected)


def test_raw_scores_are_kept() -> None:
    ranking = read(fuse(found([("a", 0.9), ("b", 0.2)], [("a", 7.0)]), dense_weight=0.4))

    scores = {hit.chunk.text: (hit.scores.dense, hit.scores.sparse) for hit in ranking}
    assert scores == {"a": (0.9, 7.0), "b": (0.2, None)}


@given(
    dense=st.dictionaries(st.sampled_from("abcdefgh"), COSINES),
    sparse=st.dictionaries(st.sampled_from("abcdefgh"), BM25_SCORES),
    weight=st.floats(0, 1),
)
def test_a_ranking_holds_each_hit_once_in_the_order_of_its_scores(
    dense: dict[str, float], sparse: dict[str, float], weight: float
) -> None:
    ranking = read(fuse(found(dense.items(), sparse.items()), weight))

    scores = [hit.scores.fused for hit in ranking]
    assert sorted(hit.chunk.text for hit in ranking) == sorted(dense.keys() | sparse.keys())
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 + 1e-9 for score in scores)


@given(
    dense=st.dictionaries(st.sampled_from("abcd"), COSINES, min_size=1),
    sparse=st.dictionaries(st.sampled_from("abcd"), BM25_SCORES, min_size=1),
)
def test_the_best_of_both_searches_is_the_best(
    dense: dict[str, float], sparse: dict[str, float]
) -> None:
    dense["best"], sparse["best"] = 1.5, 200.0

    ranking = read(fuse(found(dense.items(), sparse.items()), 0.4))

    assert ranking[0].chunk.text == "best"
    assert ranking[0].scores.fused == pytest.approx(1)


def test_the_rankings_of_several_queries_are_averaged_by_weight() -> None:
    a, b, c = chunk("a"), chunk("b"), chunk("c")

    ranking = combine(
        [
            (3.0, listed(ranked(a, 1.0), ranked(b, 0.6))),
            (1.0, listed(ranked(c, 1.0), ranked(b, 0.8))),
        ]
    )

    assert fused(ranking) == {"a": 0.75, "b": 0.65, "c": 0.25}


def test_a_hit_keeps_the_raw_scores_of_the_first_query_that_found_it() -> None:
    first, other = found([("a", 0.9)]), found([("a", 0.1)], [("a", 0.1)])

    ranking = combine([(1.0, read(fuse(each, 0.4))) for each in (first, other)])

    assert [(h.scores.dense, h.scores.sparse) for h in ranking] == [(0.9, None)]
