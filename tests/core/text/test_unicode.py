from __future__ import annotations

import pytest

from core.text.unicode import visible, well_formed


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("naïve 東京 😀", "naïve 東京 😀"), ("\ud83d half", "? half"), ("a\udc00", "a?")],
)
def test_halves_of_surrogate_pairs_are_replaced_and_nothing_else(text: str, expected: str) -> None:
    assert well_formed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a\tb\nc", "a\tb\nc"),
        ("naïve 東京 می‌خواهم", "naïve 東京 می‌خواهم"),
        ("👩\u200d💻 \u200fx", "👩\u200d💻 \u200fx"),
        ("a\r\nb\rc\0\x1b[31m\x7f\x85", "a\nbc[31m"),
        ("user\u202egnp.exe \u2066x\u2069", "usergnp.exe x"),
        ("[\u200b1] \u00ad\u2060\ufeff", "[1] "),
        ("a\U000e0041\U000e0042b", "ab"),
    ],
)
def test_what_hides_or_reorders_text_is_taken_out_and_nothing_else(
    text: str, expected: str
) -> None:
    assert visible(text) == expected
