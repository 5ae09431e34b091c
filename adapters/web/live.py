"""Answers in the making, for whoever follows them over HTTP.

Nothing is queued for a reader: each compares what it has shown with what there is by now. So one
that reads slowly is sent less often and more at once, and costs no memory.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID
from weakref import WeakValueDictionary

from core.model import (
    Answered,
    AnswerEvent,
    Apology,
    Passage,
    PassagesFound,
    Question,
    Queued,
    Replaced,
    Searching,
    TextDelta,
    Turn,
)

Key: TypeAlias = tuple[str, str, str]
"""Workspace, channel and message: what a question is known by."""

_ENDED_KEPT = 64
"""Answers that are kept after their end: one is shown a moment before it is stored."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The question was deleted; no answer follows."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """The answer rests on a source that is not answered from here any more."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing has happened for a while."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """The answer is to come later; the word says why."""

    word: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of a turn's answer, or of the word that there will be none."""

    answered: Answered
    turn_id: UUID | None

    @property
    def given_up(self) -> bool:
        """Whether it is a word of apology."""
        return self.answered.apology is Apology.GIVEN_UP


Step: TypeAlias = Queued | Searching | PassagesFound | TextDelta | Replaced | Postponed
End: TypeAlias = Ended | Withdrawn | Withheld
LiveEvent: TypeAlias = Step | End | Waiting


@dataclass(frozen=True, slots=True)
class State:
    """What there is of an answer. `epoch` counts how often its text was begun anew.

    There is a `turn_id` while an attempt is made here, and after the end.
    """

    turn_id: UUID | None = None
    queued: Queued | None = None
    searching: bool = False
    passages: tuple[Passage, ...] | None = None
    epoch: int = 0
    text: str = ""
    postponed: Postponed | None = None
    end: End | None = None


def difference(shown: State, now: State) -> Iterator[LiveEvent]:
    """The events that lead a reader from one state to the other."""
    if now.queued not in (None, shown.queued):
        yield now.queued
    if now.searching and not shown.searching:
        yield Searching()
    if now.passages is not None and now.passages != shown.passages:
        yield PassagesFound(now.passages)
    if now.epoch != shown.epoch:
        yield Replaced(now.text)
    elif len(now.text) > len(shown.text):
        yield TextDelta(now.text[len(shown.text) :])
    if now.postponed not in (None, shown.postponed):
        yield now.postponed
    if now.end is not None:
        yield now.end


class LiveAnswer:
    """One answer, and a way to wait for more of it."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()
        self._moved = asyncio.Event()

    def begin(self, turn_id: UUID) -> None:
        """An attempt begins: what an earlier one showed is void."""
        before = self.state
        epoch = before.epoch + 1 if before.text else before.epoch
        self._move(State(turn_id=turn_id, epoch=epoch, postponed=before.postponed))

    def take(self, event: AnswerEvent) -> None:
        """Adds an event."""
        state = self.state
        match event:
            case Queued():
                self._move(replace(state, queued=event))
            case Searching():
                self._move(replace(state, searching=True))
            case PassagesFound(passages):
                self._move(replace(state, passages=passages))
            case TextDelta(text):
                self._move(replace(state, text=state.text + text))
            case Replaced(text):
                self._move(replace(state, text=text, epoch=state.epoch + 1))
            case Answered(apology=Apology.POSTPONED):
                self._move(replace(state, postponed=Postponed(event.answer.text)))
            case Answered():
                self.end(Ended(event, state.turn_id))

    def end(self, end: End) -> None:
        """Nothing follows."""
        self._move(replace(self.state, end=end))

    def leave(self) -> None:
        """The attempt is over. Where that is not the end, the next may be another instance's."""
        if self.state.end is None:
            self._move(replace(self.state, turn_id=None))

    async def moved_on(self, seen: State, within: float) -> bool:
        """Returns once there is more than was seen; False when that took too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self.state is seen:
                    await self._moved.wait()
        return self.state is not seen

    def _move(self, state: State) -> None:
        self.state = state
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


class LiveAnswers:
    """The platform's Responder: an answer is shown to whoever follows it, if anybody does.

    An answer is held by those who follow it and while it is made, and nobody has to let it go.
    """

    def __init__(self) -> None:
        self._live: WeakValueDictionary[Key, LiveAnswer] = WeakValueDictionary()
        self._ended: OrderedDict[Key, LiveAnswer] = OrderedDict()

    def of(self, key: Key) -> LiveAnswer:
        """What there is of that answer, now or later."""
        live = self._live.get(key)
        if live is None:
            live = self._live[key] = LiveAnswer()
        return live

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Shows the events. A client that leaves takes nothing with it."""
        key = key_of(turn.question)
        live = self.of(key)
        live.begin(turn.id)
        try:
            async for event in events:
                live.take(event)
        finally:
            live.leave()
        if live.state.end is not None:
            self._keep(key, live)

    async def retract(self, turn: Turn) -> None:
        """Tells those who still follow it."""
        key = key_of(turn.question)
        self._ended.pop(key, None)
        self.of(key).end(Withdrawn())

    def _keep(self, key: Key, live: LiveAnswer) -> None:
        self._ended[key] = live
        self._ended.move_to_end(key)
        if len(self._ended) > _ENDED_KEPT:
            self._ended.popitem(last=False)


def key_of(question: Question) -> Key:
    """What the question is known by."""
    session = question.session
    return session.workspace, session.channel, question.message_id
