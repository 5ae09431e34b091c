from __future__ import annotations

import pytest

from core.retrieval.confidence import (
    HYBRID_FLOOR,
    LEXICAL_FLOOR,
    RERANK_FLOOR,
    assess,
    term_coverage,
    weighted_coverage,
)
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


@pytest.mark.parametrize(
    ("query", "texts", "least", "most"),
    [
        # A term that many of the hits hold tells little; one that few or none hold, much.
        ("install linux", ["Linux.", "Linux.", "Linux.", "Install it."], 0.0, 0.3),
        ("install linux", ["Install it.", "Linux.", "Linux.", "Linux."], 0.7, 1.0),
        ("install potatoes", ["Install it.", "Install it."], 0.0, 0.2),
        ("install linux", ["Install it on Linux.", "Linux."], 0.999, 1.001),
        ("install linux", ["Nothing.", "Install it on Linux."], 0.0, 0.0),
        ("what is it?", ["It is what it is."], 0.0, 0.0),
    ],
)
def test_a_rare_term_of_the_query_weighs_more_than_a_common_one(
    query: str, texts: list[str], least: float, most: float
) -> None:
    assert least <= weighted_coverage(query, texts) <= most


def test_a_question_that_shares_only_common_words_with_the_hits_is_less_sure() -> None:
    hits = [ranked(chunk("Install the package.")) for _ in range(5)]

    known = assess("install package", hits, 0.5)
    foreign = assess("install potatoes", hits, 0.5)

    assert known.value - foreign.value > 0.1


def test_headings_count_as_text() -> None:
    assert assess("title", [ranked(chunk("body"))], None).value == 1.0


def test_with_nothing_found_there_is_no_confidence() -> None:
    confidence = assess(QUERY, [], 0.9)

    assert (confidence.value, confidence.sufficient) == (0.0, False)


@pytest.mark.parametrize(
    ("text", "cosine", "rerank", "value", "sufficient"),
    [
        ("Install the package on Linux.", 0.7, None, (5 * 0.7 + 1) / 6, True),
        ("Boil the potatoes.", 0.7, None, 5 * 0.7 / 6, True),
        ("Install the package on Linux.", 0.2, None, (5 * 0.2 + 1) / 6, False),
        ("Boil the potatoes.", -0.1, None, 0.0, False),
        ("Install the package on Linux.", None, None, 1.0, True),
        ("Install the potatoes.", None, None, 1 / 3, True),
        ("Boil the potatoes.", None, None, 0.0, False),
        ("Boil the potatoes.", 0.1, 0.8, 0.8, True),
        ("Install the package on Linux.", 0.9, 0.01, 0.01, False),
    ],
)
def test_each_rung_has_its_evidence_and_its_floor(
    text: str, cosine: float | None, rerank: float | None, value: float, *, sufficient: bool
) -> None:
    confidence = assess(QUERY, [ranked(chunk(text), rerank=rerank)], cosine)

    assert confidence.value == pytest.approx(value)
    assert confidence.sufficient is sufficient


@pytest.mark.parametrize("floor", [HYBRID_FLOOR, LEXICAL_FLOOR, RERANK_FLOOR])
def test_a_perfect_score_is_above_every_floor(floor: float) -> None:
    assert 0 < floor < 1
