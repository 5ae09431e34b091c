from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import Passage, Scores
from core.retrieval.passages import Published, deep_link, to_passages
from core.retrieval.ranked_hits import RankedHit
from tests.support.search import chunk, ranked, record

RECORDS = {("docs", "a.md"): record(), ("docs", "b.md"): record("b.md")}


def passages(ranking: Sequence[RankedHit], token_budget: int = 1000) -> tuple[Passage, ...]:
    return to_passages(ranking, Published(RECORDS), token_budget)


def texts(ranking: Sequence[RankedHit], token_budget: int = 1000) -> list[str]:
    return [passage.text for passage in passages(ranking, token_budget)]


def part(ordinal: int, fused: float = 0.5, *, anchor: str = "start") -> RankedHit:
    return ranked(chunk(f"part {ordinal}", anchor=anchor, ordinal=ordinal), fused)


def test_a_passage_says_where_it_stands() -> None:
    scores = Scores(fused=0.8, dense=0.7, sparse=9.0)

    (passage,) = passages([RankedHit(chunk("Run it.", anchor="first run"), scores)])

    assert passage == Passage(
        source="docs",
        path="a.md",
        title="Title",
        heading_path=("Start",),
        url="https://docs.example/a#first%20run",
        text="Run it.",
        peer_reviewed=True,
        scores=scores,
        date="2026",
    )


def test_a_passage_links_to_its_section_as_the_site_names_it() -> None:
    records = {("docs", "a.md"): replace(record(), fragments={"start-1": "start_1", "none": ""})}
    ranking = [part(0, anchor=anchor) for anchor in ("start-1", "start", "none")]

    assert [p.url for p in to_passages(ranking, Published(records), 1000)] == [
        "https://docs.example/a#start_1",
        "https://docs.example/a#start",
        "https://docs.example/a",
    ]


def test_a_passage_s_links_lead_to_what_is_published() -> None:
    (passage,) = passages([ranked(chunk("See [it](b.md#c)."))])

    assert passage.text == "See [it](https://docs.example/a#c)."


def test_a_section_is_published_the_same_way_each_time_it_is_found() -> None:
    published = Published(RECORDS, most=1)
    hits = [ranked(chunk(f"See [it]({anchor}.md#c).", anchor=anchor)) for anchor in "ab"]

    first = [to_passages([hit], published, 1000) for hit in hits]
    again = [to_passages([hit], published, 1000) for hit in hits]

    assert again == first
    assert [passage.url[-2:] for (passage,) in first] == ["#a", "#b"]


def test_neighbours_are_merged_in_reading_order() -> None:
    assert texts([part(2), part(1), part(3)]) == ["part 1\n\npart 2\n\npart 3"]


def test_a_gap_keeps_two_parts_of_a_section_apart() -> None:
    assert texts([part(4), part(1), part(2)]) == ["part 4", "part 1\n\npart 2"]


def test_other_sections_and_documents_are_not_neighbours() -> None:
    elsewhere = ranked(chunk("part 1", path="b.md", ordinal=1))

    assert texts([part(0), part(1, anchor="end"), elsewhere]) == ["part 0", "part 1", "part 1"]


def test_a_merged_passage_stands_where_its_best_hit_does() -> None:
    ranking = [part(3, 0.9), part(0, 0.8, anchor="end"), part(2, 0.7)]

    merged, other = passages(ranking)

    assert merged.text == "part 2\n\npart 3"
    assert (merged.scores.fused, other.scores.fused) == (0.9, 0.8)


def test_the_reranker_s_best_hit_gives_a_merged_passage_its_scores() -> None:
    first = ranked(chunk("a", ordinal=0), fused=0.2, rerank=0.9)
    second = ranked(chunk("b", ordinal=1), fused=1.0, rerank=0.1)

    (passage,) = passages([first, second])

    assert passage.scores == first.scores


def test_what_does_not_fit_the_budget_is_cut_off() -> None:
    ranking = [ranked(chunk("x" * 400, anchor=str(n))) for n in range(9)]

    assert len(passages(ranking, token_budget=350)) == 3


def test_one_passage_is_always_given() -> None:
    assert texts([part(1), part(2)], token_budget=0) == ["part 1"]


def test_documents_that_are_not_served_are_left_out() -> None:
    gone = ranked(chunk("old", path="gone.md"))

    assert texts([gone, part(1)]) == ["part 1"]


@pytest.mark.parametrize(
    ("anchor", "url"),
    [
        ("", "https://docs.example/a"),
        ("install", "https://docs.example/a#install"),
        ("über uns", "https://docs.example/a#%C3%BCber%20uns"),
        ('"><b>', "https://docs.example/a#%22%3E%3Cb%3E"),
    ],
)
def test_a_deep_link_is_the_document_s_address_with_the_anchor(anchor: str, url: str) -> None:
    assert deep_link("https://docs.example/a", anchor) == url


@given(st.permutations([(anchor, n) for anchor in "ab" for n in range(5)]), st.integers(1, 10))
def test_every_hit_is_in_one_passage(places: list[tuple[str, int]], taken: int) -> None:
    ranking = [ranked(chunk(f"{a}{n}", anchor=a, ordinal=n)) for a, n in places[:taken]]

    parts = [text.split("\n\n") for text in texts(ranking)]

    every = [each for run in parts for each in run]
    assert sorted(every) == sorted(f"{a}{n}" for a, n in places[:taken])
    assert all(run == sorted(run) for run in parts)
