"""`/reingest`: who may, and the message that shows how far it is."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from adapters.chat.shared_sync import SharedSync
from adapters.chat.sync_texts import ALREADY, STARTED
from adapters.chat.syncing import shown_sync
from adapters.slack.api import PATIENCE, SlackApi
from adapters.slack.api_errors import SlackRefused
from adapters.slack.rendering import notice
from core.errors import AccessDenied

log = logging.getLogger(__name__)


async def may_reingest(api: SlackApi, person: str, admins: Collection[str]) -> bool:
    """Whether they are listed, or an admin or owner of the workspace. Raises ServiceError."""
    if person in admins:
        return True
    reply = await api.call("users.info", user=person)
    user: Mapping[str, Any] = reply["user"]
    ours = not user.get("is_stranger") and not user.get("deleted")
    return ours and any(user.get(role) for role in ("is_admin", "is_owner", "is_primary_owner"))


async def reingest(
    api: SlackApi, sync: SharedSync, person: str, channel: str, source: str | None
) -> None:
    """Syncs, or follows the sync that runs, and shows it where it was asked for.

    In a direct message where the bot may not post. Raises ServiceError.
    """
    begin = ALREADY if sync.running else STARTED
    try:
        posted = await _post(api, channel, begin)
    except (SlackRefused, AccessDenied) as exc:
        log.info("The sync is shown in a direct message. %s", exc)
        posted = await _post(api, person, begin)
    await shown_sync(sync, source, _Board(api, posted, person))


class _Board:
    """The message that was posted first."""

    def __init__(self, api: SlackApi, posted: Mapping[str, Any], person: str) -> None:
        self._api = api
        self._channel = str(posted["channel"])
        self._ts = str(posted["ts"])
        self._person = person

    async def glance(self, text: str) -> None:
        await self._update(text, patience=0.0)

    async def show(self, text: str) -> None:
        try:
            await self._update(text, patience=PATIENCE)
        except SlackRefused:
            # Whoever deleted the message did not end the sync.
            await _post(self._api, self._person, text)

    async def _update(self, text: str, *, patience: float) -> None:
        message = notice(text)
        await self._api.call(
            "chat.update",
            patience=patience,
            channel=self._channel,
            ts=self._ts,
            text=message.text,
            blocks=message.blocks,
        )


async def _post(api: SlackApi, channel: str, text: str) -> Mapping[str, Any]:
    message = notice(text)
    return await api.call(
        "chat.postMessage",
        channel=channel,
        text=message.text,
        blocks=message.blocks,
        unfurl_links=False,
        unfurl_media=False,
    )
