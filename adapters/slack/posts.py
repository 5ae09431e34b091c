"""The messages of one turn in its thread: posted, streamed, edited, found again, deleted."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from adapters.chat.claims import Claims
from adapters.slack.api import PATIENCE, SlackApi
from adapters.slack.api_errors import SlackRefused
from adapters.slack.rendering import Message
from adapters.slack.threads import read_thread
from core.conversation.archive import Archive
from core.conversation.postings import Intents
from core.errors import AccessDenied, RateLimited, RequestRejected
from core.model import Turn

METADATA = "docent_answer"
"""The `event_type` of the metadata that tells our answers apart."""

_GONE = frozenset({"message_not_found", "channel_not_found", "thread_not_found"})
_STREAMING = frozenset({"streaming_state_conflict", "cant_update_message", "cant_delete_message"})
"""What Slack says of a change to a message that is still being streamed."""

log = logging.getLogger(__name__)


class Posts:
    """What was posted for a turn, and may be posted under its lease."""

    def __init__(self, api: SlackApi, postings: Intents, archive: Archive, turn: Turn) -> None:
        self._api = api
        self._archive = archive
        self._turn = turn
        self._session = turn.question.session
        self._claims = Claims(postings, turn, self._find)

    @property
    def taken_up(self) -> bool:
        """Whether an earlier attempt or answer had begun to post."""
        return self._claims.taken_up

    def metadata(self, part: int) -> dict[str, Any]:
        """What a part is found by in its thread."""
        payload = {"turn": str(self._turn.id), "part": part}
        return {"event_type": METADATA, "event_payload": payload}

    async def claim(self, part: int) -> str | None:
        """Commits the intent to post a part; the ts of the message that is there already."""
        return await self._claims.claim(part)

    async def send(self, message: Message, part: int) -> str:
        """Posts a part that was claimed and is not there."""
        ts = await self._api.post(
            self._session.channel,
            self._session.thread,
            message.text,
            before=partial(self._claims.begin, part),
            blocks=message.blocks,
            metadata=self.metadata(part),
        )
        await self._claims.done(part, ts)
        return ts

    async def stream(self, chunks: Sequence[Mapping[str, Any]]) -> str:
        """Starts the stream that is the first part, claimed and not there; its ts.

        After a refusal it can still be posted.
        """
        await self._api.channel_turn(self._session.channel)
        try:
            reply = await self._api.call(
                "chat.startStream",
                patience=0,
                before=partial(self._claims.begin, 0),
                channel=self._session.channel,
                thread_ts=self._session.thread,
                recipient_team_id=self._session.workspace,
                recipient_user_id=self._turn.question.author,
                chunks=chunks,
            )
        except (RateLimited, RequestRejected, AccessDenied):
            self._claims.refused(0)
            raise
        ts = str(reply["ts"])
        await self._claims.done(0, ts)
        return ts

    async def append(self, ts: str, chunks: Sequence[Mapping[str, Any]]) -> None:
        """Adds to the stream."""
        await self._api.call(
            "chat.appendStream",
            patience=0,
            channel=self._session.channel,
            ts=ts,
            chunks=chunks,
        )

    async def edit(
        self, ts: str, message: Message, part: int, *, patience: float = PATIENCE
    ) -> bool:
        """Exchanges a message's content; False when it is no longer there."""
        update = partial(
            self._api.call,
            "chat.update",
            patience=patience,
            channel=self._session.channel,
            ts=ts,
            text=message.text,
            blocks=message.blocks,
            metadata=self.metadata(part),
        )
        return await self._changed(ts, update)

    async def end_stream(self, ts: str) -> None:
        """Ends the stream of the first part; one that expired has ended by itself."""
        try:
            await self._api.call(
                "chat.stopStream",
                channel=self._session.channel,
                ts=ts,
                metadata=self.metadata(0),
            )
        except SlackRefused as exc:
            log.info("The stream in %s had ended: %s", self._session.channel, exc)

    async def put(self, message: Message, part: int) -> str:
        """Sees to it that the part is in the thread, once, with this content; its ts."""
        there = await self.claim(part)
        if there is not None and await self.edit(there, message, part):
            return there
        return await self.send(message, part)

    async def drop_from(self, part: int) -> None:
        """Deletes what was posted from this part on, also what was not recorded."""
        async for ts in self._claims.posted_from(part):
            await self._delete(ts)

    async def _delete(self, ts: str) -> None:
        delete = partial(self._api.call, "chat.delete", channel=self._session.channel, ts=ts)
        await self._changed(ts, delete)

    async def _changed(self, ts: str, change: Callable[[], Awaitable[object]]) -> bool:
        """Makes a change that an open stream would refuse; False when nothing is there."""
        try:
            await change()
        except SlackRefused as exc:
            if exc.code in _GONE:
                return False
            if exc.code not in _STREAMING:
                raise
        else:
            return True
        await self.end_stream(ts)
        await change()
        return True

    async def _find(self, part: int) -> str | None:
        """The part in its thread, if the attempt that died had posted it.

        A stream that was cut off bears no metadata: then it is ours, after the question, and no
        other turn's.
        """
        us = self._api.identity.user
        thread = await read_thread(self._api, self._session, after=self._turn.question.message_id)
        ours = [message for message in thread if message.get("user") == us]
        for message in ours:
            if _payload(message) == self.metadata(part)["event_payload"]:
                return str(message["ts"])
        unmarked = [m for m in ours if part == 0 and not m.get("metadata")]
        for message in unmarked:
            turn = await self._archive.find_posted(
                self._session.platform,
                self._session.workspace,
                self._session.channel,
                str(message["ts"]),
            )
            if turn is None:
                return str(message["ts"])
        return None


def _payload(message: Mapping[str, Any]) -> object:
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != METADATA:
        return None
    return metadata.get("event_payload")
