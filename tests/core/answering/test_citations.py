"""Marks in a model's text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.citations import Citations, quoted, without_marks
from core.text.prose import map_prose
from tests.support.models import section

PASSAGES = [
    section(f"Passage {n} says {n}.", title=f"T{n}", url=f"https://d/{n}") for n in range(1, 5)
]


def citations() -> Citations:
    return Citations(PASSAGES, "What do they say?")


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("So it is [1].", "So it is [1]."),
        ("So [1, 2] and [3,4].", "So [1][2] and [3][4]."),
        ("So [1][2].", "So [1][2]."),
        ("So [1-3], [2–4].", "So [1][2][3], [2][3][4]."),
        ("So 【1】 and 【2†install.md】.", "So [1] and [2]."),
        ("So [[1]] and [^2].", "So [1] and [2]."),
        ("So [1](https://evil.example/a).", "So [1]."),
        ("So [1](https://evil.example/a 'a title').", "So [1]."),
        ("So ［1］ and ［2†a］.", "So [1] and [2]."),  # noqa: RUF001 - models write these
        ("So\t \t[1] [9] [2].", "So\t \t[1] [2]."),
        ("So \\[1\\].", "So [1]."),
        ("So \\[9\\] it \\\\[1] \\【2】.", "So it [1] [2]."),
        ("So [2] [1] [2], [01].", "So [2] [1] [2], [1]."),
        ("So [2] \n[2].", "So [2]."),
        ("Twice [1][1], [1, 1].", "Twice [1], [1]."),
        # No such passage.
        ("So it is [9].", "So it is."),
        ("So [0] it [5] is [99999999999999999999].", "So it is."),
        ("So [1, 9].", "So [1]."),
        ("[99[7]9]", ""),
        (f"So [{'9' * 9000}] it [1-{'9' * 9000}] is.", "So it is."),
        # No mark at all.
        (
            "A [link](https://a.example) and [x] and [].",
            "A [link](https://a.example) and [x] and [].",
        ),
        # Code.
        ("`a[1]` and `` b[9] `` [9]", "`a[1]` and `` b[9] ``"),
        ("```py\nx[1] = y[9]\n```", "```py\nx[1] = y[9]\n```"),
        ("> ```\n> x[9]\n> ```\n> y[9]", "> ```\n> x[9]\n> ```\n> y"),
        ("~~~\nx[9]", "~~~\nx[9]"),
        ("An open ` tick [9].", "An open ` tick."),
    ],
)
def test_marks_are_resolved_to_the_passages_that_there_are(written: str, resolved: str) -> None:
    assert citations().resolved(written) == resolved


def test_marks_are_numbered_in_the_order_of_their_first_use_and_keep_their_number() -> None:
    cited = citations()

    assert cited.numbered("One [3].") == "One [1]."
    assert cited.numbered(" Two [1][3].") == " Two [2][1]."
    assert cited.numbered(" `code[4]` three [4].") == " `code[4]` three [3]."
    assert [(c.n, c.title) for c in cited.used()] == [(1, "T3"), (2, "T1"), (3, "T4")]


@pytest.mark.parametrize(
    ("claims", "quote"),
    [
        (["Call setup [1]."], "Call `setup` to install."),
        # The question tells where the claim does not.
        (["Do it so [1]."], "Call `setup` to install."),
        # The claim tells where the question does not.
        (["Then remove the archive [1]."], "Then remove the archive."),
        # It is the first claim that brought the passage in.
        (["Call setup [1].", "Then remove the archive [1]."], "Call `setup` to install."),
    ],
)
def test_a_source_is_quoted_for_what_it_was_cited_for(claims: list[str], quote: str) -> None:
    passage = section("First things first. Call `setup` to install. Then remove the archive.")
    cited = Citations([passage], "How do I install?")
    for claim in claims:
        cited.numbered(claim)

    assert [c.quote for c in cited.used()] == [quote]


def test_a_citation_carries_the_section_and_its_best_sentence() -> None:
    passage = section("# Install\n\nFirst things first. Call `setup` to install. Then rest.")
    cited = Citations([passage], "How do I install?")
    cited.numbered("Call setup [1].")

    (citation,) = cited.used()

    assert citation.quote == "Call `setup` to install."
    assert (citation.title, citation.heading_path) == ("Install", ("Linux",))
    assert (citation.url, citation.source) == (passage.url, "docs")
    assert citation.peer_reviewed is False


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("- Pass `x` to\n  go on.\n- Or stop.", "Pass `x` to go on."),
        ("> 1. Go on.", "Go on."),
        ("", ""),
        ("# go on", "# go on"),
        ("```\ngo on\n```\n\n| go on |\n\nGo.", "Go."),
        ("```\ngo on\n```", "``` go on ```"),
        ("To [go on](../on.md), see ![a](b.png 'c').", "To go on, see a."),
        ("Go\u202e on.", "Go on."),
        ("go on " * 100, "go on " * 49 + "go on…"),
    ],
)
def test_a_quote_is_one_short_line(text: str, quote: str) -> None:
    assert quoted("How to go on?", text) == quote


def test_the_marks_of_an_earlier_answer_can_be_left_out() -> None:
    assert without_marks("Do it [1]. Then `x[1]` [2][3].") == "Do it. Then `x[1]`."
    assert without_marks("Do it \\[1] 【2†a】 [c].") == "Do it [c]."
    assert without_marks("Do it.") == "Do it."


_WRITTEN = st.lists(
    st.sampled_from(
        [
            "[1]",
            "[2",
            "]",
            "[",
            "9",
            "[9]",
            "`",
            "```\n",
            "\n",
            " ",
            "a",
            "【3】",
            "(x)",
            ",",
            "-",
            "\\",
            "1",
        ]
    ),
    max_size=25,
).map("".join)


def prose_of(text: str) -> list[str]:
    """What of it is no code."""
    found: list[str] = []

    def keep(prose: str) -> str:
        found.append(prose)
        return prose

    map_prose(text, keep)
    return found


@given(st.lists(_WRITTEN, max_size=4))
def test_every_mark_that_is_shown_has_its_citation(claims: list[str]) -> None:
    cited = citations()
    for claim in claims:
        shown = prose_of(cited.numbered(cited.resolved(claim)))
        numbers = [int(n) for prose in shown for n in re.findall(r"\[(\d+)\]", prose)]
        assert all(1 <= n <= len(cited.used()) for n in numbers)


@given(_WRITTEN)
def test_resolving_twice_is_resolving_once(claim: str) -> None:
    once = citations().resolved(claim)

    assert citations().resolved(once) == once
