"""Words that services send."""

from __future__ import annotations

import pytest

from core.backends.vendor_http import excerpt


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("one\n  two", "one two"),
        ("key s3cret!", "key [key]!"),
        ("x" * 300, "x" * 199 + "…"),
        (None, ""),
        ({"a": 1}, ""),
    ],
)
def test_what_a_service_says_is_told_short_and_without_the_key(message: object, told: str) -> None:
    assert excerpt(message, secret="s3cret") == told
