"""Who is let in: by an API key, by a token, or because they are at this machine."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Protocol

from adapters.web.principals import LOCAL, Principal
from adapters.web.problems import Problem
from core.access.keys import ApiKeys, is_api_key

_REMEMBERED = 1_000
_FOR_SECONDS = 10.0
"""How long a key is remembered, and so how long after its end it may still be used."""


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
        self._known: OrderedDict[bytes, tuple[Principal | None, float]] = OrderedDict()

    async def admit(self, authorization: str | None) -> Principal:
        """Who sent a request. Raises Problem, and ServiceError where that cannot be told."""
        if authorization is None:
            if self.required:
                raise _unauthorized("Send an API key or a token: `Authorization: Bearer …`.")
            return LOCAL
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise _unauthorized("Only `Authorization: Bearer …` is understood.")
        principal = await self._principal(credential.strip())
        if principal is None:
            raise _unauthorized(
                "The key or token is not accepted: it is unknown, revoked or expired.",
                'error="invalid_token"',
            )
        return principal

    async def _principal(self, credential: str) -> Principal | None:
        if is_api_key(credential):
            return await self._of_key(credential)
        return await self._tokens.principal(credential) if self._tokens else None

    async def _of_key(self, text: str) -> Principal | None:
        name, now = sha256(text.encode()).digest(), self._clock()
        principal, until = self._known.get(name, (None, 0.0))
        if now < until:
            return principal
        key = await self._keys.find(text)
        principal = None if key is None else Principal("key", key.id, key.permissions)
        self._known[name] = principal, now + _FOR_SECONDS
        self._known.move_to_end(name)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return principal


def _unauthorized(detail: str, challenge: str = "") -> Problem:
    headers = {"WWW-Authenticate": f'Bearer realm="docent"{challenge and ", "}{challenge}'}
    return Problem(401, "Unauthorized", detail, headers=headers)
