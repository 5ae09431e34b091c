"""Makes an answer ahead of its reader, so that a slow platform holds no place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing

from core.answering.places import Places
from core.model import AnswerEvent, Queued

_LONG = 3
"""Questions that are taken up before this one, from which on its author is told."""


async def made_ahead(
    events: AsyncIterator[AnswerEvent], places: Places, person: str
) -> AsyncGenerator[AnswerEvent, None]:
    """The same events, made in one of the `places`, however long each is looked at.

    Where the `person` has to wait for many others, Queued comes before them.

    Closing the iterator ends the making. What breaks the events off is raised after those that
    came before it.
    """
    ahead: asyncio.Queue[AnswerEvent | None] = asyncio.Queue()
    making = asyncio.create_task(_make(events, places, person, ahead))
    try:
        while (event := await ahead.get()) is not None:
            yield event
        await making
    finally:
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)


async def _make(
    events: AsyncIterator[AnswerEvent],
    places: Places,
    person: str,
    ahead: asyncio.Queue[AnswerEvent | None],
) -> None:
    try:
        async with AsyncExitStack() as stack:
            if isinstance(events, AsyncGenerator):
                await stack.enter_async_context(aclosing(events))
            if (before := places.before(person)) is not None and before >= _LONG:
                ahead.put_nowait(Queued(before))
            await stack.enter_async_context(places.place(person))
            async for event in events:
                ahead.put_nowait(event)
    finally:
        ahead.put_nowait(None)
