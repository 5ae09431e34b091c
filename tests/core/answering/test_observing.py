"""Answers are counted on their way, and are the same for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from core.answering.observing import ObservedAnswerer
from core.answering.stopping import Stop
from core.model import Answered, AnswerEvent, Question
from tests.support.answers import answer, events_of
from tests.support.conversations import question


@dataclass
class Counts:
    seen: list[str] = field(default_factory=list)

    def answered(self, question: Question, answered: Answered) -> None:
        self.seen.append(answered.answer.text)

    def failed(self, question: Question, error: Exception) -> None:
        self.seen.append(repr(error))


@dataclass
class Scripted:
    """Raises at the end where there is a fault."""

    fault: Exception | None = None
    closed: bool = False

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        try:
            for event in events_of(answer("So it is.")):
                if self.fault and isinstance(event, Answered):
                    raise self.fault
                yield event
        finally:
            self.closed = True


async def test_an_answer_is_told_of_once_and_passed_on() -> None:
    counts = Counts()
    events = ObservedAnswerer(Scripted(), counts).answer(question(), Stop())
    assert [event async for event in events] == events_of(answer("So it is."))
    assert counts.seen == ["So it is."]


async def test_a_fault_is_told_of_and_raised() -> None:
    counts = Counts()
    events = ObservedAnswerer(Scripted(ValueError("no")), counts).answer(question(), Stop())
    with pytest.raises(ValueError, match="no"):
        _ = [event async for event in events]
    assert counts.seen == ["ValueError('no')"]


async def test_who_stops_reading_ends_the_work() -> None:
    scripted, counts = Scripted(), Counts()
    events = ObservedAnswerer(scripted, counts).answer(question(), Stop())
    await anext(events)
    await events.aclose()
    assert scripted.closed
    assert counts.seen == []
