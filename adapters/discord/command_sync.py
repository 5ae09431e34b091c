"""Registers the commands with Discord, when they are others than the last time."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from discord.app_commands import CommandTree

from adapters.discord.calling import called
from adapters.discord.mapping import PLATFORM
from core.conversation.registrations import Registrations
from core.errors import ServiceError

log = logging.getLogger(__name__)


class CommandSync:
    """Has Discord know the commands of a tree. What fails is logged, and tried at the next start.

    They are registered for everywhere, not for each server: a server's own commands are not there
    in direct messages.
    """

    def __init__(self, tree: CommandTree[Any], registrations: Registrations) -> None:
        self._tree = tree
        self._registrations = registrations
        self._application = str(tree.client.application_id)
        self._repaired = False

    async def run(self) -> None:
        """Sends them if they changed since they were sent last."""
        with _logged():
            known = await self._registrations.fingerprint(PLATFORM, self._application)
            if known == fingerprint(self._tree):
                log.debug("The commands have not changed.")
            else:
                await self._send()

    async def repair(self) -> None:
        """Sends them since Discord turned out to have others; once, lest two bots do so in turn."""
        if not self._repaired:
            self._repaired = True
            with _logged():
                await self._send()

    async def _send(self) -> None:
        await called("the registration of the commands", self._tree.sync)
        sent = fingerprint(self._tree)
        await self._registrations.record(PLATFORM, self._application, sent)


@contextmanager
def _logged() -> Iterator[None]:
    try:
        yield
    except ServiceError as exc:
        log.warning("The commands are not registered. %s %s", exc, exc.hint)


def fingerprint(tree: CommandTree[Any]) -> str:
    """Equal when Discord would be sent the same commands, in whatever order."""
    sent = [
        orjson.dumps(each.to_dict(tree), option=orjson.OPT_SORT_KEYS)
        for each in tree.get_commands()
    ]
    return hashlib.sha256(b"\n".join(sorted(sent))).hexdigest()
