"""Notes up to where each channel was seen, and has a catch-up run when something was missed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeAlias

from adapters.chat.clock import PlatformClock
from core.conversation.cursors import Cursors
from core.errors import AccessDenied, RequestRejected, ServiceError

Run: TypeAlias = Callable[[float | None], Awaitable[int]]
"""Sees to what was missed; the number of questions in it. Raises ServiceError.

It is told the moment, in seconds since 1970 by the platform's clock, from which on this process
itself missed something: another one may have moved the cursors beyond that.
"""

PAUSE = 60.0
"""Seconds after a failure until it is tried again."""

_GOODBYE = 2.0

log = logging.getLogger(__name__)


class Watch:
    """Begins with a catch-up.

    While it is behind, no cursor moves, so that the next catch-up begins early enough.
    """

    def __init__(
        self,
        cursors: Cursors,
        platform: str,
        workspace: str,
        clock: PlatformClock,
        *,
        pause: float = PAUSE,
    ) -> None:
        self._cursors = cursors
        self._platform = platform
        self._workspace = workspace
        self._pause = pause
        self._clock = clock
        self._wanted = asyncio.Event()
        self._behind = True
        self._missed_since: float | None = None

    def missed(self) -> None:
        """Something may be lost: have it looked for."""
        self._behind = True
        if self._missed_since is None:
            self._missed_since = self._clock.now()
        self._wanted.set()

    def seen(self, channel: str, message_id: str) -> None:
        """A message of the channel was seen to."""
        if not self._behind and channel and message_id:
            self._cursors.note(self._platform, self._workspace, channel, message_id)

    async def keep(self, catch_up: Run) -> None:
        """Goes on until it is cancelled; while nothing is missed it does nothing."""
        self._wanted.set()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if not await _done(partial(catch_up, self._missed_since)):
                await asyncio.sleep(self._pause)
                self._wanted.set()
            elif not self._wanted.is_set():
                self._behind, self._missed_since = False, None

    async def save(self) -> None:
        """Writes what was seen, if that can be done soon; else the next start reads more."""
        with suppress(ServiceError, TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await self._cursors.flush()


async def _done(catch_up: Callable[[], Awaitable[int]]) -> bool:
    """Whether it need not be tried again."""
    try:
        found = await catch_up()
    except (AccessDenied, RequestRejected) as exc:
        log.warning("What was said while we were away cannot be read. %s %s", exc, exc.hint)
        return True
    except ServiceError as exc:
        log.warning("The catch-up is put off. %s", exc)
        return False
    log.info("Caught up: %d questions in the window.", found)
    return True
