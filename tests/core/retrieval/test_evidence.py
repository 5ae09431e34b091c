"""What of the best hits speaks for an answer in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import Chunk
from core.retrieval.evidence import gather, held_by_sentences, said, weigh
from core.retrieval.ranked_hits import RankedHit
from tests.support.search import chunk, ranked


def page(text: str, title: str = "", *headings: str) -> RankedHit:
    return ranked(Chunk("docs", "a.md", title, headings, "", 0, text))


def said_by(query: str, *texts: str) -> float:
    hits = [page(text) for text in texts]
    asked = weigh(query, hits)
    return said(asked, held_by_sentences(asked, hits[0].chunk))


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
        ("install linux", [""], 0.0, 0.0),
        # What only begins alike counts in part.
        ("install", ["Installable."], 0.8, 0.8),
        ("conf", ["Configure it."], 0.0, 0.0),
    ],
)
def test_the_text_says_the_share_of_the_question_that_it_holds(
    query: str, texts: list[str], least: float, most: float
) -> None:
    assert least <= said_by(query, *texts) <= most


def test_what_stands_in_two_sentences_in_a_row_is_said_together() -> None:
    together = "Nothing here. Install it. It runs on Linux."
    apart = "Install it. Nothing here. It runs on Linux."

    assert said_by("install linux", together) == pytest.approx(1.0)
    assert said_by("install linux", apart) < 0.8


def test_a_heading_names_the_subject_and_says_nothing_of_it() -> None:
    query = "Which poison killed Romeo?"
    headed = gather(query, [page("He met Juliet at the ball.", "Romeo", "Poison")], [0.5])
    saying = gather(query, [page("Poison killed him.", "Romeo", "Poison")], [0.5])

    assert (headed.said, headed.beyond) == (0.0, 0.0)
    assert saying.said > 0.5


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Romeo met Juliet at the ball.", 0.0),
        ("He drank the poison.", 0.5),
        ("He drank the poison. It killed him.", 0.5),
        ("The poison killed him.", 1.0),
        ("", 0.0),
    ],
)
def test_what_the_headings_lack_a_sentence_must_say(text: str, share: float) -> None:
    evidence = gather("Which poison killed Romeo?", [page(text, "Romeo and Juliet")], [0.5])

    assert evidence.beyond == pytest.approx(share)


@pytest.mark.parametrize(("query", "share"), [("Romeo", 1.0), ("What is it?", 0.0)])
def test_where_the_headings_lack_nothing_all_of_it_is_said(query: str, share: float) -> None:
    assert gather(query, [page("A play.", "Romeo and Juliet")], [0.5]).beyond == share


@pytest.mark.parametrize(
    ("dense", "cosines", "near"),
    [(0.6, [0.8, 0.6, 0.4], 0.7), (0.8, [0.8], 0.8), (None, [0.8, 0.6, 0.4], 0.6)],
)
def test_both_the_nearest_hit_and_the_first_one_tell_how_near_the_docs_come(
    dense: float | None, cosines: list[float], near: float
) -> None:
    first = ranked(chunk("text"), dense=dense)

    assert gather("query", [first], cosines).near == pytest.approx(near)


@pytest.mark.parametrize(
    ("cosines", "apart"),
    [([0.8, 0.5, 0.3], 0.4), ([0.8, *[0.6] * 19, *[0.1] * 50], 0.2), ([0.8], 0.8)],
)
def test_an_answer_stands_out_from_the_next_twenty(cosines: list[float], apart: float) -> None:
    assert gather("query", [page("text")], cosines).apart == pytest.approx(apart)


WORDS = st.lists(st.sampled_from(["install", "installer", "linux", "is", "Bread.", "#", "\n"]))


@given(WORDS, st.lists(WORDS, min_size=1), WORDS, st.lists(st.floats(-1, 1), min_size=1))
def test_all_shares_are_shares(
    query: list[str], texts: list[list[str]], heading: list[str], cosines: list[float]
) -> None:
    hits = [page(" ".join(text), " ".join(heading)) for text in texts]

    evidence = gather(" ".join(query), hits, sorted(cosines, reverse=True))

    assert 0 <= evidence.said <= 1 + 1e-9
    assert 0 <= evidence.beyond <= 1
    assert -1 <= evidence.near <= 1
