"""The buttons under an answer: thumbs, evidence, stop, share."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeAlias
from uuid import UUID

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.chat.expecting import sections_of
from adapters.chat.policy import ChannelPolicy
from adapters.chat.reactions import GONE, THANKS, Reactions, missing
from adapters.chat.wording import NOT_FROM_HERE, NOT_HERE, failed
from adapters.slack.evidence import evidence
from adapters.slack.expecting import offer
from adapters.slack.places import Places
from adapters.slack.rendering import (
    FEEDBACK_DOWN,
    FEEDBACK_UP,
    SHARE,
    SHOW_EVIDENCE,
    STOP,
    Message,
    answer_messages,
    notice,
)
from adapters.slack.response_url import respond
from core.conversation.archive import StoredTurn
from core.errors import DocentError, ServiceError

Json: TypeAlias = Mapping[str, Any]
Press: TypeAlias = Callable[[UUID, Json], Awaitable[Message | None]]

SHARED = "You shared this answer with the channel."

log = logging.getLogger(__name__)


class Actions:
    """Listens to the buttons. What is said about them only the person who pressed can see."""

    def __init__(self, reactions: Reactions, places: Places, policy: ChannelPolicy) -> None:
        self._reactions = reactions
        self._places = places
        self._policy = policy
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
            said = await self._reactions.rate(turn_id, body["user"]["id"], value)
            if value == "down" and said == THANKS:
                return await self._which(turn_id, body)
            return notice(said)

        return rate

    async def _which(self, turn_id: UUID, body: Json) -> Message:
        """Asks which section it should have been, of those that may be named here."""
        turn = await self._reactions.ended(turn_id)
        named = turn is not None and self._policy.may_show(turn.sources, _channel(body))
        return offer(turn_id, sections_of(turn) if turn and named else ())

    async def _show_evidence(self, turn_id: UUID, body: Json) -> Message:
        turn = await self._reactions.ended(turn_id)
        if turn is None or turn.answer is None:
            return notice(missing(turn))
        if not self._policy.may_show(turn.sources, _channel(body)):
            return notice(NOT_FROM_HERE)
        trace = await self._reactions.trace(turn)
        return notice(GONE) if trace is None else evidence(trace)

    async def _stop(self, turn_id: UUID, _: Json) -> Message | None:
        said = await self._reactions.stop(turn_id)
        return notice(said) if said else None

    async def _share(self, turn_id: UUID, body: Json) -> Message | None:
        if turn_id in self._sharing:
            return None  # pressed twice
        self._sharing.add(turn_id)
        try:
            return await self._share_once(turn_id, body)
        finally:
            self._sharing.discard(turn_id)

    async def _share_once(self, turn_id: UUID, body: Json) -> Message | None:
        turn = await self._reactions.ended(turn_id)
        if turn is None or turn.answer is None:
            return notice(missing(turn))
        if not await self._places.admits(_channel(body)):
            return notice(NOT_HERE)
        if not self._policy.may_show(turn.sources, _channel(body)):
            return notice(NOT_FROM_HERE)
        url = body["response_url"]
        await respond(url, notice(_headed(turn, body)), public=True)
        for message in answer_messages(turn.answer, turn.id):
            await respond(url, message, public=True)
        await respond(url, notice(SHARED), replace=True)
        return None


def _listener(press: Press) -> Callable[..., Awaitable[None]]:
    """Acknowledges a press, and says to the person what came of it, or went wrong."""

    async def listen(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        try:
            said = await press(UUID(action["value"]), body)
        except DocentError as exc:
            log.warning("%s failed. %s", action["action_id"], exc)
            said = notice(failed(exc))
        if said is not None:
            await _whisper(body, said)

    return listen


async def _whisper(body: Json, message: Message) -> None:
    thread = (body.get("container") or {}).get("thread_ts")
    try:
        await respond(body["response_url"], message, thread=thread)
    except ServiceError as exc:
        # Not what: it may be evidence, with somebody's question.
        log.warning("A person was not told something. %s", exc)


def _channel(body: Json) -> str:
    return str(body["channel"]["id"])


def _headed(turn: StoredTurn, body: Json) -> str:
    """Who shares, and what was asked."""
    quoted = "\n".join(f"> {line}" for line in turn.question.text.splitlines())
    return f"**{body['user'].get('name') or 'Somebody'} asked Docent:**\n\n{quoted}"
