from __future__ import annotations

from dataclasses import fields, replace

import pytest

from core.retrieval.confidence import (
    HYBRID_FLOOR,
    LEXICAL_FLOOR,
    RERANK_FLOOR,
    assess,
    term_coverage,
    weighted_mean,
)
from core.retrieval.evidence import Evidence
from tests.support.search import chunk, ranked

QUERY = "install linux package"


@pytest.mark.parametrize(
    ("query", "text", "share"),
    [
        ("How do I install it?", "Installing is easy.", 1.0),
        ("install linux package", "Run the installer on Linux.", 2 / 3),
        ("boil potatoes", "Run the installer on Linux.", 0.0),
        ("what is it?", "It is what it is.", 0.0),
        ("", "anything", 0.0),
    ],
)
def test_coverage_is_the_share_of_the_query_s_terms(query: str, text: str, share: float) -> None:
    assert term_coverage(query, text) == pytest.approx(share)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_weights_are_one_in_all(share: float) -> None:
    assert weighted_mean(Evidence(share, share, share, share)) == pytest.approx(share, abs=0.002)


@pytest.mark.parametrize("name", [field.name for field in fields(Evidence)])
def test_each_sign_makes_the_search_surer(name: str) -> None:
    shares = {field.name: 0.5 for field in fields(Evidence)}

    more = weighted_mean(Evidence(**{**shares, name: 0.9}))

    assert more > weighted_mean(Evidence(**shares)) + 0.01


def test_a_question_that_shares_only_common_words_with_the_hits_is_less_sure() -> None:
    hits = [ranked(chunk("Install the package.")) for _ in range(5)]

    known = assess("install package", hits, [0.5])
    foreign = assess("install potatoes", hits, [0.5])

    assert known.value - foreign.value > 0.1


def test_headings_count_by_half_where_words_are_all_there_is() -> None:
    assert assess("title", [ranked(chunk("body"))], []).value == 0.5
    assert assess("body", [ranked(chunk("body"))], []).value == 1.0


@pytest.mark.parametrize("cosines", [[], [0.9]])
def test_with_nothing_found_there_is_no_confidence(cosines: list[float]) -> None:
    confidence = assess(QUERY, [], cosines)

    assert (confidence.value, confidence.sufficient) == (0.0, False)


@pytest.mark.parametrize(
    ("text", "cosine", "rerank", "sufficient"),
    [
        ("Install the package on Linux.", 0.7, None, True),
        ("Boil the potatoes.", 0.7, None, True),
        ("Install the package on Linux.", 0.05, None, False),
        ("Boil the potatoes.", 0.3, None, False),
        ("Boil the potatoes.", -0.1, None, False),
        ("Install the package on Linux.", None, None, True),
        ("Run the installer on Linux.", None, None, True),
        ("Boil the potatoes.", None, None, False),
        ("Boil the potatoes.", 0.1, 0.8, True),
        ("Install the package on Linux.", 0.9, 0.01, False),
    ],
)
def test_each_rung_has_its_evidence_and_its_floor(
    text: str, cosine: float | None, rerank: float | None, *, sufficient: bool
) -> None:
    cosines = [] if cosine is None else [cosine, *[0.0] * 19]
    first = ranked(chunk(text), rerank=rerank, dense=cosine)

    confidence = assess(QUERY, [first], cosines)

    assert 0 <= confidence.value <= 1
    assert confidence.sufficient is sufficient
    if rerank is not None:
        assert confidence.value == rerank


@pytest.mark.parametrize(
    ("question", "heading", "sufficient"),
    [
        ("How do I install it?", "Installing", True),
        ("What are the rate limits?", "Rate limits", True),
        ("How is logging configured?", "Log configuration", True),
        ("Does it run on Windows?", "Windows", False),
        ("What are the requirements?", "System requirements", False),
        ("What is it?", "It", False),
        ("", "", False),
    ],
)
def test_a_question_that_is_the_heading_of_the_first_hit_suffices(
    question: str, heading: str, *, sufficient: bool
) -> None:
    under = replace(chunk("See below."), heading_path=("Guide", heading))

    confidence = assess(question, [ranked(under, dense=0.05)], [0.05, 0.0])

    assert confidence.sufficient is sufficient
    assert (confidence.value >= HYBRID_FLOOR) is sufficient


def test_a_page_without_headings_stands_under_its_title() -> None:
    page = replace(chunk("See below."), title="Installing", heading_path=())

    assert assess("How do I install it?", [ranked(page, dense=0.05)], [0.05]).sufficient


def test_where_a_reranker_read_the_first_hit_its_heading_tells_nothing() -> None:
    under = replace(chunk("See below."), heading_path=("Installing",))

    confidence = assess("How do I install it?", [ranked(under, rerank=0.01)], [0.9])

    assert not confidence.sufficient


@pytest.mark.parametrize("floor", [HYBRID_FLOOR, LEXICAL_FLOOR, RERANK_FLOOR])
def test_a_perfect_score_is_above_every_floor(floor: float) -> None:
    assert 0 < floor < 1
