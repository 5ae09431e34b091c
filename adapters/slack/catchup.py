"""Finds the questions that were asked while we were away for longer than Slack delivers again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.chat.watch import PAUSE
from adapters.slack.api import SlackApi
from adapters.slack.conversations import Conversation, conversations
from adapters.slack.mapping import PLATFORM
from adapters.slack.text import people
from adapters.slack.threads import later, read_thread
from core.conversation.cursors import Cursors
from core.conversation.presence import Presence
from core.model import SessionKey

SeeTo = Callable[[Mapping[str, Any], bool], Awaitable[bool]]
"""Asks what a message asks, given whether its channel is shared; False when that is nothing."""

_EVERYWHERE = ""
"""Stands for the whole workspace, in place of a channel's id."""


@dataclass(frozen=True, slots=True)
class Window:
    """How far it looks. Times are in seconds, numbers for each channel.

    `overlap` is read again before what was seen last: Slack delivers in no certain order, and again
    for about six minutes. After a failure it tries again in `pause`.
    """

    seconds: float = 43_200.0
    overlap: float = 600.0
    messages: int = 200
    threads: int = 20
    pause: float = PAUSE


class CatchUp:
    """Reads what is later than the cursors."""

    def __init__(
        self,
        api: SlackApi,
        cursors: Cursors,
        presence: Presence,
        see_to: SeeTo,
        window: Window | None = None,
    ) -> None:
        self._api = api
        self._cursors = cursors
        self._presence = presence
        self._see_to = see_to
        self._window = window or Window()
        self._team = api.identity.team

    async def run(self) -> int:
        """The number of questions found, seen before or not. Raises ServiceError.

        In a workspace without a cursor nothing is looked for: the bot is new there.
        """
        now = f"{time.time():.6f}"
        cursors = await self._cursors.all(PLATFORM)
        since = {c.channel: ts for c, ts in cursors.items() if c.workspace == self._team}
        found = 0
        if since:
            for conversation in await conversations(self._api):
                seen = since.get(conversation.id) or since.get(_EVERYWHERE)
                if seen is not None:
                    found += await self._conversation(conversation, self._from(seen))
        await self._cursors.advance(PLATFORM, self._team, _EVERYWHERE, now)
        return found

    def _from(self, seen: str) -> str:
        window = self._window
        return f"{max(float(seen) - window.overlap, time.time() - window.seconds):.6f}"

    async def _conversation(self, conversation: Conversation, since: str) -> int:
        """Top-level messages first, then threads: those that grew, and those that we are in."""
        reply = await self._api.call(
            "conversations.history",
            channel=conversation.id,
            oldest=since,
            limit=self._window.messages,
        )
        messages = [conversation.message(m) for m in reversed(reply.get("messages") or ())]
        found = 0
        for message in messages:
            found += await self._see_to(message, conversation.shared)
        grown = [str(m["ts"]) for m in messages if m.get("reply_count")]
        threads = dict.fromkeys(grown + self._ours(conversation.id))
        for ts in list(threads)[: self._window.threads]:
            found += await self._thread(conversation, ts, since)
        return found

    def _ours(self, channel: str) -> list[str]:
        sessions = self._presence.recent(PLATFORM, self._team, channel)
        return [session.thread for session in sessions]

    async def _thread(self, conversation: Conversation, ts: str, since: str) -> int:
        """What was said after we came in; what was said before was not to us."""
        us = self._api.identity.user
        found, ours = 0, conversation.direct
        session = SessionKey(PLATFORM, self._team, conversation.id, ts)
        for message in await read_thread(self._api, session):
            ours = ours or message.get("user") == us or us in people(str(message.get("text")))
            if ours and later(str(message["ts"]), since):
                asked = await self._see_to(conversation.message(message), conversation.shared)
                found += asked
        return found
