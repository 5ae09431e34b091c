from __future__ import annotations

import pytest

from adapters.slack.threads import later, seconds_between


@pytest.mark.parametrize(
    ("ts", "other", "is_later"),
    [
        ("1700000000.000200", "1700000000.000100", True),
        ("1700000000.000100", "1700000000.000100", False),
        ("1700000001.000000", "999999999.999999", True),
        ("1700000000.000100", "0", True),
        ("1700000000.1", "1700000000.000002", True),
    ],
)
def test_messages_are_ordered_by_their_time(ts: str, other: str, *, is_later: bool) -> None:
    assert later(ts, other) == is_later


def test_the_time_between_messages_is_in_seconds() -> None:
    assert seconds_between("1700000000.000000", "1700000060.500000") == 60.5
    assert seconds_between("1700000060.500000", "1700000000.000000") == -60.5
