"""Answers in the making: each reader is brought from what it has seen to what there is."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.live import (
    Ended,
    LiveAnswer,
    LiveAnswers,
    Postponed,
    State,
    Withdrawn,
    difference,
    key_of,
)
from core.model import (
    AnswerEvent,
    Apology,
    PassagesFound,
    Queued,
    Replaced,
    Searching,
    TextDelta,
    Turn,
)
from tests.support.answers import answer, answered, events_of, stream
from tests.support.conversations import passage, question

ID = UUID(int=7)


def turn(text: str = "How?") -> Turn:
    return Turn(ID, question(text, message_id="m"), uuid4(), 1)


def a_state(*events: AnswerEvent) -> State:
    live = LiveAnswer()
    for event in events:
        live.take(event)
    return live.state


def test_who_begins_late_gets_what_there_is_at_once() -> None:
    found = (passage(),)
    state = a_state(Queued(4), Searching(), PassagesFound(found), TextDelta("a "), TextDelta("b"))
    assert list(difference(State(), state)) == [
        Queued(4),
        Searching(),
        PassagesFound(found),
        TextDelta("a b"),
    ]


def test_a_slow_reader_is_sent_more_at_once() -> None:
    shown = a_state(Searching(), TextDelta("a "))
    now = a_state(Searching(), *(TextDelta(each) for each in ("a ", "b ", "c ")))
    assert list(difference(shown, now)) == [TextDelta("b c ")]


def test_a_text_that_was_begun_anew_takes_the_place_of_what_was_shown() -> None:
    live = LiveAnswer()
    for event in (Searching(), TextDelta("wrong")):
        live.take(event)
    shown = live.state
    live.begin(ID)
    assert list(difference(shown, live.state)) == [Replaced("")]
    live.take(TextDelta("right"))
    assert list(difference(shown, live.state)) == [Replaced("right")]
    live.take(Replaced("quite right"))
    assert list(difference(live.state, live.state)) == []


def test_an_apology_is_told_apart_from_an_answer() -> None:
    word = replace(answered(answer("Later.")), apology=Apology.POSTPONED)
    live = LiveAnswer()
    live.take(word)
    assert live.state.postponed == Postponed("Later.")
    assert live.state.end is None
    live.begin(ID)
    assert list(difference(State(), live.state)) == [Postponed("Later.")]
    given_up = replace(answered(answer("Never.")), apology=Apology.GIVEN_UP)
    live.take(given_up)
    [_, end] = difference(State(), live.state)
    assert end == Ended(given_up, ID)
    assert isinstance(end, Ended)
    assert end.given_up


texts = st.lists(
    st.one_of(st.builds(TextDelta, st.text(max_size=5)), st.builds(Replaced, st.text(max_size=5))),
    max_size=12,
)


@given(texts, st.lists(st.integers(0, 12), max_size=6))
def test_whenever_a_reader_looks_it_ends_with_the_whole_text(
    events: list[TextDelta | Replaced], looks: list[int]
) -> None:
    states = [a_state(*events[:n]) for n in range(len(events) + 1)]
    shown, text = State(), ""
    for n in [*sorted(min(each, len(events)) for each in looks), len(events)]:
        for event in difference(shown, states[n]):
            match event:
                case TextDelta(more):
                    text += more
                case Replaced(whole):
                    text = whole
        shown = states[n]
    assert text == states[-1].text


async def test_followers_are_woken_by_each_event() -> None:
    live = LiveAnswer()
    seen = live.state
    waiting = asyncio.create_task(live.moved_on(seen, within=10))
    await asyncio.sleep(0)
    live.take(Searching())
    assert await waiting
    assert await live.moved_on(seen, within=0)
    assert not await live.moved_on(live.state, within=0)


async def test_an_answer_is_there_a_moment_after_its_end_for_who_comes_then() -> None:
    answers = LiveAnswers()
    await answers.respond(turn(), stream(events_of(answer("So."))))
    end = answers.of(key_of(turn().question)).state.end
    assert isinstance(end, Ended)
    assert (end.answered.answer.text, end.turn_id) == ("So.", ID)


async def test_nothing_is_held_for_nobody() -> None:
    answers = LiveAnswers()
    for n in range(200):
        asked = replace(turn(), question=question("How?", message_id=str(n)))
        await answers.respond(asked, stream(events_of(answer("So."))))
    live = answers.of(("T1", "C1", "unknown"))
    del live
    gc.collect()
    assert len(answers._live) == len(answers._ended) < 100


async def test_what_breaks_off_is_raised_and_shown_anew_by_the_next_attempt() -> None:
    answers = LiveAnswers()
    live = answers.of(key_of(turn().question))

    async def broken() -> AsyncIterator[AnswerEvent]:
        yield TextDelta("wrong")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await answers.respond(turn(), broken())
    assert (live.state.text, live.state.end) == ("wrong", None)
    await answers.respond(turn(), stream(events_of(answer("right"))))
    assert list(difference(State(), live.state))[1:2] == [Replaced("right")]


async def test_a_question_that_was_deleted_ends_without_an_answer() -> None:
    answers = LiveAnswers()
    await answers.respond(turn(), stream(events_of(answer("So."))))
    live = answers.of(key_of(turn().question))
    await answers.retract(turn())
    assert live.state.end == Withdrawn()
    gc.collect()
    assert not answers._ended
