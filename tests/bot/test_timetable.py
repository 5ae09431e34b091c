"""When a source is synced by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.timetable import Timetable, timetable

NOW = datetime(2026, 11, 20, 9, 30).astimezone()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)),
        ("6h", timedelta(hours=6)),
        (" 1 D ", timedelta(days=1)),
    ],
)
def test_an_interval_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    found = timetable(text)
    assert found == Timetable(every=expected)
    assert found.period(NOW) == expected


def test_off_is_never() -> None:
    assert not timetable("off").runs
    assert timetable("off").next_run(None, NOW) is None


@pytest.mark.parametrize(
    "text",
    ["", "6", "h", "0h", "6 weeks", "daily", "0 6 * *", "60 6 * * *", "0 6 * * 8", "0 6 * * mo"],
)
def test_whatever_else_is_explained(text: str) -> None:
    with pytest.raises(ValueError, match="must be an interval such as 6h or 1d, a cron expression"):
        timetable(text)


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 12 * * *", "2026-11-20 12:00"),
        ("*/15 * * * *", "2026-11-20 09:45"),
        ("0 6 1 * *", "2026-12-01 06:00"),
        ("0 6 * * 0", "2026-11-22 06:00"),
        ("0 6 * * 7", "2026-11-22 06:00"),
        ("0 6 * * 1-5", "2026-11-23 06:00"),
        ("0 6 * * mon-fri", "2026-11-23 06:00"),
        ("0 6 * * 5-1", "2026-11-21 06:00"),
        ("0 6 * * 2,4", "2026-11-24 06:00"),
        ("0 6 * * 1/2", "2026-11-23 06:00"),
        ("0 6 * * */3", "2026-11-21 06:00"),
    ],
)
def test_cron_means_what_it_means_elsewhere(cron: str, expected: str) -> None:
    found = timetable(cron).next_run(NOW, NOW)
    assert found is not None
    assert found.strftime("%Y-%m-%d %H:%M") == expected


@pytest.mark.parametrize(
    ("text", "last", "expected"),
    [
        ("6h", NOW - timedelta(hours=2), NOW + timedelta(hours=4)),
        ("6h", NOW - timedelta(hours=7), NOW),
        ("6h", None, NOW),
        ("0 9 * * *", NOW - timedelta(days=1), NOW),
        ("0 9 * * *", NOW - timedelta(minutes=5), NOW + timedelta(hours=23, minutes=30)),
        ("0 6 31 2 *", NOW - timedelta(days=1), None),
    ],
)
def test_a_run_that_was_missed_is_made_up_for(
    text: str, last: datetime | None, expected: datetime | None
) -> None:
    assert timetable(text).next_run(last, NOW) == expected


@pytest.mark.parametrize("day", range(7))
def test_the_period_of_a_cron_expression_is_the_shortest_time_between_two_runs(day: int) -> None:
    now = NOW + timedelta(days=day)
    assert timetable("0 */4 * * *").period(now) == timedelta(hours=4)
    assert timetable("0 6 * * 1-5").period(now) == timedelta(days=1)
    assert timetable("0 9,10 * * 1").period(now) == timedelta(hours=1)


def test_what_never_runs_has_no_period() -> None:
    assert timetable("0 6 31 2 *").period(NOW) == timedelta.max


@pytest.mark.parametrize(("text", "jitter"), [("1m", 6.0), ("6h", 60.0), ("0 6 * * *", 60.0)])
def test_runs_are_spread_over_a_minute_at_most(text: str, jitter: float) -> None:
    trigger = timetable(text).trigger(NOW)
    assert trigger.jitter == jitter
    previous = NOW
    for _ in range(20):
        following = trigger.get_next_fire_time(previous, previous)
        assert following is not None
        assert following > previous
        previous = following
