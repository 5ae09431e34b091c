"""An answer as the terminal, a pipe and a program get it."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest
from rich.console import Console

from adapters.console.rendering import (
    answer_as_json,
    answer_as_text,
    place,
    places,
    print_answer,
)
from core.answering.refusal import refusal
from core.answering.wording import peer_review
from core.model import Answer, AnswerStatus, Citation, Passage, Rung, Scores
from tests.support.answers import CITATION, answer


def printed(given: Answer, *, width: int = 80) -> str:
    console = Console(width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        print_answer(console, given)
    return capture.get()


def test_a_program_gets_every_field() -> None:
    given = replace(answer(), rungs=(Rung.BM25_ONLY,))
    turn = UUID(int=1)
    assert json.loads(json.dumps(answer_as_json(given, turn))) == {
        "turn": "00000000-0000-0000-0000-000000000001",
        "status": "answered",
        "text": "They can have defaults. [1]",
        "citations": [
            {
                "n": 1,
                "title": "Query Parameters",
                "heading_path": ["Query Parameters", "Defaults"],
                "url": "https://docs.example.com/query/#defaults",
                "quote": "They can have defaults.",
                "source": "docs",
                "peer_reviewed": False,
            }
        ],
        "model": "some/model",
        "generation": 3,
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.001},
        "timings_ms": {"history": 1.23, "total": 5.68},
        "rungs": ["bm25_only"],
    }


REVIEWED = replace(CITATION, n=2, heading_path=(), peer_reviewed=True, url="paper.md")


def test_a_source_names_its_section() -> None:
    assert place(CITATION) == "[1] Query Parameters › Defaults"
    assert place(REVIEWED) == "[2] Query Parameters"


def test_a_title_cannot_steer_the_terminal() -> None:
    assert place(replace(REVIEWED, title="A\x1b]0;paper")) == "[2] A]0;paper"


@pytest.mark.parametrize(
    ("citations", "lines", "note"),
    [
        ([], [], ""),
        ([CITATION], [place(CITATION)], "This source is not peer-reviewed."),
        ([CITATION] * 2, [place(CITATION)] * 2, "None of these sources is peer-reviewed."),
        ([REVIEWED] * 2, [place(REVIEWED)] * 2, "All of these sources are peer-reviewed."),
        (
            [CITATION, REVIEWED],
            ["[1] Query Parameters › Defaults (not peer-reviewed)", "[2] Query Parameters"],
            "",
        ),
    ],
    ids=["none", "one", "alike", "reviewed", "mixed"],
)
def test_whether_sources_are_peer_reviewed_is_said_once_where_they_are_alike(
    citations: list[Citation], lines: list[str], note: str
) -> None:
    assert places(citations) == lines
    assert peer_review(citations) == note


def test_a_pipe_gets_the_text_and_its_sources() -> None:
    text = answer_as_text(answer())
    assert text == (
        "They can have defaults. [1]\n\n"
        f"{place(CITATION)} — {CITATION.url}\n"
        "This source is not peer-reviewed."
    )


def test_an_answer_without_sources_is_its_text_alone() -> None:
    given = replace(answer("The docs do not say."), citations=())
    assert answer_as_text(given) == "The docs do not say."
    assert printed(given).strip() == "The docs do not say."


def test_a_terminal_shows_markdown_and_addresses() -> None:
    shown = printed(answer("**Defaults** are `fine`. [1]"), width=40)
    assert "Defaults are fine. [1]" in shown
    assert "https://docs.example.com/query/#defaults" in shown


def test_an_address_is_whole_even_where_the_line_is_narrow() -> None:
    far = replace(CITATION, url="https://docs.example.com/" + "deep/" * 20)
    assert far.url in printed(answer("x", far), width=40)


def linked(given: Answer) -> str:
    """As a terminal gets it that shows links."""
    console = Console(width=80, force_terminal=True, color_system="standard")
    with console.capture() as capture:
        print_answer(console, given)
    return capture.get()


def test_a_place_on_the_web_can_be_clicked_and_one_in_a_folder_not() -> None:
    shown = linked(answer("x", CITATION, REVIEWED))
    assert f";{CITATION.url}\x1b\\" in shown
    assert ";paper.md\x1b\\" not in shown


def section(path: str, heading: str, url: str) -> Passage:
    return Passage(
        "docs",
        path,
        "Guide",
        (heading,),
        url,
        "text",
        peer_reviewed=False,
        scores=Scores(fused=0.1),
    )


def refused(*passages: Passage) -> Answer:
    text = refusal(passages)
    return replace(answer(text), status=AnswerStatus.REFUSED, citations=())


def test_a_refusal_shows_the_addresses_of_the_nearest_sections() -> None:
    far = "https://docs.example.com/" + "deep/" * 20
    shown = printed(refused(section("a.md", "Lists [x] <b>", far), section("b.md", "Two", "")))
    assert [line.rstrip() for line in shown.splitlines()] == [
        "I could not find an answer to this in the docs. The nearest sections are:",
        "",
        "  • Guide › Lists [x] <b>",
        f"    {far}",
        "  • Guide › Two",
    ]


def test_the_nearest_sections_can_be_clicked() -> None:
    shown = linked(refused(section("a.md", "Lists", "https://docs.example.com/a#lists")))
    assert ";https://docs.example.com/a#lists\x1b\\  • Guide › Lists" in shown


def test_a_refusal_without_sections_is_a_sentence() -> None:
    assert printed(refused()).strip() == "I could not find an answer to this in the docs."
