"""Answers and the events that lead to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import orjson

from core.conversation import records
from core.conversation.archive import StoredTurn
from core.conversation.traces import Trace
from core.model import (
    Answer,
    Answered,
    AnswerEvent,
    AnswerStatus,
    Citation,
    Passage,
    Question,
    Retrieval,
    Searching,
    SessionKey,
    TextDelta,
    Usage,
)

TURN = UUID("018f0000-0000-7000-8000-000000000001")

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


def traced(
    given: Answer, *passages: Passage, changed: Sequence[Passage] = (), **noted: object
) -> Trace:
    """How an answer came about, as it is kept; `noted` replaces what usually is."""
    asked = Question(SessionKey("slack", "T1", "C1", "100.1"), "100.1", "U1", "What are defaults?")
    turn = StoredTurn(TURN, asked, "finished", given, passages, ())
    usual = records.trace(answered(given), hashes=()) | {"query": asked.text} | noted
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    hashes = frozenset(passage.content_hash for passage in changed)
    kept = orjson.loads(records.document(usual))
    return Trace(turn, moment, moment, 1, None, kept, hashes)


async def stream(events: Sequence[AnswerEvent]) -> AsyncIterator[AnswerEvent]:
    """The events, one after the other."""
    for event in events:
        yield event
