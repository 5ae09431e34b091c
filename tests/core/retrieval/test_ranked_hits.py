"""A ranking whose hits are made when somebody looks at them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.model import Chunk, Scores
from core.retrieval.fusion import fuse
from core.retrieval.ranked_hits import RankedHit, RankedHits
from tests.support.search import chunk, chunks, found, read

FUSED = read(fuse(found([("a", 0.9), ("b", 0.6), ("c", 0.1)], [("b", 8.0), ("d", 2.0)]), 0.4))


def texts(hits: RankedHits) -> list[str]:
    return [hit.chunk.text for hit in hits]


def test_a_hit_has_its_chunk_and_the_scores_of_each_search_that_saw_it() -> None:
    assert FUSED[0] == RankedHit(chunk("b", anchor="b"), Scores(FUSED[0].scores.fused, 0.6, 8.0))
    assert FUSED[1].scores == Scores(0.4, dense=0.9)
    assert FUSED[-1].scores == Scores(0.0, dense=0.1)


def test_it_is_read_like_any_sequence() -> None:
    assert texts(FUSED) == ["b", "a", "d", "c"]
    assert FUSED[1:3] == list(FUSED)[1:3]
    assert (len(FUSED), bool(FUSED), bool(fuse(found(), 0.4))) == (4, True, False)


def test_hits_that_were_not_read_or_are_gone_are_left_out() -> None:
    best = FUSED.order[:2]

    assert texts(FUSED.with_chunks(chunks(best))) == ["b", "a"]
    assert texts(FUSED.with_chunks(chunks(best[1:]))) == ["a"]


def test_what_a_reranker_read_comes_before_the_others() -> None:
    reranked = FUSED.reranked(FUSED.order[:3], [0.2, 0.9, 0.2])

    assert texts(reranked) == ["a", "b", "d", "c"]
    assert [hit.scores.rerank for hit in reranked] == [0.9, 0.2, 0.2, None]


@pytest.mark.parametrize("relevance", [[0.5], [0.5, 0.4, 0.3]])
def test_a_relevance_for_each_that_was_read_is_asked_for(relevance: list[float]) -> None:
    with pytest.raises(ValueError, match="zip"):
        FUSED.reranked(FUSED.order[:2], relevance)


def test_hits_that_nobody_looks_at_are_not_made() -> None:
    looked_at: list[Chunk] = []

    class Watched(dict[Chunk, Chunk]):
        def __getitem__(self, key: Chunk) -> Chunk:
            looked_at.append(key)
            return super().__getitem__(key)

    watched = replace(FUSED, chunks=Watched(FUSED.chunks))

    assert next(iter(watched)).chunk.text == "b"
    assert [each.text for each in looked_at] == ["b"]
