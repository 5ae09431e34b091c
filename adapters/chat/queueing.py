"""Tells in the place of the answer how long the line is, where there is no status line for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from adapters.chat.wording import queued
from core.model import AnswerEvent, Queued, Replaced, TextDelta


async def announced(events: AsyncIterator[AnswerEvent]) -> AsyncGenerator[AnswerEvent, None]:
    """The events, in which the length of the line is a text that the answer's first takes over."""
    waiting = False
    async for event in events:
        match event:
            case Queued(before):
                waiting = True
                yield Replaced(queued(before))
            case TextDelta(text) | Replaced(text) if waiting:
                waiting = False
                yield Replaced(text)
            case _:
                yield event
