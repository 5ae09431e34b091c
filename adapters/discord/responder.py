"""Shows an answer in Discord, where its question was asked."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

from adapters.chat.queueing import announced
from adapters.chat.writing import Rhythm, begun, write
from adapters.discord.api import DiscordApi
from adapters.discord.faults import DIRECT_MESSAGES_CLOSED, UNKNOWN_CHANNEL, DiscordRefused
from adapters.discord.live import LiveMessages
from adapters.discord.posts import Posts
from adapters.discord.rendering import answer_messages
from adapters.discord.threads import forbidden
from adapters.discord.typing_sign import open_typing
from core.conversation.archive import Archive
from core.conversation.postings import Postings
from core.model import Answer, AnswerEvent, Turn

_OUT_OF_REACH = frozenset({DIRECT_MESSAGES_CLOSED, UNKNOWN_CHANNEL})
"""What no other attempt would change: who asked, or the thread, is not to be reached any more."""

log = logging.getLogger(__name__)


class DiscordResponder:
    """Shows each answer as it is written, and completes it.

    Where we may not write, the author gets it as a direct message; who takes none gets nothing, nor
    does anybody whose thread is gone.
    """

    def __init__(
        self, api: DiscordApi, postings: Postings, archive: Archive, *, rhythm: Rhythm | None = None
    ) -> None:
        self._api = api
        self._postings = postings
        self._archive = archive
        self._rhythm = rhythm or Rhythm()

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Renders the events; the last is Answered. Raises LeaseLost and ServiceError."""
        posts = self._posts(turn)
        live = LiveMessages(posts, turn, spare=self._api.spare)
        async with begun(events) as making:
            spot = await posts.spot()
            async with open_typing(self._api, spot.channel) as typing:
                async with (
                    aclosing(announced(making)) as told,
                    aclosing(typing.following(told)) as followed,
                ):
                    answer = await write(live, followed, self._rhythm)
                await self._complete(turn, live, answer)

    async def _complete(self, turn: Turn, live: LiveMessages, answer: Answer) -> None:
        try:
            await live.finish(answer_messages(answer, turn.id))
        except DiscordRefused as exc:
            if not forbidden(exc) and exc.code not in _OUT_OF_REACH:
                raise
            log.warning("Nobody could be told the answer of turn %s. %s", turn.id, exc)

    async def retract(self, turn: Turn) -> None:
        """Deletes what was posted for the turn. Raises ServiceError."""
        await self._posts(turn).drop_from(0)

    def _posts(self, turn: Turn) -> Posts:
        return Posts(self._api, self._postings, self._archive, turn)
