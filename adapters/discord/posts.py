"""The messages of one turn: posted, edited, found again, deleted."""

from __future__ import annotations

import base64
from uuid import UUID

import discord

from adapters.chat.claims import Claims
from adapters.discord.api import DiscordApi
from adapters.discord.faults import DiscordRefused
from adapters.discord.mapping import PLATFORM
from adapters.discord.rendering import Message
from adapters.discord.threads import Spot, aside, forbidden, spot_of
from core.conversation.archive import Archive
from core.conversation.postings import Intents
from core.errors import AccessDenied, RateLimited
from core.model import Turn

_MOST_READ = 300
_NOTE = 63
"""Stands for the part of a note, which comes before all parts."""


def posted_id(channel: str, message_id: str) -> str:
    """What a posted message is stored as: where it is cannot be told from its question."""
    return f"{channel}/{message_id}"


def nonce_of(turn_id: UUID, part: int, *, salt: UUID | None = None) -> str:
    """What makes the part's posting idempotent for some minutes, in at most 25 characters.

    With a salt it is another message: for one that stands in for a message that was deleted.
    """
    return _nonce_prefix(turn_id, part) + (f"{salt.int % 256:02x}" if salt is not None else "")


def _nonce_prefix(turn_id: UUID, part: int) -> str:
    return base64.urlsafe_b64encode(turn_id.bytes + bytes([part % 64 << 2])).decode()[:23]


class Posts:
    """What was posted for a turn, and may be posted under its lease.

    Where it may not be, the author alone gets it, unless that is not to be `in_private`.
    """

    def __init__(
        self,
        api: DiscordApi,
        postings: Intents,
        archive: Archive,
        turn: Turn,
        *,
        in_private: bool = True,
    ) -> None:
        self._api = api
        self._in_private = in_private
        self._archive = archive
        self._turn = turn
        self._claims = Claims(postings, turn, self._find)
        self._spot: Spot | None = None
        self._known: dict[int, str] = {}

    @property
    def taken_up(self) -> bool:
        """Whether an earlier attempt or answer had begun to post."""
        return self._claims.taken_up

    async def spot(self) -> Spot:
        """Where new messages go."""
        if self._spot is None:
            self._spot = await spot_of(self._api, self._turn.question)
        return self._spot

    async def prepare(self, part: int) -> None:
        """Commits the intent to post the part, which `put` then need not wait for."""
        await self._there(part)

    async def put(self, message: Message, part: int) -> None:
        """Sees to it that the part is there, once, with this content."""
        known = await self._there(part)
        if known is None:
            await self._send(message, part, nonce_of(self._turn.id, part))
            return
        channel, _, message_id = known.partition("/")
        if not await self._api.edit(channel, message_id, message):
            again = nonce_of(self._turn.id, part, salt=self._turn.token)
            await self._send(message, part, again)

    async def drop_from(self, part: int) -> None:
        """Deletes what was posted from this part on, also what was not recorded."""
        async for posted in self._claims.posted_from(part):
            channel, _, message_id = posted.partition("/")
            await self._api.delete(channel, message_id)
        self._known = {n: known for n, known in self._known.items() if n < part}

    async def _there(self, part: int) -> str | None:
        """What is there of the part, which is claimed; None when it is to be sent."""
        known = self._known.get(part) or await self._claims.claim(part)
        if known is not None:
            self._known[part] = known
        return known

    async def _send(self, message: Message, part: int, nonce: str) -> None:
        spot = await self.spot()
        try:
            await self._send_to(spot, message, part, nonce)
        except DiscordRefused as exc:
            if not forbidden(exc) or spot.note or not self._in_private:
                raise
            self._spot = await aside(self._api, self._turn.question)
            await self._send_to(self._spot, message, part, nonce)

    async def _send_to(self, spot: Spot, message: Message, part: int, nonce: str) -> None:
        if spot.note and part == 0:
            once = nonce_of(self._turn.id, _NOTE)
            await self._api.post(spot.channel, Message(spot.note), nonce=once, silent=True)
        await self._claims.begin(part)
        try:
            posted = await self._api.post(
                spot.channel, message, reply_to=spot.reply_to, nonce=nonce
            )
        except (RateLimited, DiscordRefused, AccessDenied):
            self._claims.refused(part)
            raise
        self._known[part] = posted_id(spot.channel, posted)
        await self._claims.done(part, self._known[part])

    async def _find(self, part: int) -> str | None:
        """The part, if an attempt that died had posted it.

        It is ours, after the question, replies to what it would, and is no other turn's.
        """
        spot = await self.spot()
        after = self._turn.question.message_id
        for message in await self._api.messages(spot.channel, after=after, most=_MOST_READ):
            posted = posted_id(spot.channel, str(message.id))
            if self._may_be(message, part, spot) and not await self._is_recorded(posted):
                return posted
        return None

    def _may_be(self, message: discord.Message, part: int, spot: Spot) -> bool:
        if message.author.id != self._api.us or message.flags.silent:
            return False
        replied = None if message.reference is None else str(message.reference.message_id)
        nonce = str(message.nonce or "")
        ours = not nonce or nonce.startswith(_nonce_prefix(self._turn.id, part))
        return ours and replied == spot.reply_to

    async def _is_recorded(self, posted: str) -> bool:
        session = self._turn.question.session
        turn = await self._archive.find_posted(PLATFORM, session.workspace, session.channel, posted)
        return turn is not None
