"""The line under a thread that says what we are doing. It costs nothing to lose it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator

from adapters.slack.api import SlackApi
from adapters.slack.rendering import status_text
from adapters.slack.writing import cancelled
from core.errors import ServiceError
from core.model import AnswerEvent, PassagesFound, Searching, Turn

SET_AGAIN = 100.0
"""Seconds: Slack clears a status after two minutes, and when a message is posted."""

log = logging.getLogger(__name__)


async def showing_status(
    api: SlackApi, turn: Turn, events: AsyncIterator[AnswerEvent]
) -> AsyncGenerator[AnswerEvent, None]:
    """The same events; until there is text, a status tells how far the answer is.

    No event waits for a status.
    """
    status: asyncio.Task[None] | None = None
    try:
        async for event in events:
            if status is not None and not isinstance(event, Searching | PassagesFound):
                await cancelled(status)
                status = None
            elif isinstance(event, Searching | PassagesFound):
                if status is not None:
                    await cancelled(status)
                status = asyncio.create_task(_keep(api, turn, status_text(event)))
            yield event
    finally:
        if status is not None:
            await cancelled(status)


async def _keep(api: SlackApi, turn: Turn, text: str) -> None:
    session = turn.question.session
    while True:
        try:
            await api.call(
                "assistant.threads.setStatus",
                patience=0,
                channel_id=session.channel,
                thread_ts=session.thread,
                status=text,
            )
        except ServiceError as exc:
            log.debug("No status in %s: %s", session.channel, exc)
            return
        await asyncio.sleep(SET_AGAIN)
