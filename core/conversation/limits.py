"""Who may ask, how much a person and a channel may, and how long a question may be."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from core.errors import QuestionRefused
from core.model import Question

_MINUTE = 60.0
_MOST_REMEMBERED = 10_000
"""People, or channels; the one that was heard of least lately is forgotten first."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Questions within `minutes`, and `characters` of one with its files; None for any number.

    `people` has the ids of who may ask, and `workspaces` of where, by platform; whoever is of a
    platform that is not in it, may.
    """

    per_person: int | None = None
    per_channel: int | None = None
    minutes: int = 60
    characters: int | None = None
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    workspaces: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Limits:
    """Over a sliding window, in the memory of this process: several instances admit more.

    Each counts what it takes itself, so that with n of them up to n times as much is let in.
    """

    def __init__(
        self, settings: LimitSettings | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings or LimitSettings()
        self._window = self._settings.minutes * _MINUTE
        self._clock = clock
        self._people = _Windows(self._window)
        self._channels = _Windows(self._window)

    def check(self, question: Question, revision: str = "") -> None:
        """Raises QuestionRefused where it is too long, one too many, or not to be asked at all.

        An edited question is another one, by its `revision`; one that was counted is let in again.
        """
        self._require_admission(question)
        self._require_length(question.text)
        asked, now = _asked(question, revision), self._clock()
        for windows, key, most, who in self._rules(question):
            if wait := windows.wait(key, asked, most, now):
                raise _too_many(who, most, self._settings.minutes, wait)

    def count(self, question: Question, revision: str = "") -> None:
        """Counts it for its author and its channel; a second time changes nothing."""
        for windows, key, _, _ in self._rules(question):
            windows.add(key, _asked(question, revision), self._clock())

    def left(self, person: str) -> int | None:
        """How many questions the person may ask right now; None for any number."""
        most = self._settings.per_person
        if most is None:
            return None
        return max(0, most - self._people.count(person, self._clock()))

    @property
    def minutes(self) -> int:
        """The window."""
        return self._settings.minutes

    def _rules(self, question: Question) -> Iterator[tuple[_Windows, Hashable, int, str]]:
        """What it is counted in, under which key, up to how many, and who that is."""
        settings, session = self._settings, question.session
        if settings.per_person is not None:
            yield self._people, question.author, settings.per_person, "You have"
        if settings.per_channel is not None:
            channel = session.workspace, session.channel
            yield self._channels, channel, settings.per_channel, "This channel has"

    def _require_admission(self, question: Question) -> None:
        session, settings = question.session, self._settings
        # What is asked in private is stored under a name of its own: "slack-private".
        platform = session.platform.partition("-")[0]
        if session.workspace not in settings.workspaces.get(platform, {session.workspace}):
            raise QuestionRefused(
                "I am not set up to answer in this server.",
                hint="Please ask whoever runs me to add it.",
            )
        if question.author not in settings.people.get(platform, {question.author}):
            raise QuestionRefused(
                "I answer some people only, and you are not among them.",
                hint="Please ask whoever runs me to add you.",
            )

    def _require_length(self, text: str) -> None:
        most = self._settings.characters
        if most is not None and len(text) > most:
            raise QuestionRefused(
                f"Your question has {len(text):,} characters with its files, and I read at most "
                f"{most:,}.",
                hint="Please shorten it to what matters.",
            )


class _Windows:
    """What was asked within the window, by whom or where."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._asked: OrderedDict[Hashable, OrderedDict[Hashable, float]] = OrderedDict()

    def wait(self, key: Hashable, asked: Hashable, most: int, now: float) -> float:
        """In how many seconds one more is admitted; 0 for now."""
        within = self._within(key, now)
        if asked in within or len(within) < most:
            return 0.0
        leaves = list(within.values())[len(within) - most]
        return leaves + self._seconds - now

    def add(self, key: Hashable, asked: Hashable, now: float) -> None:
        within = self._within(key, now)
        within.setdefault(asked, now)
        self._asked[key] = within
        self._asked.move_to_end(key)
        if len(self._asked) > _MOST_REMEMBERED:
            self._asked.popitem(last=False)

    def count(self, key: Hashable, now: float) -> int:
        return len(self._within(key, now))

    def _within(self, key: Hashable, now: float) -> OrderedDict[Hashable, float]:
        within = self._asked.get(key) or OrderedDict()
        while within and next(iter(within.values())) + self._seconds <= now:
            within.popitem(last=False)
        return within


def _asked(question: Question, revision: str) -> Hashable:
    return question.session.channel, question.message_id, revision


def _too_many(who: str, most: int, minutes: int, wait: float) -> QuestionRefused:
    questions = "1 question" if most == 1 else f"{most} questions"
    window = "an hour" if minutes == 60 else f"{minutes} minutes"  # noqa: PLR2004 - an hour's
    return QuestionRefused(
        f"{who} asked {questions} within {window}, which is as many as I take.",
        hint=f"Please ask again {_in(wait)}.",
        retry_after=wait,
    )


def _in(seconds: float) -> str:
    minutes = -int(-seconds // _MINUTE)
    if minutes <= 1:
        return "in a minute"
    return f"in {minutes} minutes"
