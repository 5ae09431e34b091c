"""How long the line is, told where the answer will stand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from adapters.chat.queueing import announced
from adapters.chat.wording import queued, status_text
from core.model import AnswerEvent, Queued, Replaced, Searching, TextDelta


async def played(events: Sequence[AnswerEvent]) -> AsyncIterator[AnswerEvent]:
    for event in events:
        yield event


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        ([Searching(), TextDelta("A"), TextDelta("B")], None),
        (
            [Queued(3), Searching(), TextDelta("A"), TextDelta("B")],
            [Replaced("3 questions are before yours…"), Searching(), Replaced("A"), TextDelta("B")],
        ),
        (
            [Queued(3), Replaced("A"), TextDelta("B")],
            [Replaced("3 questions are before yours…"), Replaced("A"), TextDelta("B")],
        ),
    ],
)
async def test_the_answer_takes_the_place_of_the_word_about_the_line(
    events: list[AnswerEvent], shown: list[AnswerEvent] | None
) -> None:
    assert [event async for event in announced(played(events))] == (shown or events)


def test_a_status_tells_it_as_well() -> None:
    assert status_text(Queued(12)) == queued(12) == "12 questions are before yours…"
    assert queued(1) == "1 question is before yours…"
