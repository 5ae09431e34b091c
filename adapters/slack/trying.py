"""The questions on the app's home, each asked at the press of its button."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.chat.policy import ChannelPolicy
from adapters.chat.wording import LOST, refused
from adapters.slack.api import SlackApi
from adapters.slack.mapping import PLATFORM
from adapters.slack.rendering import TRY, notice
from core.errors import QuestionRefused, ServiceError
from core.model import Question, SessionKey

Submit: TypeAlias = Callable[[Question], Awaitable[bool]]
Json: TypeAlias = Mapping[str, Any]

log = logging.getLogger(__name__)


class Trying:
    """Puts the question into the person's direct conversation, and answers it there."""

    def __init__(self, api: SlackApi, submit: Submit, policy: ChannelPolicy) -> None:
        self._api = api
        self._submit = submit
        self._policy = policy

    def register(self, app: AsyncApp) -> None:
        """Has Bolt call us."""
        app.action(TRY)(self.tried)

    async def tried(self, ack: AsyncAck, body: Json, action: Json) -> None:
        """Slack never delivers a press again, so what fails is said at once."""
        await ack()
        person, text = str(body["user"]["id"]), str(action["value"])
        try:
            channel, ts = await self._post(person, f"**You asked:** {text}")
            session = SessionKey(PLATFORM, self._api.identity.team, channel, ts)
            scope = self._policy.scope_in(channel)
            await self._submit(Question(session, ts, person, text, scope))
        except ServiceError as exc:
            log.warning("A question of the home was not asked. %s", exc)
            await self._apologise(person, LOST)
        except QuestionRefused as exc:
            await self._apologise(person, refused(exc))

    async def _apologise(self, person: str, text: str) -> None:
        try:
            await self._post(person, text)
        except ServiceError as exc:
            log.warning("%s was not told. %s", person, exc)

    async def _post(self, person: str, text: str) -> tuple[str, str]:
        """Where it went, and its ts."""
        message = notice(text)
        reply = await self._api.call(
            "chat.postMessage",
            channel=person,
            text=message.text,
            blocks=message.blocks,
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(reply["channel"]), str(reply["ts"])
