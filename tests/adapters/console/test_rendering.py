"""An answer as the terminal, a pipe and a program get it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rich.console import Console

from adapters.console.rendering import (
    answer_as_json,
    answer_as_text,
    place,
    print_answer,
)
from core.model import Answer, Citation, Rung
from tests.support.answers import CITATION, answer


def printed(given: Answer, *, width: int = 80) -> str:
    console = Console(width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        print_answer(console, given)
    return capture.get()


def test_a_program_gets_every_field() -> None:
    given = replace(answer(), rungs=(Rung.BM25_ONLY,))
    assert json.loads(json.dumps(answer_as_json(given))) == {
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


@pytest.mark.parametrize(
    ("citation", "line"),
    [
        (
            CITATION,
            "[1] Query Parameters › Defaults (not peer-reviewed)",
        ),
        (
            replace(CITATION, n=2, heading_path=(), peer_reviewed=True, url="paper.md"),
            "[2] Query Parameters",
        ),
    ],
)
def test_a_source_names_its_section_and_whether_it_is_peer_reviewed(
    citation: Citation, line: str
) -> None:
    assert place(citation) == line


def test_a_pipe_gets_the_text_and_its_sources() -> None:
    text = answer_as_text(answer())
    assert text == f"They can have defaults. [1]\n\n{place(CITATION)} — {CITATION.url}"


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
