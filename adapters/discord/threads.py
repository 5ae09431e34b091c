"""Where an answer goes: a thread under the question, else a reply, else a direct message."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import discord

from adapters.discord.api import DiscordApi
from adapters.discord.faults import FORBIDDEN, DiscordRefused
from adapters.discord.mapping import DIRECT
from core.model import Question, SessionKey

LOCKED = frozenset({50083, 160005})
"""Discord's codes for a thread that takes no messages."""

_LONGEST_NAME = 80

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spot:
    """A channel or thread, and the message in it that is replied to, if there is one.

    `note` is said there first: what it is about, where the question was asked elsewhere.
    """

    channel: str
    reply_to: str | None = None
    note: str = ""


async def spot_of(api: DiscordApi, question: Question) -> Spot:
    """Where the question's answer stands, or will. Raises ServiceError."""
    session, asked = question.session, question.message_id
    if session.workspace == DIRECT:
        return Spot(session.channel, asked)
    spot = await _in_thread(api, question) or Spot(session.channel, asked)
    in_thread = spot.channel != session.channel
    if not api.may(spot.channel, "send_messages_in_threads" if in_thread else "send_messages"):
        return await aside(api, question)
    readable = api.may(spot.channel, "read_message_history")
    return spot if readable else Spot(spot.channel)


async def home_of(api: DiscordApi, question: Question) -> str:
    """The channel or thread that the question itself stands in. Raises ServiceError."""
    session = question.session
    if session.workspace == DIRECT:
        return session.channel
    if session.thread == question.message_id and not _is_post(api, question):
        return session.channel
    thread = await api.thread(session.thread)
    return session.channel if thread is None else session.thread


async def aside(api: DiscordApi, question: Question) -> Spot:
    """The direct channel to whoever asked where we may not write. Raises ServiceError."""
    where = f"<#{question.session.channel}>"
    note = f"You asked me something in {where}, where I may not write. Here is the answer:"
    return Spot(await api.direct(question.author), note=note)


async def _in_thread(api: DiscordApi, question: Question) -> Spot | None:
    """The thread that the question is in, or the one that it opens; None without one."""
    session, asked = question.session, question.message_id
    if session.thread != asked or _is_post(api, question):
        return Spot(session.thread, asked) if await api.thread(session.thread) else None
    if api.client.get_channel(int(session.thread)) is None and not await _opened(api, question):
        return None
    return Spot(session.thread)


def _is_post(api: DiscordApi, question: Question) -> bool:
    """Whether it is the first message of a post in a forum, which stands in its thread."""
    session = question.session
    return session.thread == question.message_id and in_forum(api, session)


def in_forum(api: DiscordApi, session: SessionKey) -> bool:
    """Whether it is a post in a forum: a thread that holds all its messages, its first one too."""
    return isinstance(api.client.get_channel(int(session.channel)), discord.ForumChannel)


async def _opened(api: DiscordApi, question: Question) -> bool:
    session = question.session
    if not api.may(session.channel, "create_public_threads", "send_messages_in_threads"):
        return False
    try:
        await api.open_thread(
            session.workspace, session.channel, question.message_id, name_of(question.text)
        )
    except DiscordRefused as exc:
        log.info("No thread in channel %s. %s", session.channel, exc)
        return False
    return True


def name_of(text: str) -> str:
    """What a thread about the text is called."""
    first = next((line for line in map(str.strip, text.splitlines()) if line), "Question")
    first = " ".join(first.split())
    return first if len(first) <= _LONGEST_NAME else first[: _LONGEST_NAME - 1] + "…"


def forbidden(exc: Exception) -> bool:
    """Whether Discord lets nobody like us write there."""
    return isinstance(exc, DiscordRefused) and exc.code in FORBIDDEN | LOCKED
