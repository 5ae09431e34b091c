"""Who is let in: by an API key, by a token, or because they are at this machine."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from hashlib import sha256
from typing import Protocol, TypeVar

from adapters.web.principals import LOCAL, Principal
from adapters.web.problems import Problem
from adapters.web.rates import Rates
from core.access.keys import ApiKeys, is_api_key

T = TypeVar("T")

_REMEMBERED = 1_000
_FOR_SECONDS = 10.0
"""How long a key is remembered, and so how long after its end it may still be used."""

_GUESSES = 60
"""Keys that are none, which an address may send within a minute before its next ones queue.

Each is a look at the database. They are not refused: behind a proxy all have one address.
"""

_FOR_PROBES = 86_400.0
"""The same for what asks all day long by itself, and must wake no database that sleeps."""


class Tokens(Protocol):
    """What checks tokens that somebody else made."""

    async def principal(self, token: str) -> Principal | None:
        """Who the token is of; None where it is not to be trusted. Raises ServiceError."""


class Gatekeeper:
    """Without `required`, whoever comes without a key or token is let in as at this machine."""

    def __init__(
        self,
        keys: ApiKeys,
        tokens: Tokens | None = None,
        *,
        required: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self.required = required
        self._clock = clock
        self._guesses = Rates(_GUESSES, clock=clock)
        self._queue = asyncio.Lock()
        # Apart, so that guesses push no key out.
        self._good: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._bad: OrderedDict[bytes, float] = OrderedDict()

    async def admit(
        self, authorization: str | None, *, address: str = "", probing: bool = False
    ) -> Principal:
        """Who sent a request from that address.

        Raises Problem, and ServiceError where that cannot be told.

        Who is `probing` with a key that was let in before is let in from memory, for a day.
        """
        if authorization is None:
            if self.required:
                raise _unauthorized("Send an API key or a token: `Authorization: Bearer …`.")
            return LOCAL
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise _unauthorized("Only `Authorization: Bearer …` is understood.")
        remembered = _FOR_PROBES if probing else _FOR_SECONDS
        principal = await self._principal(credential.strip(), address, remembered)
        if principal is None:
            raise _unauthorized(
                "The key or token is not accepted: it is unknown, revoked or expired.",
                'error="invalid_token"',
            )
        return principal

    async def _principal(
        self, credential: str, address: str, remembered: float
    ) -> Principal | None:
        if is_api_key(credential):
            return await self._of_key(credential, address, remembered)
        return await self._tokens.principal(credential) if self._tokens else None

    async def _of_key(self, text: str, address: str, remembered: float) -> Principal | None:
        name, now = sha256(text.encode()).digest(), self._clock()
        principal, found = self._good.get(name, (None, -math.inf))
        if now - found < remembered:
            return principal
        if now - self._bad.get(name, -math.inf) < _FOR_SECONDS:
            return None
        # One that was good lately is no guess, whoever shares its address.
        queues = principal is None and self._guesses.are_spent(address)
        async with self._queue if queues else nullcontext():
            key = await self._keys.find(text)
        if key is None:
            self._good.pop(name, None)
            _remember(self._bad, name, now)
            if not self._guesses.are_spent(address):
                self._guesses.take(address)
            return None
        principal = Principal("key", key.id, key.permissions)
        _remember(self._good, name, (principal, now))
        return principal


def _remember(known: OrderedDict[bytes, T], name: bytes, what: T) -> None:
    known[name] = what
    known.move_to_end(name)
    if len(known) > _REMEMBERED:
        known.popitem(last=False)


def _unauthorized(detail: str, challenge: str = "") -> Problem:
    headers = {"WWW-Authenticate": f'Bearer realm="docent"{challenge and ", "}{challenge}'}
    return Problem(401, "Unauthorized", detail, headers=headers)
