"""Answers that only the person who asked can see.

Each is a conversation of its own, named by the token that takes the reply, so that a restart can
still deliver it. Nobody can look up whether a private message arrived: a crash between sending
and recording shows it twice, never not at all.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

from adapters.chat.claims import Claims
from adapters.chat.queueing import announced
from adapters.chat.writing import Rhythm, write
from adapters.discord.api import DiscordApi
from adapters.discord.faults import DiscordRefused
from adapters.discord.live import LiveMessages
from adapters.discord.mapping import DIRECT
from adapters.discord.posts import nonce_of, posted_id
from adapters.discord.rendering import Message, answer_messages
from adapters.discord.replies import Reply
from core.conversation.postings import Postings
from core.model import AnswerEvent, Question, Scope, SessionKey, Turn

PLATFORM = "discord-private"

log = logging.getLogger(__name__)


def private_question(
    guild: str | None,
    channel: str,
    token: str,
    interaction: str,
    person: str,
    text: str,
    scope: Scope,
) -> Question:
    """A question whose answer goes to the `token` of an `interaction`, which has that id."""
    session = SessionKey(PLATFORM, guild or DIRECT, channel, token)
    return Question(session, interaction, person, text, scope)


class PrivateResponder:
    """Shows each answer as it is written, in the end with the button that shares it."""

    def __init__(
        self, api: DiscordApi, postings: Postings, *, rhythm: Rhythm | None = None
    ) -> None:
        self._api = api
        self._postings = postings
        self._rhythm = rhythm or Rhythm()

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Raises LeaseLost, or ServiceError when the answer reached the person in no way."""
        live = LiveMessages(self._posts(turn), turn)
        async with aclosing(announced(events)) as told:
            answer = await write(live, told, self._rhythm)
        shareable = turn.question.session.workspace != DIRECT
        await live.finish(answer_messages(answer, turn.id, private=shareable))

    async def retract(self, turn: Turn) -> None:
        """Removes what can still be reached: a token's messages can, while it lives."""
        await self._posts(turn).drop_from(0)

    def _posts(self, turn: Turn) -> PrivatePosts:
        return PrivatePosts(self._api, self._postings, turn)


class PrivatePosts:
    """The messages of one turn: by the token, or once that has expired as direct messages."""

    def __init__(self, api: DiscordApi, postings: Postings, turn: Turn) -> None:
        self._api = api
        self._turn = turn
        self._reply = Reply(api.client, turn.question.session.thread)
        self._claims = Claims(postings, turn, _nowhere)
        self._known: dict[int, str] = {}

    @property
    def taken_up(self) -> bool:
        """Whether an earlier attempt or answer had begun to post."""
        return self._claims.taken_up

    async def prepare(self, part: int) -> None:
        """Commits the intent to post the part, which `put` then need not wait for."""
        await self._claims.claim(part)

    async def put(self, message: Message, part: int) -> None:
        """Sees to it that the part is there with this content."""
        known = self._known.get(part) or await self._claims.claim(part)
        if known is None or not await self._edited(known, message):
            await self._claims.begin(part)
            known = await self._sent(message, part)
            await self._claims.done(part, known)
        self._known[part] = known

    async def drop_from(self, part: int) -> None:
        """Deletes what was posted from this part on, as far as it is in reach."""
        async for known in self._claims.posted_from(part):
            await self._deleted(known)
        self._known = {n: known for n, known in self._known.items() if n < part}

    async def _sent(self, message: Message, part: int) -> str:
        try:
            return await self._reply.send(message)
        except DiscordRefused as exc:
            log.info("A private answer takes another way. %s", exc)
        channel = await self._api.direct(self._turn.question.author)
        nonce = nonce_of(self._turn.id, part)
        return posted_id(channel, await self._api.post(channel, message, nonce=nonce))

    async def _edited(self, known: str, message: Message) -> bool:
        """False when nothing is there that could be edited."""
        channel, _, message_id = known.rpartition("/")
        if channel:
            return await self._api.edit(channel, message_id, message)
        try:
            await self._reply.edit(message_id, message)
        except DiscordRefused as exc:
            log.info("A private answer is sent anew. %s", exc)
            return False
        return True

    async def _deleted(self, known: str) -> None:
        channel, _, message_id = known.rpartition("/")
        if channel:
            await self._api.delete(channel, message_id)
            return
        try:
            await self._reply.delete(message_id)
        except DiscordRefused as exc:
            log.info("A private answer is out of reach. %s", exc)


async def _nowhere(_: int) -> None:
    """A private message cannot be found again."""
