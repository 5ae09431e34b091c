"""The pace at which a reader sees an answer grow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from core.model import Answer, Answered, AnswerEvent, PassagesFound, Replaced, TextDelta


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How many seconds each renewal waits for the next one; the first claim waits for none."""

    again: float = 1.0


class Live(Protocol):
    """Shows a text that grows."""

    async def prepare(self) -> None:
        """Does what can be done before the first text is shown; raises no ServiceError."""

    async def show(self, text: str) -> bool:
        """Renews what is shown; False when it could not be, and is to be tried again."""


async def write(live: Live, events: AsyncIterator[AnswerEvent], rhythm: Rhythm) -> Answer:
    """Shows the events' text as it grows; the whole answer, once nothing more is on its way.

    A slow `show` never holds the events up, and is not cancelled by their end. An answer that is
    whole at once, as quotes are, is not shown in parts at all.
    """
    text = _Text()
    showing = asyncio.create_task(_show(live, text, rhythm))
    try:
        answer = await _follow(events, text)
        await showing
    finally:
        await cancelled(showing)
    return answer


@asynccontextmanager
async def begun(events: AsyncIterator[AnswerEvent]) -> AsyncIterator[AsyncIterator[AnswerEvent]]:
    """The same events, whose making begins with the block and not when the first is asked for."""
    first = asyncio.create_task(_first(events))
    try:
        async with aclosing(_all(first, events)) as each:
            yield each
    finally:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def _first(events: AsyncIterator[AnswerEvent]) -> AnswerEvent | None:
    return await anext(events, None)


async def _all(
    first: asyncio.Task[AnswerEvent | None], others: AsyncIterator[AnswerEvent]
) -> AsyncGenerator[AnswerEvent, None]:
    if (event := await first) is not None:
        yield event
        async for later in others:
            yield later


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancels a task, and returns when it has ended."""
    task.cancel()
    await asyncio.wait([task])


class _Text:
    """What is to be shown; `changed` is set whenever it is another, or has `ended`.

    It is `expected` from when it is known what it will be written from.
    """

    def __init__(self) -> None:
        self.whole = ""
        self.expected = asyncio.Event()
        self.changed = asyncio.Event()
        self.ended = asyncio.Event()

    def become(self, whole: str) -> None:
        self.whole = whole
        self.expected.set()
        self.changed.set()

    def end(self) -> None:
        self.ended.set()
        self.expected.set()
        self.changed.set()


async def _follow(events: AsyncIterator[AnswerEvent], text: _Text) -> Answer:
    answer: Answer | None = None
    async for event in events:
        match event:
            case PassagesFound():
                text.expected.set()
            case TextDelta(added):
                text.become(text.whole + added)
            case Replaced(whole):
                text.become(whole)
            case Answered(answer):
                text.end()  # not later, as the last event is there at the same moment as its text
            case _:
                pass
    if answer is None:
        raise RuntimeError("The answer ended without its last event.")
    return answer


async def _show(live: Live, text: _Text, rhythm: Rhythm) -> None:
    await text.expected.wait()
    if not text.ended.is_set():
        await live.prepare()
    await text.changed.wait()
    while not text.ended.is_set():
        text.changed.clear()
        if text.whole.strip() and not await live.show(text.whole):
            text.changed.set()
        await pause(text.ended, rhythm.again)
        await text.changed.wait()


async def pause(ended: asyncio.Event, seconds: float) -> None:
    """Returns after so many seconds, or once the event is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
