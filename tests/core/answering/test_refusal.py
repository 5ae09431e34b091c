"""Saying no, usefully."""

from __future__ import annotations

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
