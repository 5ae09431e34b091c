"""The one message that shows an answer while it is written.

A native stream where Slack grants one, else a message that is posted and edited. Whatever becomes
of either, the whole text is put into the same message at the end.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.slack.api import SlackApi
from adapters.slack.api_errors import SlackRefused
from adapters.slack.posts import Posts
from adapters.slack.rendering import Message, partial_messages
from core.errors import AccessDenied, RateLimited, ServiceError
from core.model import Turn

NO_STREAMS_FOR = 600.0
"""Seconds in which a channel that refused a stream is not asked for another."""

_MOST_STREAMED = 11_000
"""Characters that go into a stream; what is beyond comes with the whole answer."""

log = logging.getLogger(__name__)


class LiveMessage:
    """Shows a growing text. `ts` is the message's id, once there is one."""

    def __init__(self, api: SlackApi, posts: Posts, turn: Turn) -> None:
        self._api = api
        self._posts = posts
        self._turn = turn
        self._channel = turn.question.session.channel
        self._streaming = False
        self._sent = ""
        self._still = False
        self._there: str | None = None
        self.ts: str | None = None

    async def prepare(self) -> None:
        """Commits the intent to post, which `show` then need not wait for. Raises LeaseLost."""
        try:
            self._there = await self._posts.claim(part=0)
        except ServiceError as exc:
            log.info("Nothing was prepared in %s. %s", self._channel, exc)

    async def show(self, text: str) -> bool:
        """Brings what is shown up to date; False when there is no room for it. Raises LeaseLost.

        It begins where there is room for its end, too: else the answer is posted once, whole.
        After a failure it stands still: the end will put it right.
        """
        if self._still:
            return True
        if self.ts is None and not self._api.pacing.spare("chat.update"):
            return False
        partial = partial_messages(text, self._turn.id)[0]
        try:
            if self.ts is None:
                await self._begin(partial)
            elif self._streaming:
                await self._append(markdown_of(partial))
            elif self._api.pacing.spare("chat.update"):
                await self._posts.edit(self.ts, partial, part=0, patience=0)
            else:
                return False
        except RateLimited as exc:
            log.info("What is shown in %s lags. %s", self._channel, exc)
        except ServiceError as exc:
            log.info("What is shown in %s stands still. %s", self._channel, exc)
            self._still = True
        return True

    async def finish(self, whole: Message) -> None:
        """Puts the whole message there, whatever was shown before."""
        if self._streaming and self.ts is not None:
            await self._posts.end_stream(self.ts)
        if self.ts is None or not await self._posts.edit(self.ts, whole, part=0):
            self.ts = await self._posts.put(whole, part=0)

    async def _begin(self, partial: Message) -> None:
        self.ts = self._there or await self._posts.claim(part=0)
        if self.ts is not None:
            await self._posts.edit(self.ts, partial, part=0, patience=0)
        elif self._api.pacing.streams(self._channel) and await self._start(partial):
            self._streaming = True
        else:
            self.ts = await self._posts.send(partial, part=0)

    async def _start(self, partial: Message) -> bool:
        text = markdown_of(partial)[:_MOST_STREAMED]
        others = [block for block in partial.blocks if block.get("type") != "markdown"]
        chunks: list[dict[str, Any]] = [{"type": "blocks", "blocks": others}] if others else []
        try:
            self.ts = await self._posts.stream([*chunks, _chunk(text)])
        except RateLimited:
            return False
        except (SlackRefused, AccessDenied) as exc:
            log.info("No stream in %s. %s", self._channel, exc)
            self._api.pacing.refuse_streams(self._channel, NO_STREAMS_FOR)
            return False
        self._sent = text
        return True

    async def _append(self, text: str) -> None:
        added = text[len(self._sent) : _MOST_STREAMED]
        if not text.startswith(self._sent):
            # What was streamed cannot be taken back; the end will put it right.
            self._still = True
        elif added and self._api.pacing.spare("chat.appendStream"):
            try:
                await self._posts.append(str(self.ts), [_chunk(added)])
            except SlackRefused as exc:
                log.info("The stream in %s ended early. %s", self._channel, exc)
                self._streaming = False
            self._sent += added


def markdown_of(message: Message) -> str:
    """The text of the message's Markdown blocks."""
    return "\n\n".join(_texts(message.blocks))


def _texts(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(block["text"]) for block in blocks if block.get("type") == "markdown"]


def _chunk(text: str) -> dict[str, Any]:
    return {"type": "markdown_text", "text": text}
