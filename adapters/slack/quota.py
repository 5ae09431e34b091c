"""`/quota`: what is left of the budgets, told to the person alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeAlias

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.chat.errands import Start
from adapters.chat.quota import ReadQuota
from adapters.chat.wording import failed
from adapters.slack.manifest import QUOTA
from adapters.slack.rendering import notice
from adapters.slack.response_url import respond
from core.errors import ServiceError

Json: TypeAlias = Mapping[str, Any]

log = logging.getLogger(__name__)


class Quota:
    """Listens to the command."""

    def __init__(self, read: ReadQuota, start: Start) -> None:
        self._read = read
        self._start = start

    def register(self, app: AsyncApp) -> None:
        """Has Bolt call us."""
        app.command(QUOTA)(self.tell)

    async def tell(self, ack: AsyncAck, command: Json) -> None:
        """`/quota`. Providers are asked, too, which may take longer than Slack waits."""
        await ack()
        self._start(self._tell(str(command["user_id"]), command["response_url"]))

    async def _tell(self, person: str, url: str) -> None:
        try:
            text = await self._read(person)
        except ServiceError as exc:
            log.warning("%s failed. %s", QUOTA, exc)
            text = failed(exc)
        try:
            await respond(url, notice(text))
        except ServiceError as exc:
            log.warning("A person was not told what is left. %s", exc)
