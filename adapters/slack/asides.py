"""What passes beside a question and its answer: the talk before it, a word to its author alone."""

from __future__ import annotations

import logging

from adapters.slack.api import SlackApi
from adapters.slack.mapping import spoken
from adapters.slack.rendering import notice
from adapters.slack.threads import later, read_thread
from core.errors import ServiceError
from core.model import Message, Question

log = logging.getLogger(__name__)


async def said_before(api: SlackApi, question: Question) -> tuple[Message, ...]:
    """What was said in the question's thread before it. Raises ServiceError."""
    thread = await read_thread(api, question.session, patience=0)
    before = [m for m in thread if later(question.message_id, str(m["ts"]))]
    return spoken(before, api.identity)


async def whisper(api: SlackApi, question: Question, text: str) -> None:
    """Tells the question's author alone, who can do without it. Raises nothing."""
    session, message = question.session, notice(text)
    in_thread = session.thread if session.thread != question.message_id else None
    try:
        await api.call(
            "chat.postEphemeral",
            channel=session.channel,
            user=question.author,
            thread_ts=in_thread,
            text=message.text,
            blocks=message.blocks,
        )
    except ServiceError as exc:
        log.warning("An author was not told: %s %s", text, exc)
