"""Saying no, usefully."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.answering.refusal import denies, refusal, says_not_covered
from tests.support.models import section


def test_a_refusal_names_up_to_three_different_sections_with_links() -> None:
    passages = [section(heading=f"H{n}", url=f"https://d/{n // 2}") for n in range(10)]

    text = refusal(passages)

    assert text.splitlines() == [
        "I could not find an answer to this in the docs. The nearest sections are:",
        "",
        "- [Install › H0](https://d/0)",
        "- [Install › H2](https://d/1)",
        "- [Install › H4](https://d/2)",
    ]


@pytest.mark.parametrize(
    ("question", "paths", "asked_back"),
    [
        ("How do I install it?", ["a.md", "b.md"], True),
        ("installer", ["a.md", "b.md", "c.md"], True),
        ("What is the capital of Mongolia?", ["a.md", "b.md"], False),
        ("How do I install it?", ["a.md", "a.md"], False),
        ("How do I install the agent on Linux?", ["a.md", "b.md"], False),
        ("???", ["a.md", "b.md"], False),
    ],
)
def test_an_ambiguous_question_is_asked_back_once(
    question: str, paths: list[str], asked_back: bool
) -> None:
    passages = [replace(section(url=f"https://d/{n}"), path=p) for n, p in enumerate(paths)]

    text = refusal(passages, question)

    assert text.startswith("I could not find an answer to this in the docs. ")
    assert ("Which of these do you mean, and what about it?\n\n- [" in text) is asked_back
    assert ("The nearest sections are:\n\n- [" in text) is not asked_back
    assert text.count("?") == int(asked_back)


def test_a_refusal_without_anything_near_says_just_that() -> None:
    assert refusal([]) == "I could not find an answer to this in the docs."


def test_a_section_without_an_address_is_named_without_a_link() -> None:
    passages = [section(url="", title="", heading="")]

    assert refusal(passages).endswith("- install.md")


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        ("NOT_COVERED", True),
        ("**NOT_COVERED**.", True),
        ("NOT COVERED: the docs do not say.", True),
        ("It is not covered.", False),
        ("NOT_COVERED_BY_TESTS is a flag.", False),
        ("", False),
    ],
)
def test_the_agreed_reply_is_recognised(claim: str, says: bool) -> None:
    assert says_not_covered(claim) is says


@pytest.mark.parametrize(
    ("text", "denial"),
    [
        ("The provided passages do not mention this.", True),
        ("The documentation doesn't cover pricing.", True),
        ("There is no information about that.", True),
        ("I cannot find it in the passages.", True),
        ("Call `setup`, it does the rest.", False),
        ("Use a proxy. " * 20 + "It does not say more.", False),
    ],
)
def test_a_denial_in_the_models_own_words_is_recognised(text: str, denial: bool) -> None:
    assert denies(text) is denial
