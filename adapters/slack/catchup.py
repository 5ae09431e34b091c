"""Finds the questions that were asked while we were away for longer than Slack delivers again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters.chat.incoming import Asked, Deleted, Edited, Incoming
from adapters.chat.watch import PAUSE
from adapters.slack.api import SlackApi
from adapters.slack.api_errors import SlackRefused
from adapters.slack.conversations import Conversation, conversations
from adapters.slack.mapping import PLATFORM, Place, from_history
from adapters.slack.text import people
from adapters.slack.threads import MOST_READ, later, read_thread
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.presence import Presence
from core.errors import AccessDenied
from core.model import SessionKey

Take: TypeAlias = Callable[[Incoming], Awaitable[None]]
"""Sees to what came, which may have come before. Raises ServiceError."""

_EVERYWHERE = ""
"""Stands for the whole workspace, in place of a channel's id."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Window:
    """How far it looks. Times are in seconds, numbers for each channel.

    `overlap` is read again before what was seen last: Slack delivers in no certain order, and again
    for about six minutes. A thread may `lag` behind what was delivered of it, and Slack hides what
    is old: a missing question was deleted if it is older than that and younger than `memory`.
    After a failure it tries again in `pause`.
    """

    seconds: float = 43_200.0
    overlap: float = 600.0
    messages: int = 200
    threads: int = 20
    lag: float = 60.0
    memory: float = 604_800.0
    pause: float = PAUSE


class CatchUp:
    """Reads what is later than the cursors, and takes it as if it had been delivered.

    Of the threads that we are in it also finds what was edited or deleted meanwhile.
    """

    def __init__(
        self,
        api: SlackApi,
        cursors: Cursors,
        presence: Presence,
        archive: Archive,
        place: Place,
        take: Take,
        window: Window | None = None,
    ) -> None:
        self._api = api
        self._cursors = cursors
        self._presence = presence
        self._archive = archive
        self._place = place
        self._take = take
        self._window = window or Window()
        self._team = api.identity.team

    async def run(self, missed_since: float | None = None) -> int:
        """The number of questions found, seen before or not. Raises ServiceError.

        In a workspace without a cursor nothing is looked for: the bot is new there. What was
        `missed_since` is looked for wherever another instance has moved the cursors to.
        """
        now = self._api.clock.now()
        cursors = await self._cursors.all(PLATFORM)
        since = {c.channel: ts for c, ts in cursors.items() if c.workspace == self._team}
        count = 0
        if since:
            for conversation in await conversations(self._api):
                seen = since.get(conversation.id) or since.get(_EVERYWHERE)
                if seen is not None:
                    begin = min(float(seen), missed_since or now)
                    count += await self._whatever(conversation, self._from(begin))
        await self._cursors.advance(PLATFORM, self._team, _EVERYWHERE, f"{now:.6f}")
        return count

    def _from(self, seen: float) -> str:
        window = self._window
        return f"{max(seen - window.overlap, self._api.clock.now() - window.seconds):.6f}"

    async def _whatever(self, conversation: Conversation, since: str) -> int:
        """As `_conversation`; one that cannot be read does not keep the others from it."""
        try:
            return await self._conversation(conversation, since)
        except (AccessDenied, SlackRefused) as exc:
            log.warning("%s cannot be caught up. %s", conversation.name or conversation.id, exc)
            return 0

    async def _conversation(self, conversation: Conversation, since: str) -> int:
        """Top-level messages first, then threads: those that grew, and those that we are in."""
        reply = await self._api.call(
            "conversations.history",
            channel=conversation.id,
            oldest=since,
            limit=self._window.messages,
        )
        messages = list(reversed(reply.get("messages") or ()))
        count = 0
        for message in messages:
            count += await self._see_to(conversation, message)
        grown = [str(m["ts"]) for m in messages if m.get("reply_count")]
        threads = dict.fromkeys(grown + self._ours(conversation.id))
        for ts in list(threads)[: self._window.threads]:
            count += await self._thread(conversation, ts, since)
        return count

    async def _see_to(self, conversation: Conversation, message: Mapping[str, Any]) -> bool:
        """Whether it is a question, asked for the first time or not."""
        incoming = from_history(
            conversation.message(message), self._place, shared=conversation.shared
        )
        await self._take(incoming)
        return isinstance(incoming, Asked | Edited)

    def _ours(self, channel: str) -> list[str]:
        sessions = self._presence.recent(PLATFORM, self._team, channel)
        return [session.thread for session in sessions]

    async def _thread(self, conversation: Conversation, ts: str, since: str) -> int:
        """What was said after we came in; what was said before was not to us."""
        us = self._api.identity.user
        session = SessionKey(PLATFORM, self._team, conversation.id, ts)
        asked = await self._archive.questions(session)
        thread = await _read(self._api, session)
        count, ours = 0, conversation.direct
        for message in thread:
            ours = ours or message.get("user") == us or us in people(str(message.get("text")))
            if ours and later(_touched(message), since):
                count += await self._see_to(conversation, message)
        for message_id in self._gone(asked, thread):
            await self._take(Deleted(session, message_id))
        return count

    def _gone(self, asked: Sequence[str], thread: Sequence[Mapping[str, Any]]) -> list[str]:
        """The questions that were deleted from their thread."""
        if len(thread) >= MOST_READ:
            return []
        there = {str(m["ts"]) for m in thread if m.get("subtype") != "tombstone"}
        now, window = self._api.clock.now(), self._window
        return [
            each
            for each in asked
            if each not in there and window.lag <= now - float(each) <= window.memory
        ]


async def _read(api: SlackApi, session: SessionKey) -> list[Mapping[str, Any]]:
    """The thread, of which nothing may be left."""
    try:
        return await read_thread(api, session)
    except SlackRefused as exc:
        if exc.code != "thread_not_found":
            raise
        return []


def _touched(message: Mapping[str, Any]) -> str:
    """When it was written, or edited last."""
    return str((message.get("edited") or message)["ts"])
