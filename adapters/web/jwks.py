"""An identity provider's public keys, fetched when they are needed and kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson

from core.errors import MalformedReply, ServiceError, ServiceUnavailable

SERVICE = "Identity provider"

FRESH = 600.0
"""Seconds for which keys are used without another look: a key that was withdrawn is too."""

STALE = 3_600.0
"""Seconds for which they are used while the provider is away."""

COOL_DOWN = 10.0
"""Seconds between two looks, however many tokens name a key that nobody knows."""

_LARGEST = 256_000
_MOST_KEYS = 100
_TIMEOUT = 5.0


class KeySet:
    """The keys by their ids (`kid`); a look at the provider takes `patience` seconds at most."""

    def __init__(
        self,
        address: str,
        client: httpx.AsyncClient,
        *,
        patience: float = _TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._client = client
        self._patience = patience
        self._clock = clock
        self._keys: Mapping[str, Mapping[str, Any]] = {}
        self._fetched = self._tried = float("-inf")
        self._fault: ServiceError | None = None
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str) -> Mapping[str, Any] | None:
        """The key as a JWK; None where the provider has none of that id.

        Looks again for one that is not known yet, and for all once they are old. Raises
        ServiceError where nothing is known because the provider is away.
        """
        if key_id not in self._keys or self._age() >= FRESH:
            async with self._fetching:
                if (key_id not in self._keys or self._age() >= FRESH) and self._may_look():
                    await self._look()
        if self._fault is not None and (key_id not in self._keys or self._age() >= STALE):
            raise self._fault
        return self._keys.get(key_id)

    async def count(self) -> int:
        """How many keys the provider has at this moment. Raises ServiceError."""
        return len(_by_id(await self._fetch()))

    def _age(self) -> float:
        return self._clock() - self._fetched

    def _may_look(self) -> bool:
        return self._clock() - self._tried >= COOL_DOWN

    async def _look(self) -> None:
        self._tried = self._clock()
        try:
            self._keys = _by_id(await self._fetch())
        except ServiceError as exc:
            self._fault = exc
        else:
            self._fetched, self._fault = self._clock(), None

    async def _fetch(self) -> bytes:
        body = bytearray()
        try:
            async with (
                asyncio.timeout(self._patience),
                self._client.stream("GET", self._address) as reply,
            ):
                if not reply.is_success:
                    raise ServiceUnavailable(
                        SERVICE, f"its keys came with status {reply.status_code}."
                    )
                async for part in reply.aiter_bytes():
                    body += part
                    if len(body) > _LARGEST:
                        raise MalformedReply(SERVICE, "its keys are too large to be any.")
        except (httpx.HTTPError, TimeoutError) as exc:
            raise ServiceUnavailable(SERVICE, "its keys could not be fetched.") from exc
        return bytes(body)


def _by_id(body: bytes) -> dict[str, Mapping[str, Any]]:
    try:
        keys = orjson.loads(body)["keys"]
        return {str(key["kid"]): key for key in keys[:_MOST_KEYS] if "kid" in key}
    except (ValueError, KeyError, TypeError) as exc:
        raise MalformedReply(SERVICE, "what came is no set of keys.") from exc


@asynccontextmanager
async def open_key_set(address: str) -> AsyncIterator[KeySet]:
    """Keys from that address, until the block ends. A redirect is not followed."""
    async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
        yield KeySet(address, client)
