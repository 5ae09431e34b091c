"""The pace at which a reader sees an answer grow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from adapters.chat.writing import Rhythm, begun, write
from core.errors import LeaseLost, ServiceUnavailable
from core.model import AnswerEvent, PassagesFound, Replaced, Searching, TextDelta
from tests.support.answers import answer, answered, stream
from tests.support.desk import until

QUICK = Rhythm(again=0.0)


class Screen:
    """Keeps what was shown, once it is no longer `busy`. Showing waits for `go`."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.go = asyncio.Event()
        self.go.set()
        self.fault: Exception | None = None
        self.busy = 0
        self.prepared = 0

    async def prepare(self) -> None:
        assert not self.shown
        self.prepared += 1

    async def show(self, text: str) -> bool:
        if self.fault:
            raise self.fault
        if self.busy:
            self.busy -= 1
            return False
        self.shown.append(text)
        await self.go.wait()
        return True


async def slowly(*events: AnswerEvent) -> AsyncIterator[AnswerEvent]:
    """The events, each after the screen had its time."""
    for event in events:
        for _ in range(20):
            await asyncio.sleep(0)
        yield event


async def test_each_growth_is_shown() -> None:
    screen = Screen()
    whole = answered(answer("One. Two."))
    events = slowly(Searching(), TextDelta("One."), TextDelta(" Two."), Searching(), whole)
    assert await write(screen, events, QUICK) == whole.answer
    assert screen.shown == ["One.", "One. Two."]
    assert screen.prepared == 1


async def test_what_could_not_be_shown_is_tried_again_though_nothing_more_came() -> None:
    screen = Screen()
    screen.busy = 2
    await write(screen, slowly(TextDelta("One."), Searching(), answered(answer())), QUICK)
    assert screen.shown == ["One."]


async def test_a_replacement_is_shown_instead() -> None:
    screen = Screen()
    events = slowly(TextDelta("Wrong."), Replaced("Right."), Searching(), answered(answer()))
    await write(screen, events, QUICK)
    assert screen.shown == ["Wrong.", "Right."]


async def test_white_space_alone_is_not_shown() -> None:
    screen = Screen()
    await write(screen, slowly(TextDelta("\n"), Searching(), answered(answer())), QUICK)
    assert screen.shown == []


async def test_what_the_first_words_would_wait_for_is_done_while_they_are_written() -> None:
    screen = Screen()

    async def events() -> AsyncIterator[AnswerEvent]:
        yield PassagesFound(())
        await until(lambda: screen.prepared == 1)
        async for event in slowly(TextDelta("One."), Searching(), answered(answer())):
            yield event

    await write(screen, events(), QUICK)
    assert screen.shown == ["One."]
    assert screen.prepared == 1


async def test_an_answer_that_is_whole_at_once_is_not_shown_in_parts() -> None:
    screen = Screen()
    whole = answered(answer("One. Two."))
    events = stream([PassagesFound(()), TextDelta("One."), TextDelta(" Two."), whole])
    await write(screen, events, QUICK)
    assert screen.shown == []
    assert not screen.prepared


async def test_a_slow_screen_holds_no_event_up_and_sees_the_latest_text() -> None:
    screen = Screen()
    screen.go.clear()
    taken: list[AnswerEvent] = []

    async def events() -> AsyncIterator[AnswerEvent]:
        claims = [TextDelta(f" {n}.") for n in range(5)]
        async for event in slowly(*claims):
            taken.append(event)
            yield event
        screen.go.set()
        async for event in slowly(Searching(), answered(answer())):
            yield event

    await write(screen, events(), QUICK)
    assert len(taken) == 5
    assert screen.shown == [" 0.", " 0. 1. 2. 3. 4."]


async def test_what_is_being_shown_at_the_end_is_waited_for() -> None:
    screen = Screen()
    screen.go.clear()
    asyncio.get_running_loop().call_later(0.05, screen.go.set)
    await write(screen, slowly(TextDelta("One."), Searching(), answered(answer())), QUICK)
    assert screen.go.is_set()


async def test_a_failure_to_show_fails_the_attempt() -> None:
    screen = Screen()
    screen.fault = LeaseLost("It ran out.")
    with pytest.raises(LeaseLost):
        await write(screen, slowly(TextDelta("One."), Searching(), answered(answer())), QUICK)


async def test_an_answer_without_an_end_is_a_failure() -> None:
    with pytest.raises(RuntimeError):
        await write(Screen(), stream([TextDelta("One.")]), QUICK)


class Making:
    """Events of which it is known how many are made, and whether more may come.

    After these it takes for ever, or fails with the `fault`.
    """

    def __init__(self, *events: AnswerEvent, fault: Exception | None = None) -> None:
        self.events = events
        self.fault = fault
        self.made = 0
        self.ended = False

    async def make(self) -> AsyncGenerator[AnswerEvent, None]:
        try:
            for event in self.events:
                await asyncio.sleep(0)
                self.made += 1
                yield event
            if self.fault:
                raise self.fault
            await asyncio.Event().wait()
        finally:
            self.ended = True


async def test_an_answer_is_begun_before_anybody_asks_for_its_events() -> None:
    making = Making(Searching(), TextDelta("One."))
    async with begun(making.make()) as events:
        await until(lambda: making.made > 0)
        assert [await anext(events), await anext(events)] == [Searching(), TextDelta("One.")]


async def test_all_events_of_an_answer_that_was_begun_are_there() -> None:
    async with begun(stream([Searching(), TextDelta("One.")])) as events:
        assert [event async for event in events] == [Searching(), TextDelta("One.")]
    async with begun(stream([])) as events:
        assert [event async for event in events] == []


async def test_an_answer_that_was_begun_ends_with_whoever_shows_it() -> None:
    making = Making()
    async with begun(making.make()):
        await asyncio.sleep(0)
    assert making.ended


async def test_what_breaks_an_answer_off_that_was_begun_is_raised_where_it_is_read() -> None:
    making = Making(fault=ServiceUnavailable("OpenRouter", "is away."))
    async with begun(making.make()) as events:
        await until(lambda: making.ended)
        with pytest.raises(ServiceUnavailable):
            await anext(events)
