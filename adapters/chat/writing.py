"""The pace at which a reader sees an answer grow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from core.model import Answer, Answered, AnswerEvent, Replaced, TextDelta


@dataclass(frozen=True, slots=True)
class Rhythm:
    """In seconds: how long the first claim waits for others, and each renewal for the next.

    An answer that is whole before `first` is over is not shown in parts at all, as quotes are.
    """

    first: float = 0.02
    again: float = 1.0


class Live(Protocol):
    """Shows a text that grows."""

    async def show(self, text: str) -> bool:
        """Renews what is shown; False when it could not be, and is to be tried again."""


async def write(live: Live, events: AsyncIterator[AnswerEvent], rhythm: Rhythm) -> Answer:
    """Shows the events' text as it grows; the whole answer, once nothing more is on its way.

    A slow `show` never holds the events up, and is not cancelled by their end.
    """
    text = _Text()
    showing = asyncio.create_task(_show(live, text, rhythm))
    try:
        answer = await _follow(events, text)
        text.ended.set()
        await showing
    finally:
        await cancelled(showing)
    return answer


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancels a task, and returns when it has ended."""
    task.cancel()
    await asyncio.wait([task])


class _Text:
    """What is to be shown; `grown` is set whenever that changes."""

    def __init__(self) -> None:
        self.whole = ""
        self.grown = asyncio.Event()
        self.ended = asyncio.Event()


async def _follow(events: AsyncIterator[AnswerEvent], text: _Text) -> Answer:
    answer: Answer | None = None
    async for event in events:
        match event:
            case TextDelta(added):
                text.whole += added
                text.grown.set()
            case Replaced(whole):
                text.whole = whole
                text.grown.set()
            case Answered(answer):
                pass
            case _:
                pass
    if answer is None:
        raise RuntimeError("The answer ended without its last event.")
    return answer


async def _show(live: Live, text: _Text, rhythm: Rhythm) -> None:
    await _either(text.grown, text.ended)
    await pause(text.ended, rhythm.first)
    while not text.ended.is_set():
        text.grown.clear()
        if text.whole.strip() and not await live.show(text.whole):
            text.grown.set()
        await pause(text.ended, rhythm.again)
        await _either(text.grown, text.ended)


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def pause(ended: asyncio.Event, seconds: float) -> None:
    """Returns after so many seconds, or once the event is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
