"""What is read from a text, so that it can be compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.verifying.reading import Reading
from core.answering.verifying.words import Token


def tokens(text: str) -> list[Token]:
    return [token for sentence in Reading(text).sentences for token in sentence.tokens]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It costs 1,000 or 1000.0 dollars.", [("1000", ""), ("1000", "dollar")]),
        ("It takes five minutes, or 5 min.", [("5", "min"), ("5", "min")]),
        ("Some 1.5 million people, or 20 %.", [("1500000", ""), ("20", "%")]),
        ("Waits 300ms in version 3.11.2.", [("300", "ms"), ("3.11.2", "")]),
        ("The million things of version 3.11.2 million.", [("3.11.2", "")]),
        ("The p53 gene in a 64bit world.", [("64", "bit")]),
        ("First 1) run it, then 2) wait.", [("1", "")]),
        ("- one of ten", [("1", ""), ("10", "")]),
    ],
)
def test_numbers_have_one_spelling_and_their_unit(
    text: str, numbers: list[tuple[str, str]]
) -> None:
    assert [(t.number, t.unit) for t in tokens(text) if t.number] == numbers


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Since then Ada Lovelace and NASA used FastAPI.", ["Ada", "Lovelace", "NASA", "FastAPI"]),
        ("Programs run in the evening.", []),
        ("FastAPI runs CX3CR1.", ["FastAPI", "CX3CR1"]),
        ("Set `reload` and `max_age`.", ["reload", "max", "age"]),
        # An acronym beside what it stands for is no further name.
        ("Uses structured query language (SQL).", []),
    ],
)
def test_names_are_told_by_capitals_digits_and_code(text: str, names: list[str]) -> None:
    assert [t.text for t in tokens(text) if t.name] == names


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("It does not need Python.", [{"need", "pytho"}]),
        ("It doesn't need Python.", [{"need", "pytho"}]),
        ("It is unrelated.", [{"relat"}]),
        ("Never run it, run another.", [{"run"}]),
        ("None of the old big red cars were sold.", [{"old", "big", "red", "car", "sold"}]),
        ("Take a note of the union.", []),
    ],
)
def test_a_negation_covers_what_follows_it(text: str, denied: list[set[str]]) -> None:
    (sentence,) = Reading(text).sentences

    assert [set(scope) for scope in sentence.denials] == denied


@pytest.mark.parametrize(
    ("text", "axis", "sign"),
    [
        ("This increases latency.", "amount", 1),
        ("This reduces latency.", "amount", -1),
        ("This does not reduce latency.", "amount", 1),
        ("It runs before latency.", "time", 1),
    ],
)
def test_a_direction_is_turned_by_a_negation(text: str, axis: str, sign: int) -> None:
    (sentence,) = Reading(text).sentences
    (direction,) = sentence.directions

    assert (direction.axis, direction.sign) == (axis, sign)
    assert "laten" in direction.around


def test_a_heading_counts_for_the_whole_but_for_no_window() -> None:
    reading = Reading("It asks for a folder.", "Backup")

    assert "backup" in reading.terms
    assert not any(reading.windows.held({"backup": 1.0}, related=0.8))


@pytest.mark.parametrize("text", ["", "   ", "…", "and the of"])
def test_a_text_that_says_nothing_is_read_all_the_same(text: str) -> None:
    assert Reading(text).terms == frozenset()


def test_an_address_is_no_words() -> None:
    assert [
        t.text for t in tokens("See [guide](https://x.example/secret) or http://y.example.")
    ] == [
        "See",
        "guide",
    ]


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    reading = Reading(text, text)

    assert reading.terms >= reading.names | {t for pair in reading.pairs for t in pair}
    assert len(reading.initials) == 2 * len(tokens(text))
    told = [t for s in reading.sentences if s.plain for t in s.tokens]
    assert not any(t.name or t.number or t.text[0].isupper() for t in told)
