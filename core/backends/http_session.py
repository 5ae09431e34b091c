"""HTTP for what is asked while somebody waits: aiohttp, which costs the same with any number open.

httpx takes 0.6 ms of the processor for a request, and four times that with 1,000 streams open;
aiohttp 0.1 ms with any number of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.request import getproxies

import aiohttp
import httpx
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from core.errors import MalformedReply, ServiceError, ServiceUnavailable

_MOST_BYTES: Final = 32 * 2**20
_KEPT_ALIVE: Final = 60.0
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@asynccontextmanager
async def open_session(
    headers: Mapping[str, str], *, connect: float | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """A pool of any number of connections; proxies and certificates are those that httpx knows.

    `connect` is how many seconds a connection may take to come about.
    """
    connector = aiohttp.TCPConnector(
        limit=0, keepalive_timeout=_KEPT_ALIVE, ssl=httpx.create_ssl_context()
    )
    async with aiohttp.ClientSession(
        connector=connector,
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect),
        cookie_jar=aiohttp.DummyCookieJar(),
        # Where there is a proxy to be found, it is looked for at each request, in a thread.
        trust_env=bool(getproxies()),
        read_bufsize=2**18,
    ) as session:
        yield session


@lru_cache(maxsize=256)
def below(base: URL, path: str) -> URL:
    """The address of a path: the same object each time, which knows its parts by then."""
    return base / path


async def send(
    session: aiohttp.ClientSession, method: str, url: URL, body: bytes | None, *, service: str
) -> Reply:
    """The reply to JSON. Raises MalformedReply where it has no end, and what aiohttp raises."""
    headers = None if body is None else _JSON
    response = await session.request(method, url, data=body, headers=headers, allow_redirects=False)
    try:
        content = await beginning(response, _MOST_BYTES + 1)
    finally:
        # One that was read to its end has given its connection back.
        if not response.closed:
            response.close()
    if len(content) > _MOST_BYTES:
        raise MalformedReply(service, "sent a reply that is far too large.")
    return Reply(response.status, response.headers, content)


async def beginning(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """As much of the body as there is, up to the limit; no more is read."""
    parts, size = [], 0
    while size < limit and (part := await response.content.readany()):
        parts.append(part)
        size += len(part)
    return b"".join(parts)[:limit]


@contextmanager
def session_errors(
    service: str, unreachable: Callable[[str], ServiceUnavailable]
) -> Iterator[None]:
    """Turns everything that aiohttp raises, and a time-out around it, into errors of ours."""
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
        raise unreachable(service) from exc
    except TimeoutError as exc:
        raise ServiceUnavailable(service, "did not answer in time.") from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise _broken(service, exc) from exc


def _broken(service: str, exc: Exception) -> ServiceError:
    undecodable = isinstance(exc.__cause__, ContentEncodingError)
    if undecodable or isinstance(exc, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return MalformedReply(service, "answered with something other than what was asked for.")
    return ServiceUnavailable(service, "broke the connection.")
