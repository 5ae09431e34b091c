"""What is peer-reviewed, or from a source of priority, comes first where it is as relevant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import DocumentRecord, Scores
from core.retrieval.preference import Preference, preferred
from core.retrieval.ranked_hits import RankedHit
from tests.support.search import chunk, ranking, record

REVIEWED = record("paper.md")
BLOG = replace(record("blog.md"), peer_reviewed=False)
WIKI = replace(record("wiki.md", source="wiki"), peer_reviewed=False)
RECORDS = {(each.source, each.path): each for each in (REVIEWED, BLOG, WIKI)}


def hit(of: DocumentRecord, fused: float, rerank: float | None = None) -> RankedHit:
    each = chunk("text", source=of.source, path=of.path, anchor=f"{fused}-{rerank}")
    return RankedHit(each, Scores(fused=fused, rerank=rerank))


def paths(hits: list[RankedHit], preference: Preference) -> list[str]:
    return [each.chunk.path for each in preferred(ranking(*hits), RECORDS, preference)]


@pytest.mark.parametrize(
    ("blog", "paper", "first"),
    [
        (0.8, 0.8, "paper.md"),
        (0.8, 0.77, "paper.md"),
        (0.8, 0.7, "blog.md"),
        (0.1, 0.09, "blog.md"),
    ],
)
def test_what_is_peer_reviewed_comes_first_where_it_is_about_as_relevant(
    blog: float, paper: float, first: str
) -> None:
    assert paths([hit(BLOG, blog), hit(REVIEWED, paper)], Preference(0.05))[0] == first


def test_a_source_of_higher_priority_comes_first_and_one_of_lower_last() -> None:
    hits = [hit(BLOG, 0.8), hit(WIKI, 0.79)]
    assert paths(hits, Preference(priorities={"wiki": 0.05})) == ["wiki.md", "blog.md"]
    hits = [hit(WIKI, 0.8), hit(BLOG, 0.79)]
    assert paths(hits, Preference(priorities={"wiki": -0.05})) == ["blog.md", "wiki.md"]


def test_it_is_the_reranker_s_score_where_there_is_one() -> None:
    hits = [hit(BLOG, 0.2, rerank=0.8), hit(REVIEWED, 0.1, rerank=0.79), hit(REVIEWED, 1.0)]
    found = preferred(ranking(*hits), RECORDS, Preference(0.05))
    assert [each.scores.rerank for each in found] == [0.79, 0.8, None]


def test_the_scores_that_are_told_are_those_of_the_search() -> None:
    hits = [hit(BLOG, 0.8), hit(REVIEWED, 0.8)]
    assert {each.scores.fused for each in preferred(ranking(*hits), RECORDS, Preference(0.5))} == {
        0.8
    }


def test_what_is_served_no_more_is_neither_preferred_nor_in_the_way() -> None:
    gone = replace(REVIEWED, path="gone.md")
    assert paths([hit(gone, 0.8), hit(REVIEWED, 0.8)], Preference(0.05)) == ["paper.md", "gone.md"]


@pytest.mark.parametrize(
    ("preference", "served", "applies"),
    [
        (Preference(0.05), [REVIEWED, BLOG], True),
        (Preference(0.05), [BLOG, WIKI], False),
        (Preference(0.05, {"wiki": 0.05}), [BLOG, WIKI], True),
        (Preference(0.05, {"wiki": 0.05}), [BLOG], False),
        (Preference(0.05, {"wiki": 0.0}), [WIKI], False),
    ],
)
def test_a_preference_for_what_is_not_among_the_docs_is_none(
    preference: Preference,
    served: list[DocumentRecord],
    applies: bool,
) -> None:
    records = {(each.source, each.path): each for each in served}
    assert preference.among(records) == (preference if applies else Preference())


@given(
    st.lists(st.tuples(st.floats(0, 1), st.none() | st.floats(0, 1)), unique=True, max_size=20),
    st.sampled_from([REVIEWED, BLOG]),
    st.floats(0, 1),
)
def test_where_all_are_alike_the_order_is_exactly_that_of_the_search(
    scores: list[tuple[float, float | None]], alike: DocumentRecord, boost: float
) -> None:
    scores.sort(key=lambda each: each[1] is None)
    hits = [hit(alike, fused, rerank) for fused, rerank in scores]
    preference = Preference(boost, {"docs": boost / 3})
    assert [*preferred(ranking(*hits), RECORDS, preference)] == hits
