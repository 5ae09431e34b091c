"""Answers and the events that lead to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from core.model import (
    Answer,
    Answered,
    AnswerEvent,
    AnswerStatus,
    Citation,
    Retrieval,
    Searching,
    TextDelta,
    Usage,
)

CITATION = Citation(
    n=1,
    title="Query Parameters",
    heading_path=("Query Parameters", "Defaults"),
    url="https://docs.example.com/query/#defaults",
    quote="They can have defaults.",
    source="docs",
    peer_reviewed=False,
)


def answer(text: str = "They can have defaults. [1]", *citations: Citation) -> Answer:
    """An answered question, with one citation unless others are given."""
    return Answer(
        status=AnswerStatus.ANSWERED,
        text=text,
        citations=citations or (CITATION,),
        model="some/model",
        generation=3,
        usage=Usage(10, 5, 0.001),
        timings_ms={"history": 1.234, "total": 5.678},
    )


def answered(given: Answer) -> Answered:
    """The last event of an answer."""
    found = Retrieval("query", given.generation, (), confidence=0.9, sufficient=True)
    return Answered(given, found)


def events_of(given: Answer) -> list[AnswerEvent]:
    """An answer as it comes: searching, its text, its end."""
    return [Searching(), TextDelta(given.text), answered(given)]


async def stream(events: Sequence[AnswerEvent]) -> AsyncIterator[AnswerEvent]:
    """The events, one after the other."""
    for event in events:
        yield event
