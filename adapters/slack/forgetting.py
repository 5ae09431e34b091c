"""`/forget`: deletes all that a person asked, and tells them alone how much it was."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.chat.errands import Start
from adapters.chat.wording import failed, forgotten
from adapters.slack.manifest import FORGET
from adapters.slack.mapping import PLATFORM
from adapters.slack.private import PLATFORM as PRIVATE
from adapters.slack.rendering import notice
from adapters.slack.response_url import respond
from core.errors import ServiceError

Json: TypeAlias = Mapping[str, Any]
Forget: TypeAlias = Callable[[Sequence[str], str], Awaitable[int]]
"""Takes back what a person asked on these platforms; the number of questions."""

log = logging.getLogger(__name__)


class Forgetting:
    """Listens to the command."""

    def __init__(self, forget: Forget, start: Start) -> None:
        self._forget = forget
        self._start = start

    def register(self, app: AsyncApp) -> None:
        """Has Bolt call us."""
        app.command(FORGET)(self.forget)

    async def forget(self, ack: AsyncAck, command: Json) -> None:
        """`/forget`, which may take longer than Slack waits."""
        await ack()
        self._start(self._forget_all(str(command["user_id"]), command["response_url"]))

    async def _forget_all(self, person: str, url: str) -> None:
        try:
            count = await self._forget([PLATFORM, PRIVATE], person)
            log.info("%s had %s of their questions forgotten.", person, count)
            text = forgotten(count)
        except ServiceError as exc:
            log.warning("%s failed. %s", FORGET, exc)
            text = failed(exc)
        try:
            await respond(url, notice(text))
        except ServiceError as exc:
            log.warning("A person was not told what was forgotten. %s", exc)
