"""Marks of a claim."""

from __future__ import annotations

import pytest

from core.answering.verifying.marks import cited, noted, recited, unmarked, without_ending


@pytest.mark.parametrize(
    ("claim", "numbers"),
    [
        ("It is so [2].", (2,)),
        ("It is so [2][1][2].", (2, 1)),
        ("It is so.", ()),
        ("Write `a[0]` [3].", (3,)),
        ("```\na[0]\n```", ()),
    ],
)
def test_the_marks_outside_code_are_what_a_claim_cites(
    claim: str, numbers: tuple[int, ...]
) -> None:
    assert cited(claim) == numbers


def test_the_rest_of_a_claim_stays_when_its_marks_go() -> None:
    assert unmarked("\n- So [1][2], and `a[0]` so [3].\n") == "\n- So, and `a[0]` so.\n"


@pytest.mark.parametrize(
    ("claim", "recited_as"),
    [
        ("It is so [2].", "It is so [1]."),
        (" It is so. [2]", " It is so [1]."),
        ("It is so", "It is so [1]"),
        ("- It [2] is so [3]!\n", "- It is so [1]!\n"),
        ("", ""),
    ],
)
def test_another_mark_takes_the_place_of_those_there_were(claim: str, recited_as: str) -> None:
    assert recited(claim, [1]) == recited_as


def test_a_note_stands_behind_the_claim_and_before_the_space_after_it() -> None:
    assert noted("- It is so [1].\n", "not found") == "- It is so [1]. *(not found)*\n"


@pytest.mark.parametrize("piece", [".", " ", "[1]", " [1].", "[", "\t"])
def test_the_end_of_a_hostile_claim_is_found_in_bounded_time(piece: str) -> None:
    """Quadratic work on a text of this size would run into the time limit of the test."""
    claim = "So" + piece * (200_000 // len(piece))

    assert without_ending(claim).startswith("So")
    assert recited(claim, [2]).startswith("So")
