"""Where claims end, and that streaming does not move an end."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.claims import ClaimSplitter, split_claims

_PIECES = re.findall(
    r"\S+",
    "` `` ``` ~~~ - 1. 12 # | > ** * ( ) [ ] [1] [1, 2] 【1】 【 . ! 。 … a B e.g. no. 3 \\ : "
    "[^1] (x) http://a.b/",
)
_SPACES = ["\n", "\n\n", " ", "  ", "- ", "1. ", "# ", "> ", "```\n", "\t", "\r\n", "\u2028"]
markdown = st.lists(st.sampled_from([*_PIECES, *_SPACES]), max_size=40).map("".join) | st.text(
    max_size=60
)


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("", []),
        ("One. Two.", ["One.", " Two."]),
        ("No end", ["No end"]),
        ("Really?! Yes… Fine.", ["Really?!", " Yes…", " Fine."]),
        ("これは文です。次の文です。", ["これは文です。", "次の文です。"]),
        # A mark after the full stop is the sentence's, a link is not.
        ("One. [1] Two.[2][3] Three. 【1】", ["One. [1]", " Two.[2][3]", " Three. 【1】"]),
        ("One. [1, 2]\n[3] Two.", ["One. [1, 2]\n[3]", " Two."]),
        ("One. [1](https://a.example) two.", ["One.", " [1](https://a.example) two."]),
        # What looks like an end and is none.
        (
            "Use e.g. Qdrant. Or J. Smith et al. Then.",
            ["Use e.g. Qdrant.", " Or J. Smith et al. Then."],
        ),
        (
            "It is 3.14, see no. 5 and fig. 2. Good.",
            ["It is 3.14, see no. 5 and fig. 2.", " Good."],
        ),
        (
            "See https://a.example/b.c?d=e.f now. Yes.",
            ["See https://a.example/b.c?d=e.f now.", " Yes."],
        ),
        ("Open config.toml. Then save.", ["Open config.toml.", " Then save."]),
        ("Call `a. B` and ``c` . D``. Then.", ["Call `a. B` and ``c` . D``.", " Then."]),
        ("An open `tick. Then.\n\nNext.", ["An open `tick.", " Then.", "\n\nNext."]),
        ("It stops. then goes on. End.", ["It stops. then goes on.", " End."]),
        ("(One. Two.) Three.", ["(One. Two.)", " Three."]),
        (
            "[One (two [3] four] five. Six] seven. Eight.",
            ["[One (two [3] four] five. Six] seven.", " Eight."],
        ),
        ("A *b* c* end. Then\\", ["A *b* c* end.", " Then\\"]),
        (
            '**Note. Well.** Three. He said "No." Then.',
            ["**Note. Well.**", " Three.", ' He said "No."', " Then."],
        ),
        (
            "See [one. Two](https://a.example). Three.",
            ["See [one. Two](https://a.example).", " Three."],
        ),
        ("A dot \\. B", ["A dot \\. B"]),
        # Blocks.
        ("# One. Two\nThree.", ["# One. Two", "\nThree."]),
        (
            "- One. Two.\n- Three\n  goes on\n\n1) Four. Five",
            ["- One. Two.", "\n- Three\n  goes on", "\n\n1) Four. Five"],
        ),
        ("As follows:\n- one", ["As follows:", "\n- one"]),
        ("In\n1986. That year.", ["In\n1986.", " That year."]),
        ("> One. Two.\n> Three.\n\nFour.", ["> One. Two.\n> Three.", "\n\nFour."]),
        (
            "| a. B | c |\n|---|---|\n| d. E | f |\nThen.",
            ["| a. B | c |\n|---|---|\n| d. E | f |", "\nThen."],
        ),
        ("a | b. C\n--- | ---\n1 | 2. D\n\nThen.", ["a | b. C\n--- | ---\n1 | 2. D", "\n\nThen."]),
        ("```py\na. B\n\nc[1]\n```\nThen.", ["```py\na. B\n\nc[1]\n```", "\nThen."]),
        ("~~~\n```\nx\n~~~\nThen.", ["~~~\n```\nx\n~~~", "\nThen."]),
        ("~~~ one. Two\nx. Y\n~~~", ["~~~ one. Two\nx. Y\n~~~"]),
        ("An `open. Then` closed.", ["An `open. Then` closed."]),
        ("````\n```\nx. Y\n```\n````", ["````\n```\nx. Y\n```\n````"]),
        ("```\nnever. Closed", ["```\nnever. Closed"]),
        ("Text\n```\nx. Y\n```", ["Text", "\n```\nx. Y\n```"]),
    ],
)
def test_a_text_is_cut_into_whole_claims(text: str, claims: list[str]) -> None:
    splitter = ClaimSplitter()
    streamed = [claim for character in text for claim in splitter.feed(character)]

    assert split_claims(text) == claims
    assert streamed + splitter.finish() == claims


@given(markdown, st.lists(st.integers(1, 9), min_size=1))
def test_streaming_in_any_pieces_gives_the_same_claims(text: str, sizes: list[int]) -> None:
    splitter, claims, at, turn = ClaimSplitter(), [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        claims += splitter.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    claims += splitter.finish()

    assert claims == split_claims(text)
    assert "".join(claims) == text


def test_a_sentence_is_released_as_soon_as_the_next_one_begins() -> None:
    splitter = ClaimSplitter()

    assert splitter.feed("It is so. ") == []
    assert splitter.feed("A") == ["It is so."]


@pytest.mark.parametrize("part", ["```\nx = 1. B\n", "| a. B |\n", "- an item. With two. "])
def test_a_block_is_not_released_before_it_is_whole(part: str) -> None:
    assert ClaimSplitter().feed(part) == []


@pytest.mark.parametrize("piece", ["a. B `", "(a. B ", "[1] ", "``` ", "e.g. a ", "** "])
def test_a_hostile_text_is_cut_in_bounded_time(piece: str) -> None:
    """Quadratic work on a reply of this size would run into the time limit of the test."""
    splitter = ClaimSplitter()
    text = piece * 10_000

    claims = [c for at in range(0, len(text), 4) for c in splitter.feed(text[at : at + 4])]

    assert "".join([*claims, *splitter.finish()]) == text
