"""Claims made false by a small change."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evaluation.alterations import (
    PLAIN,
    affirmed,
    names_in,
    negated,
    other_name,
    other_number,
    reversed_direction,
    swapped_names,
)

CHANCE = random.Random(1)  # noqa: S311 - nothing secret


def test_a_number_gets_another_digit() -> None:
    changed = other_number("It costs 5 dollars.", CHANCE)

    assert changed is not None
    assert changed != "It costs 5 dollars."
    assert changed.replace(changed[9], "5") == "It costs 5 dollars."


def test_a_name_is_exchanged_for_one_that_the_claim_does_not_have() -> None:
    claim = "The town of Oslo is old."

    assert other_name(claim, CHANCE, ["Oslo", "New York"]) == "The town of New York is old."
    assert other_name(claim, CHANCE, ["Oslo"]) is None
    assert other_name("The town is old.", CHANCE, ["New York"]) is None


def test_two_names_change_places() -> None:
    assert swapped_names("Ada met Grace.", CHANCE) == "Grace met Ada."
    assert swapped_names("Ada met her.", CHANCE) is None
    assert swapped_names("Ada met the Ada.", CHANCE) is None


@pytest.mark.parametrize(
    ("claim", "negation", "affirmation", "reverse"),
    [
        ("It is old.", "It is not old.", None, None),
        ("It is not old.", None, "It is old.", None),
        ("It runs before that.", None, None, "It runs after that."),
        ("It runs.", None, None, None),
    ],
)
def test_what_it_says_is_turned_around(
    claim: str, negation: str | None, affirmation: str | None, reverse: str | None
) -> None:
    assert negated(claim, CHANCE) == negation
    assert affirmed(claim, CHANCE) == affirmation
    assert reversed_direction(claim, CHANCE) == reverse


def test_names_are_found_in_the_middle_of_sentences() -> None:
    assert names_in("Yesterday, Ada Lovelace met him. Tomorrow he leaves.") == ["Ada Lovelace"]


@given(st.text(max_size=80), st.sampled_from(sorted(PLAIN)))
def test_a_change_changes_something_or_there_is_none(claim: str, kind: str) -> None:
    assert PLAIN[kind](claim, random.Random(0)) != claim  # noqa: S311 - nothing secret
