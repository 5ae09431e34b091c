"""Answers that only the person who asked can see.

Each is a conversation of its own, named by the address that takes the reply, so that a restart
can still deliver it. Nobody can look up whether a private message arrived: a crash between
sending and storing shows the answer twice, never not at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from adapters.chat.wording import SEARCHING, queued
from adapters.slack.api import SlackApi
from adapters.slack.rendering import Message, answer_messages, notice
from adapters.slack.response_url import respond
from core.errors import RequestRejected, ServiceError
from core.model import Answer, Answered, AnswerEvent, Question, Queued, Scope, SessionKey, Turn

PLATFORM = "slack-private"

log = logging.getLogger(__name__)


def private_question(
    team: str, channel: str, response_url: str, trigger: str, person: str, text: str, scope: Scope
) -> Question:
    """A question whose answer goes to `response_url`; `trigger` is Slack's id of the asking."""
    session = SessionKey(PLATFORM, team, channel, response_url)
    return Question(session, trigger, person, text, scope)


class PrivateResponder:
    """Shows the whole answer at once, with the button that shares it."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Raises ServiceError when the answer reached the person in no way."""
        status = asyncio.create_task(_say_searching(turn))
        try:
            answer = await _last(turn, events)
            await status
        finally:
            status.cancel()
        for message in answer_messages(answer, turn.id, private=True):
            await self._deliver(turn.question, message)

    async def retract(self, turn: Turn) -> None:
        """Does nothing: nobody can delete a command that they gave, nor we what only they saw."""

    async def _deliver(self, question: Question, message: Message) -> None:
        """At the address, or once that has expired in the channel, or else as a direct message."""
        try:
            await respond(question.session.thread, message)
        except RequestRejected as exc:
            log.info("A private answer takes another way. %s", exc)
            await self._whisper(question, message)

    async def _whisper(self, question: Question, message: Message) -> None:
        try:
            await self._api.call(
                "chat.postEphemeral",
                channel=question.session.channel,
                user=question.author,
                text=message.text,
                blocks=message.blocks,
            )
        except RequestRejected:
            await self._api.post(question.author, None, message.text, blocks=message.blocks)


async def _say_searching(turn: Turn) -> None:
    """Once, and before the answer; that may do without."""
    if turn.attempt > 1:
        return
    await _say(turn, SEARCHING)


async def _say(turn: Turn, status: str) -> None:
    try:
        await respond(turn.question.session.thread, notice(status))
    except ServiceError as exc:
        log.info("No status was shown. %s", exc)


async def _last(turn: Turn, events: AsyncIterator[AnswerEvent]) -> Answer:
    """The whole answer; the person is told meanwhile where the line is long."""
    answers = []
    async for event in events:
        if isinstance(event, Answered):
            answers.append(event.answer)
        elif isinstance(event, Queued):
            await _say(turn, queued(event.before))
    return answers[-1]
