"""When a source is synced by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

NEVER = "off"

_INTERVAL = re.compile(r"(\d{1,4}) ?(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = rf"[0-7]|{'|'.join(_DAYS)}"
_WEEKDAYS = re.compile(rf"(?P<first>\*|{_DAY})(-(?P<last>{_DAY}))?(/(?P<step>[1-7]))?")
_EXPECTED = 'an interval such as 6h or 1d, a cron expression such as "0 6 * * 1-5", or off'
LONGEST_JITTER = 60.0
"""Seconds."""

_RUNS_AHEAD = 8


@dataclass(frozen=True, slots=True)
class Timetable:
    """A run `every` so long, or at the times of a `cron` expression; with neither, none.

    Cron times are those of the machine's time zone.
    """

    every: timedelta | None = None
    cron: str = ""

    @property
    def runs(self) -> bool:
        """Whether there are any runs."""
        return self.every is not None or bool(self.cron)

    def next_run(self, last: datetime | None, now: datetime) -> datetime | None:
        """The run after the `last` one; now, if that was missed or there was none. None is never.

        Times are aware of their zone.
        """
        if not self.runs:
            return None
        if last is None:
            return now
        due = last + self.every if self.every else self._after(last)
        return due if due is None else max(due, now)

    def period(self, now: datetime) -> timedelta:
        """The shortest time between two of the next runs, as within a week of working days."""
        if self.every is not None:
            return self.every
        runs: list[datetime] = []
        while len(runs) < _RUNS_AHEAD and (run := self._after(runs[-1] if runs else now)):
            runs.append(run)
        return min((after - one for one, after in pairwise(runs)), default=timedelta.max)

    def trigger(self, first: datetime, *, longest_jitter: float = LONGEST_JITTER) -> BaseTrigger:
        """For APScheduler. The jitter, of a minute at most, keeps several instances apart."""
        from apscheduler.triggers.interval import IntervalTrigger  # noqa: PLC0415 - as below

        if self.every is None:
            cron = _cron(self.cron)
            cron.jitter = longest_jitter
            return cron
        seconds = self.every.total_seconds()
        jitter = min(longest_jitter, seconds / 10)
        return IntervalTrigger(seconds=seconds, start_date=first, jitter=jitter)

    def _after(self, moment: datetime) -> datetime | None:
        found: datetime | None = _cron(self.cron).get_next_fire_time(
            None, moment + timedelta(microseconds=1)
        )
        return found


def timetable(text: str) -> Timetable:
    """Of `6h`, `30m`, `1d`, a cron expression of five fields, or `off`. Raises ValueError."""
    text = text.strip().lower()
    if text == NEVER:
        return Timetable()
    if (interval := _INTERVAL.fullmatch(text)) is not None:
        every = timedelta(**{_UNITS[interval[2]]: int(interval[1])})
        if not every:
            raise ValueError(f"must be {_EXPECTED}")
        return Timetable(every=every)
    try:
        _cron(text)
    except ValueError as exc:
        raise ValueError(f"must be {_EXPECTED}") from exc
    return Timetable(cron=text)


def _cron(text: str) -> BaseTrigger:
    # Nobody without a cron expression should wait for APScheduler.
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    *others, weekdays = text.split()
    trigger: BaseTrigger = CronTrigger.from_crontab(" ".join([*others, _weekdays(weekdays)]))
    return trigger


def _weekdays(field: str) -> str:
    """By name, one by one: cron counts them from Sunday, and APScheduler from Monday."""
    if field == "*":
        return field
    return ",".join(name for part in field.split(",") for name in _weekday_names(part))


def _weekday_names(part: str) -> list[str]:
    found = _WEEKDAYS.fullmatch(part)
    if found is None:
        raise ValueError(f"{part} names no days of the week")
    first = 0 if found["first"] == "*" else _weekday(found["first"])
    to_saturday = found["first"] == "*" or (found["step"] and not found["last"])
    last = 6 if to_saturday else _weekday(found["last"] or found["first"])
    days = range(first, last + 1 if last >= first else last + 8, int(found["step"] or 1))
    return [_DAYS[day % 7] for day in days]


def _weekday(text: str) -> int:
    return int(text) if text.isdecimal() else _DAYS.index(text)
