"""HTTP for what is asked while somebody waits: a request costs the same with any number open.

httpx takes 0.6 ms of the processor for one, and four times that with 1,000 streams open.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from yarl import URL

from core.backends.http_connection import HttpError, NotConnected, Response, Unreadable
from core.backends.http_dialing import Dialer, Route, authorization, header_lines, route_to
from core.backends.http_pool import Pool
from core.errors import MalformedReply, ServiceUnavailable

_MOST_BYTES: Final = 32 * 2**20
_KEPT_ALIVE: Final = 60.0
_REPEATABLE: Final = frozenset({"GET", "PUT"})
_COMMON: Final = {"User-Agent": "docent", "Accept": "*/*"}
_ASKED: Final = header_lines({"Accept-Encoding": "gzip"})
_SENT: Final = header_lines({"Accept-Encoding": "gzip", "Content-Type": "application/json"})
_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. The names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Session:
    """Requests with the same headers. Redirects are not followed, cookies not kept."""

    def __init__(self, headers: Mapping[str, str], dialer: Dialer, kept_alive: float) -> None:
        self._kept_alive = kept_alive
        self._headers = header_lines(_COMMON | dict(headers))
        self._dialer = dialer
        self._pools: dict[tuple[str, str | None], Pool] = {}

    async def request(
        self, method: str, url: URL, body: bytes | None, headers: str = ""
    ) -> Response:
        """The reply as soon as its headers have come; the rest is to be read, or closed.

        `headers` are lines, each with its end. Raises HttpError.
        """
        server = url.scheme, url.host_port_subcomponent
        pool = self._pools.get(server)
        if pool is None:
            pool = self._pools[server] = Pool(route_to(url), self._dialer, self._kept_alive)
        if body is not None:
            headers += f"Content-Length: {len(body)}\r\n"
        head = _beginning(method, url, pool.route) + self._headers + headers + "\r\n"
        return await pool.request(
            head.encode("latin-1") + (body or b""), repeatable=method in _REPEATABLE
        )

    def tidy(self) -> None:
        """Closes connections that had nothing to do for too long."""
        for pool in self._pools.values():
            pool.tidy()

    def close(self) -> None:
        """Closes all connections, and with them what is under way."""
        for pool in self._pools.values():
            pool.close()


@asynccontextmanager
async def open_session(
    headers: Mapping[str, str], *, connect: float | None = None, kept_alive: float = _KEPT_ALIVE
) -> AsyncIterator[Session]:
    """A pool of any number of connections; proxies and certificates are those that httpx knows.

    `connect` is how many seconds a connection may take to come about, `kept_alive` how many it is
    kept at least without anything to do.
    """
    session = Session(headers, Dialer(connect), kept_alive)
    tidying = asyncio.create_task(_tidied(session, kept_alive))
    try:
        yield session
    finally:
        tidying.cancel()
        session.close()
        await asyncio.sleep(0)  # in which the connections end


async def _tidied(session: Session, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        session.tidy()


@lru_cache(maxsize=256)
def below(base: URL, path: str) -> URL:
    """The address of a path: the same object each time, which knows its parts by then."""
    return base / path


async def send(
    session: Session, method: str, url: URL, body: bytes | None, *, service: str
) -> Reply:
    """The reply to JSON. Raises MalformedReply where it has no end, and HttpError."""
    response = await session.request(method, url, body, _ASKED if body is None else _SENT)
    try:
        content = await beginning(response, _MOST_BYTES + 1)
    finally:
        response.close()
    if response.headers.get("content-encoding") == "gzip":
        content = _unpacked(content)
    if len(content) > _MOST_BYTES:
        raise MalformedReply(service, "sent a reply that is far too large.")
    return Reply(response.status, response.headers, content)


async def beginning(response: Response, limit: int) -> bytes:
    """As much of the body as there is, up to the limit; no more is read."""
    parts, size = [], 0
    while size < limit and (part := await response.body.read()):
        parts.append(part)
        size += len(part)
    return b"".join(parts)[:limit]


@contextmanager
def session_errors(
    service: str, unreachable: Callable[[str], ServiceUnavailable]
) -> Iterator[None]:
    """Turns everything that a session raises, and a time-out around it, into errors of ours."""
    try:
        yield
    except NotConnected as exc:
        raise unreachable(service) from exc
    except TimeoutError as exc:
        raise ServiceUnavailable(service, "did not answer in time.") from exc
    except Unreadable as exc:
        problem = "answered with something other than what was asked for."
        raise MalformedReply(service, problem) from exc
    except HttpError as exc:
        raise ServiceUnavailable(service, "broke the connection.") from exc


def _beginning(method: str, url: URL, route: Route) -> str:
    """The request's first line, and the headers that go with it."""
    where = f"{url.origin()}{url.raw_path_qs}" if route.forwarded else url.raw_path_qs
    lines = f"{method} {where} HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\n"
    if url.user is not None:
        lines += header_lines(authorization("Authorization", url))
    if route.proxy is not None and route.forwarded:
        lines += header_lines(authorization("Proxy-Authorization", route.proxy))
    return lines


def _unpacked(content: bytes) -> bytes:
    """Up to a byte more than is read at most. Raises Unreadable."""
    try:
        return zlib.decompressobj(_GZIP).decompress(content, _MOST_BYTES + 1)
    except zlib.error as exc:
        raise Unreadable from exc
