"""How a question of a conversation is weighed against what completes it."""

from __future__ import annotations

import pytest

from core.model import Chunk
from core.retrieval.follow_ups import OFF_TOPIC, Blend, Searched, blend
from tests.support.search import chunk, ranked, ranking

LINUX = chunk("Install it on Linux with the installer.", anchor="linux")
WINDOWS = chunk("Install it on Windows from an archive.", anchor="windows")
BREAD = chunk("Bread is baked in an oven.", anchor="bread")


def searched(text: str, cosine: float | None, *found: Chunk) -> Searched:
    cosines = [] if cosine is None else [cosine]
    hits = ranking(*(ranked(each, 1 / n) for n, each in enumerate(found, 1)))
    return Searched(text, hits, cosines)


ASKED = searched("install on Linux? windows? windows?", 0.7, LINUX, WINDOWS)
ANSWERED = searched("Use the installer. windows?", 0.6, LINUX, WINDOWS)


def order(blended: Blend) -> list[str]:
    return [hit.chunk.anchor for hit in blended.hits]


def test_without_the_question_alone_all_its_forms_weigh_the_same() -> None:
    one, other = searched("one", 0.9, LINUX), searched("other", 0.1, BREAD)

    blended = blend([one, other], None)

    assert [hit.scores.fused for hit in blended.hits] == [0.5, 0.5]
    assert (blended.judge, blended.to_rerank) == (one, "one")


@pytest.mark.parametrize(
    ("cosine", "first"),
    [(0.9, "bread"), (0.5, "bread"), (0.1, "linux")],
)
def test_the_question_alone_weighs_the_more_the_surer_it_is(cosine: float, first: str) -> None:
    alone = searched("bread?", cosine, BREAD)

    blended = blend([searched("install on Linux? bread? bread?", 0.7, LINUX)], alone)

    sure = alone.assess(alone.ranking).value
    scores = {hit.chunk.anchor: hit.scores.fused for hit in blended.hits}
    assert order(blended)[0] == first
    assert scores["bread"] == pytest.approx(min(1.3 * sure, 0.6))
    assert sum(scores.values()) == pytest.approx(1)


def test_the_forms_of_a_question_share_what_it_leaves_them() -> None:
    alone = searched("windows?", 0.1, WINDOWS)

    blended = blend([searched(each.text, 0.7, LINUX) for each in (ASKED, ANSWERED)], alone)

    assert blended.hits[0].chunk == LINUX
    sure = alone.assess(alone.ranking).value
    assert blended.hits[0].scores.fused == pytest.approx(1 - 1.3 * sure)


def test_a_question_that_is_no_matter_of_the_docs_has_its_own_hits_alone() -> None:
    alone = searched("airspeed of a swallow?", 0.2, BREAD)

    blended = blend([ASKED, ANSWERED], alone)

    assert (order(blended), blended.judge, blended.to_rerank) == (["bread"], alone, alone.text)
    assert alone.assess(blended.hits).value < OFF_TOPIC
    assert not alone.assess(blended.hits).sufficient


def test_a_question_without_words_of_its_own_is_never_off_the_topic() -> None:
    blended = blend([ASKED], searched("And why is that so?", 0.1, BREAD))

    assert order(blended)[0] == "linux"
    assert blended.judge == ASKED


@pytest.mark.parametrize(("cosine", "read"), [(0.9, "windows?"), (0.3, ASKED.text)])
def test_a_reranker_reads_the_form_that_is_surer(cosine: float, read: str) -> None:
    blended = blend([ASKED], searched("windows?", cosine, WINDOWS))

    assert blended.to_rerank == read
    assert blended.judge == ASKED


def test_by_words_alone_a_short_question_leaves_room_for_what_was_said() -> None:
    """A single word is covered wholly by any hit."""
    asked = searched("install on Linux? it? oven? oven?", None, LINUX)

    blended = blend([asked], searched("oven?", None, BREAD))

    assert {h.chunk.anchor: h.scores.fused for h in blended.hits} == pytest.approx(
        {"bread": 0.6, "linux": 0.4}
    )
