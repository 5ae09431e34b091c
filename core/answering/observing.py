"""Lets somebody count answers, whatever platform they are for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from core.answering.stopping import Stop
from core.answering.turns import Answerer
from core.model import Answered, AnswerEvent, Question


class Observer(Protocol):
    """Is told how attempts at answers end. Raises nothing."""

    def answered(self, question: Question, answered: Answered) -> None:
        """An answer is complete."""

    def failed(self, question: Question, error: Exception) -> None:
        """An attempt broke off."""


class ObservedAnswerer:
    """Answers as the one behind it does."""

    def __init__(self, answerer: Answerer, observer: Observer) -> None:
        self._answerer = answerer
        self._observer = observer

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        """The same events."""
        events = self._answerer.answer(question, stop)
        try:
            async for event in events:
                if isinstance(event, Answered):
                    self._observer.answered(question, event)
                yield event
        except Exception as exc:
            self._observer.failed(question, exc)
            raise
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()
