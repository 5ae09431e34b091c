"""A platform's time is what its replies say, and goes on from there."""

from __future__ import annotations

import time

import pytest

from adapters.chat.clock import PlatformClock

NEW_YEAR = 1_767_225_600.0


class Ticking:
    """Seconds since some moment, which a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 5_000.0

    def __call__(self) -> float:
        return self.seconds


def test_it_is_set_by_a_reply_and_goes_on() -> None:
    ticking = Ticking()
    clock = PlatformClock(ticking)
    clock.heard("Thu, 01 Jan 2026 00:00:00 GMT")
    assert clock.now() == NEW_YEAR
    ticking.seconds += 90.5
    assert clock.now() == NEW_YEAR + 90.5


def test_each_later_reply_sets_it_again() -> None:
    ticking = Ticking()
    clock = PlatformClock(ticking)
    clock.heard("Thu, 01 Jan 2026 00:00:00 GMT")
    ticking.seconds += 30.0
    clock.heard("Thu, 01 Jan 2026 01:00:00 GMT")
    assert clock.now() == NEW_YEAR + 3_600.0


def test_within_one_second_the_first_reply_counts() -> None:
    ticking = Ticking()
    clock = PlatformClock(ticking)
    for _ in range(2):
        clock.heard("Thu, 01 Jan 2026 00:00:00 GMT")
        ticking.seconds += 0.5
    assert clock.now() == NEW_YEAR + 1.0


@pytest.mark.parametrize(
    "date", [None, "", "soon", "Thu, 99 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 99999 00:00:00 GMT"]
)
def test_what_is_no_date_changes_nothing(date: str | None) -> None:
    ticking = Ticking()
    clock = PlatformClock(ticking)
    clock.heard("Thu, 01 Jan 2026 00:00:00 GMT")
    clock.heard(date)
    assert clock.now() == NEW_YEAR


def test_before_any_reply_it_is_this_machines() -> None:
    before = time.time()
    now = PlatformClock().now()
    assert before - 1.0 <= now <= time.time() + 1.0
