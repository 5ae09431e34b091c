"""The buttons under an answer: thumbs, evidence, stop, share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeAlias
from uuid import UUID

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.slack.places import Places
from adapters.slack.rendering import (
    FEEDBACK_DOWN,
    FEEDBACK_UP,
    SHARE,
    SHOW_EVIDENCE,
    STOP,
    Message,
    answer_messages,
    evidence,
    notice,
)
from adapters.slack.response_url import respond
from core.conversation.archive import Archive, StoredTurn
from core.conversation.feedback import Feedback
from core.errors import DocentError, ServiceError

Cancel: TypeAlias = Callable[[UUID], Awaitable[bool]]
Json: TypeAlias = Mapping[str, Any]
Press: TypeAlias = Callable[[UUID, Json], Awaitable[Message | None]]

THANKS = "Thank you, noted."
GONE = "This answer is no longer kept, so there is nothing left to show or to rate."
UNFINISHED = "This answer is still being written. Try again in a moment."
ENDED = "This answer had ended already."
NOT_HERE = "Docent is set up not to answer in this channel, so nothing was shared."
SHARED = "You shared this answer with the channel."

_MOMENTS = (0.1, 0.3, 0.6, 1.0)

log = logging.getLogger(__name__)


class Actions:
    """Listens to the buttons. What is said about them only the person who pressed can see."""

    def __init__(
        self, archive: Archive, feedback: Feedback, cancel: Cancel, places: Places
    ) -> None:
        self._archive = archive
        self._feedback = feedback
        self._cancel = cancel
        self._places = places
        self._sharing: set[UUID] = set()

    def register(self, app: AsyncApp) -> None:
        """Has Bolt call us."""
        presses: dict[str, Press] = {
            FEEDBACK_UP: self._rated("up"),
            FEEDBACK_DOWN: self._rated("down"),
            SHOW_EVIDENCE: self._show_evidence,
            STOP: self._stop,
            SHARE: self._share,
        }
        for action, press in presses.items():
            app.action(action)(_listener(press))

    def _rated(self, value: Literal["up", "down"]) -> Press:
        async def rate(turn_id: UUID, body: Json) -> Message:
            person = body["user"]["id"]
            if await self._feedback.rate(turn_id, person, value):
                return notice(THANKS)
            turn = await self._ended(turn_id)
            if turn is not None and await self._feedback.rate(turn_id, person, value):
                return notice(THANKS)
            return notice(_missing(turn))

        return rate

    async def _show_evidence(self, turn_id: UUID, _: Json) -> Message:
        turn = await self._ended(turn_id)
        if turn is None or turn.answer is None:
            return notice(_missing(turn))
        return evidence(turn.answer, turn.passages)

    async def _stop(self, turn_id: UUID, _: Json) -> Message | None:
        return None if await self._cancel(turn_id) else notice(ENDED)

    async def _share(self, turn_id: UUID, body: Json) -> Message | None:
        if turn_id in self._sharing:
            return None  # pressed twice
        self._sharing.add(turn_id)
        try:
            return await self._share_once(turn_id, body)
        finally:
            self._sharing.discard(turn_id)

    async def _share_once(self, turn_id: UUID, body: Json) -> Message | None:
        turn = await self._ended(turn_id)
        if turn is None or turn.answer is None:
            return notice(_missing(turn))
        if not await self._places.admits(body["channel"]["id"]):
            return notice(NOT_HERE)
        url = body["response_url"]
        await respond(url, notice(_headed(turn, body)), public=True)
        for message in answer_messages(turn.answer, turn.id):
            await respond(url, message, public=True)
        await respond(url, notice(SHARED), replace=True)
        return None

    async def _ended(self, turn_id: UUID) -> StoredTurn | None:
        """The turn; given a moment to end, as an answer is read before it is stored."""
        for pause in _MOMENTS:
            turn = await self._archive.get(turn_id)
            if turn is None or turn.status != "accepted":
                return turn
            await asyncio.sleep(pause)
        return await self._archive.get(turn_id)


def _listener(press: Press) -> Callable[..., Awaitable[None]]:
    """Acknowledges a press, and says to the person what came of it, or went wrong."""

    async def listen(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        try:
            said = await press(UUID(action["value"]), body)
        except DocentError as exc:
            log.warning("%s failed. %s", action["action_id"], exc)
            said = notice(f"Sorry, that did not work. {exc}")
        if said is not None:
            await _whisper(body, said)

    return listen


async def _whisper(body: Json, message: Message) -> None:
    thread = (body.get("container") or {}).get("thread_ts")
    try:
        await respond(body["response_url"], message, thread=thread)
    except ServiceError as exc:
        log.warning("A person was not told: %s. %s", message.text, exc)


def _missing(turn: StoredTurn | None) -> str:
    return UNFINISHED if turn is not None and turn.status == "accepted" else GONE


def _headed(turn: StoredTurn, body: Json) -> str:
    """Who shares, and what was asked."""
    quoted = "\n".join(f"> {line}" for line in turn.question.text.splitlines())
    return f"**{body['user'].get('name') or 'Somebody'} asked Docent:**\n\n{quoted}"
