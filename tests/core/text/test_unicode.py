from __future__ import annotations

import pytest

from core.text.unicode import well_formed


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("naïve 東京 😀", "naïve 東京 😀"), ("\ud83d half", "? half"), ("a\udc00", "a?")],
)
def test_halves_of_surrogate_pairs_are_replaced_and_nothing_else(text: str, expected: str) -> None:
    assert well_formed(text) == expected
