"""A Qdrant server's REST: https://api.qdrant.tech/api-reference.

qdrant-client takes half a second of the processor to import, and validates each number that it
sends and gets.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, TypeAlias

import orjson
from yarl import URL

from core.backends.http_session import Reply, Session, below, send, session_errors
from core.backends.qdrant_statuses import SERVICE, error_for, unreachable, unreadable
from core.errors import ServiceUnavailable
from core.text.retry_after import retry_after

Json: TypeAlias = dict[str, Any]

_SUCCESS: Final = range(200, 300)
_SERIALIZED: Final = orjson.OPT_SERIALIZE_NUMPY
_SLOWEST: Final = 2**16
"""Bytes a second that a line takes at least."""


def serialized(body: Json) -> bytes:
    """As JSON. Arrays of numpy may be in it, if they are contiguous."""
    return orjson.dumps(body, option=_SERIALIZED)


class QdrantApi:
    """Requests about collections. None is tried twice, and each raises ServiceError."""

    def __init__(self, session: Session, url: URL, *, timeout: float) -> None:
        self._session = session
        self._url = url / "collections"
        self._timeout = timeout

    async def read(self, collection: str) -> Any:
        """What the server tells of a collection."""
        return await self._result("GET", self._url / collection, None)

    async def ask(self, collection: str, path: str, body: Json) -> Any:
        """What is found in a collection."""
        url = below(self._url, f"{collection}/{path}")
        return await self._result("POST", url, serialized(body))

    async def create(self, collection: str, body: Json) -> None:
        """A collection."""
        await self._result("PUT", self._url / collection, serialized(body))

    async def put(self, collection: str, path: str, data: bytes) -> None:
        """Returns when it is applied, and so does `change`."""
        await self._result("PUT", self._applied(collection, path), data)

    async def change(self, collection: str, path: str, body: Json) -> None:
        """Changes points."""
        await self._result("POST", self._applied(collection, path), serialized(body))

    def _applied(self, collection: str, path: str) -> URL:
        return (self._url / collection / path).with_query(wait="true")

    async def _result(self, method: str, url: URL, data: bytes | None) -> Any:
        """That in Qdrant's envelope."""
        seconds = self._timeout + len(data or b"") / _SLOWEST
        with session_errors(SERVICE, _unreachable):
            async with asyncio.timeout(seconds):
                reply = await send(self._session, method, url, data, service=SERVICE)
        return _result(reply)


def _unreachable(service: str) -> ServiceUnavailable:  # noqa: ARG001 - it is always the same one
    return unreachable("no connection came about")


def _result(reply: Reply) -> Any:
    if reply.status not in _SUCCESS:
        raise error_for(reply.status, reply.body, retry_after=retry_after(reply.headers))
    try:
        return orjson.loads(reply.body)["result"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
        raise unreadable() from exc
