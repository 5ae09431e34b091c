"""Cohere's API for who waits for an answer: https://docs.cohere.com/reference/about.

Its SDK takes a second to import, builds values of every number, and stands on a client whose cost
grows with the connections that are open.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson
from yarl import URL

from core.backends.cohere_errors import SERVICE, error_for
from core.backends.http_session import Session, below, send, session_errors
from core.backends.vendor_http import unreachable
from core.errors import MalformedReply

BASE_URL: Final = "https://api.cohere.com"

_SUCCESS: Final = range(200, 300)


class CohereApi:
    """Calls that nobody waits for longer than `patience` seconds. None is tried twice."""

    def __init__(self, session: Session, base_url: str, *, patience: float, secret: str) -> None:
        self._session = session
        self._base = URL(base_url)
        self._patience = patience
        self._secret = secret

    async def call(self, path: str, **arguments: Any) -> dict[str, Any]:
        """The reply's JSON. Raises ServiceError."""
        with session_errors(SERVICE, unreachable):
            async with asyncio.timeout(self._patience):
                body = orjson.dumps(arguments)
                url = below(self._base, path)
                reply = await send(self._session, "POST", url, body, service=SERVICE)
        told = _parsed(reply.body)
        if reply.status not in _SUCCESS or not isinstance(told, dict):
            raise error_for(reply.status, told, reply.headers, secret=self._secret)
        return told


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def found_in(reply: dict[str, Any], kinds: tuple[str, ...]) -> list[Any]:
    """The embeddings of a reply, of the first of the kinds that it has. Raises MalformedReply."""
    embeddings = reply.get("embeddings")
    if not isinstance(embeddings, dict):
        raise MalformedReply(SERVICE, "the reply does not have the form that we know.")
    return next((found for kind in kinds if isinstance(found := embeddings.get(kind), list)), [])
