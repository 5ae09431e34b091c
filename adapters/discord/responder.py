"""Shows an answer in Discord, where its question was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

from adapters.chat.writing import Rhythm
from adapters.discord.api import DiscordApi
from core.conversation.archive import Archive
from core.conversation.postings import Postings
from core.model import AnswerEvent, Turn


class DiscordResponder:
    """Shows each answer as it is written, and completes it."""

    def __init__(
        self, api: DiscordApi, postings: Postings, archive: Archive, *, rhythm: Rhythm | None = None
    ) -> None:
        self._api = api
        self._postings = postings
        self._archive = archive
        self._rhythm = rhythm or Rhythm()

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Renders the events; the last is Answered. Raises LeaseLost and ServiceError."""
        raise NotImplementedError

    async def retract(self, turn: Turn) -> None:
        """Deletes what was posted for the turn. Raises ServiceError."""
        raise NotImplementedError
