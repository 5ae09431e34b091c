"""How a reply that comes in pieces is waited for, and how often it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from core.backends.http_connection import Body, HttpError, Response

AT_ONCE: Final = 3
"""Looks that are taken as soon as there is something."""

AT_ONCE_OF_SHORT: Final = 24
"""The same of a short reply: all of it, as whoever wants it does so whole, and waits."""

BRISK: Final = 10
"""Looks after those that come four times as often as the rest: an answer's first sentence."""

SLICE: Final = 0.2
"""Seconds between two looks after those. A token comes every few milliseconds, whole sentences are
shown, and to take a turn of the loop for each token is most of what a stream costs."""

_MOMENTS: Final = 8
"""In a slice. What is due at one of them keeps the loop for a millisecond or two."""

_BRISK_MOMENTS: Final = 2

_ROUNDED_OFF: Final = 0.01
"""Of a step: a timer's moment, divided by the step, may fall short of a whole number."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a connection, the first chunk, the next one, and the whole reply.

    Keep-alive comments count as silence.
    """

    connect: float = 5.0
    first_token: float = 20.0
    stall: float = 15.0
    total: float = 120.0


class Waiting:
    """How long the next chunk of one reply may take.

    A deadline that moves with each chunk, looked at by one timer: a time-out of its own for each
    would cost more than to read it.
    """

    def __init__(self, patience: Patience) -> None:
        self._loop = asyncio.get_running_loop()
        self._stall = patience.stall
        now = self._loop.time()
        self._end = now + patience.total
        self.until = min(now + patience.first_token, self._end)
        self._expired = False
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, response: Response) -> None:
        """Closes the response once the deadline is over."""
        now = self._loop.time()
        if now < self.until:
            # No later than any deadline that is set until then: the first chunk may bring it
            # forward, and each one puts it off.
            self._timer = self._loop.call_at(
                min(self.until, now + self._stall, self._end), self.watch, response
            )
            return
        self._expired = True
        response.close()

    def heard(self) -> None:
        """Sets the deadline of the next chunk."""
        self.until = min(self._loop.time() + self._stall, self._end)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Around the reading. Raises TimeoutError where the deadline ended it."""
        try:
            yield
        except HttpError:
            if not self._expired:
                raise
        if self._expired:
            raise TimeoutError

    def end(self) -> None:
        """Nothing more is read."""
        if self._timer is not None:
            self._timer.cancel()


class Lingering:
    """Replies whose last word was read: the connection of one that ends soon serves again.

    `linger` is how many seconds that may take. Whoever closes the connections closes these first:
    nobody else does, and the garbage collector complains.
    """

    def __init__(self, linger: float) -> None:
        self._linger = linger
        self._timers: dict[Response, asyncio.TimerHandle] = {}

    def add(self, response: Response) -> None:
        """Closes it once its time is over."""
        timer = asyncio.get_running_loop().call_later(self._linger, self._close, response)
        self._timers[response] = timer

    def close(self) -> None:
        """Closes all of them now."""
        for response in list(self._timers):
            self._close(response)

    def _close(self, response: Response) -> None:
        self._timers.pop(response).cancel()
        response.close()


class Looks:
    """The moments at which long replies are looked at, which all of them have in common.

    Those that are due at one moment take a single turn of the loop. `slice_` is the most seconds
    between two looks at the same reply.
    """

    def __init__(self, slice_: float = SLICE) -> None:
        self._loop = asyncio.get_running_loop()
        self._step = slice_ / _MOMENTS
        self._due: dict[int, list[asyncio.Future[None]]] = {}

    def next(self, *, brisk: bool = False) -> asyncio.Future[None]:
        """Done after a slice, or a quarter of one.

        The first time it is a little earlier, so as to fall in with the others.
        """
        due = self._loop.create_future()
        moment = int(self._loop.time() / self._step + _ROUNDED_OFF)
        moment += _BRISK_MOMENTS if brisk else _MOMENTS
        if moment in self._due:
            self._due[moment].append(due)
        else:
            self._due[moment] = [due]
            self._loop.call_at(moment * self._step, self._come, moment)
        return due

    def _come(self, moment: int) -> None:
        for due in self._due.pop(moment):
            if not due.done():
                due.set_result(None)


class Slices:
    """When one reply is looked at: at first as soon as there is something, later in common.

    Its end is seen at once.
    """

    def __init__(self, body: Body, looks: Looks, *, at_once: int = AT_ONCE) -> None:
        self._body = body
        self._looks = looks
        self._at_once = at_once
        self._taken = 0
        self._due: asyncio.Future[None] | None = None
        body.on_end(self._end)

    async def wait(self) -> None:
        """Returns when it is time for the next look."""
        self._taken += 1
        waited = self._taken - self._at_once
        if waited >= 0 and not self._body.ended:
            # No time-out: that is an exception on its way through everyone who awaits a token.
            self._due = self._looks.next(brisk=waited < BRISK)
            await self._due

    def _end(self) -> None:
        if self._due is not None and not self._due.done():
            self._due.set_result(None)
