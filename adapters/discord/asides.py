"""What passes beside a question and its answer: the talk before it, a word to its author."""

from __future__ import annotations

import logging

import discord

from adapters.discord.api import DiscordApi
from adapters.discord.messages import said_of
from adapters.discord.rendering import notice
from adapters.discord.threads import home_of, in_forum
from core.errors import ServiceError
from core.model import Message, Question, digest

LATE = "I cannot take your question just now. I will answer it here as soon as I can."

_MOST = 30
_NONCE = 25

log = logging.getLogger(__name__)


async def said_before(api: DiscordApi, question: Question) -> tuple[Message, ...]:
    """What was said in the question's thread before it. Raises ServiceError."""
    session = question.session
    before = await api.messages(session.thread, before=question.message_id, most=_MOST)
    first = None
    if not in_forum(api, session):
        first = await api.message(session.channel, session.thread)
    return tuple(
        spoken
        for message in ([first, *before] if first is not None else before)
        if (spoken := _spoken(message, api.us)) is not None
    )


def _spoken(message: discord.Message, us: int) -> Message | None:
    said = said_of(message, us)
    ours = message.author.id == us
    if not said.text or not (ours or said.spoken):
        return None
    return Message("assistant" if ours else "user", said.text)


async def tell(api: DiscordApi, question: Question, text: str) -> None:
    """Replies to the question, and alerts nobody. Raises nothing.

    Several instances that hear the same question say it once.
    """
    once = digest(question.message_id, text)[:_NONCE]
    try:
        home = await home_of(api, question)
        await api.post(home, notice(text), reply_to=question.message_id, nonce=once, silent=True)
    except ServiceError as exc:
        log.warning("An author was not told: %s %s", text, exc)
