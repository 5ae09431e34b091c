"""Registers the commands with Discord, when they are others than the last time."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import orjson
from discord.app_commands import CommandTree

from adapters.discord.api import called
from adapters.discord.mapping import PLATFORM
from core.conversation.registrations import Registrations
from core.errors import ServiceError

log = logging.getLogger(__name__)


async def sync_commands(tree: CommandTree[Any], registrations: Registrations) -> None:
    """Sends them if need be. What fails is tried again at the next start. Raises nothing.

    They are registered for everywhere, not for each server: a server's own commands are not there
    in direct messages.
    """
    application = str(tree.client.application_id)
    wanted = fingerprint(tree)
    try:
        if await registrations.fingerprint(PLATFORM, application) == wanted:
            log.debug("The commands have not changed.")
            return
        await called("the registration of the commands", tree.sync)
        await registrations.record(PLATFORM, application, wanted)
    except ServiceError as exc:
        log.warning("The commands are not registered. %s %s", exc, exc.hint)


def fingerprint(tree: CommandTree[Any]) -> str:
    """Equal when Discord would be sent the same commands, in whatever order."""
    sent = [
        orjson.dumps(each.to_dict(tree), option=orjson.OPT_SORT_KEYS)
        for each in tree.get_commands()
    ]
    return hashlib.sha256(b"\n".join(sorted(sent))).hexdigest()
