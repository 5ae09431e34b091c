"""What counts as a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.words import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Set `max_size` to 10.", ["set", "max", "size", "to", "10"]),
        ("It’s a naïve—but GOOD—plan", ["it", "s", "a", "naïve", "but", "good", "plan"]),
        ("ÄÖÜ, ΑΣ; 東京 ½", ["äöü", "ας", "東京", "½"]),
        ("\x00tab\tand\x1cline\n", ["tab", "and", "line"]),
    ],
)
def test_words_are_runs_of_letters_and_digits_in_lower_case(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(st.characters(max_codepoint=127)))
def test_a_word_is_the_same_with_and_without_signs_beyond_ascii_beside_it(text: str) -> None:
    assert words(text) == words(f"{text} …")
