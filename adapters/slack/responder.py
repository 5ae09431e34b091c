"""Shows an answer in Slack, in the thread of its question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from adapters.chat.writing import Rhythm, write
from adapters.slack.api import SlackApi
from adapters.slack.posts import Posts
from adapters.slack.rendering import answer_messages
from adapters.slack.status import open_status
from adapters.slack.streaming import LiveMessage
from core.conversation.archive import Archive
from core.conversation.postings import Postings
from core.model import Answer, AnswerEvent, Turn


class SlackResponder:
    """Shows each answer as it is written, in one message, and completes it.

    Whatever Slack refuses on the way, the whole answer is posted once; where even that fails, the
    attempt fails, and the next one finds what it left.
    """

    def __init__(
        self,
        api: SlackApi,
        postings: Postings,
        archive: Archive,
        *,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._api = api
        self._postings = postings
        self._archive = archive
        self._rhythm = rhythm or Rhythm()

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Renders the events; the last is Answered. Raises LeaseLost and ServiceError."""
        posts = self._posts(turn)
        live = LiveMessage(self._api, posts, turn)
        async with open_status(self._api, turn.question.session) as status:
            async with aclosing(status.following(events)) as followed:
                answer = await write(live, followed, self._rhythm)
            await self._complete(turn, posts, live, answer)

    async def retract(self, turn: Turn) -> None:
        """Deletes what was posted for the turn. Raises ServiceError."""
        await self._posts(turn).drop_from(0)

    def _posts(self, turn: Turn) -> Posts:
        return Posts(self._api, self._postings, self._archive, turn)

    async def _complete(self, turn: Turn, posts: Posts, live: LiveMessage, answer: Answer) -> None:
        first, *others = answer_messages(answer, turn.id)
        await live.finish(first)
        for part, message in enumerate(others, start=1):
            await posts.put(message, part)
        if posts.taken_up:
            await posts.drop_from(len(others) + 1)
