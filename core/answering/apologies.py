"""What an author is told in place of an answer that failed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from core.errors import DocentError
from core.model import (
    Answer,
    Answered,
    AnswerEvent,
    AnswerStatus,
    Apology,
    Question,
    Retrieval,
    Usage,
)


def apology(question: Question, exc: Exception | None) -> AsyncIterator[AnswerEvent]:
    """When the turn is given up, with the reason where a person may be told."""
    begin = "Sorry, I could not answer this, and have stopped trying."
    return _word(question, f"{begin} {_reason(exc)}Please ask again.", Apology.GIVEN_UP)


def postponement(question: Question, exc: Exception) -> AsyncIterator[AnswerEvent]:
    """Until the answer takes its place."""
    end = "I keep your question, and answer it here as soon as I can."
    text = f"Sorry, I cannot answer this yet. {_reason(exc)}{end}"
    return _word(question, text, Apology.POSTPONED)


def _reason(exc: Exception | None) -> str:
    return f"{str(exc).removesuffix('.')}. " if isinstance(exc, DocentError) else ""


async def _word(question: Question, text: str, kind: Apology) -> AsyncIterator[AnswerEvent]:
    answer = Answer(AnswerStatus.REFUSED, text, (), None, 0, Usage(), {})
    found = Retrieval(question.text, 0, (), confidence=0.0, sufficient=False)
    yield Answered(answer, found, apology=kind)
