"""How a connection comes about: names, certificates, and the proxies of the environment."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import aiohappyeyeballs
import httpx
from yarl import URL

from core.backends.http_connection import Connection, NotConnected

_KNOWN: Final = 10.0
"""Seconds that a name's addresses are taken to stay the same."""

_HEAD_START: Final = 0.25
"""Seconds until the next address is tried beside the one before it (RFC 8305)."""

_MOST_BYTES: Final = 2**16

_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Route:
    """The way to a server, through a proxy or not."""

    scheme: str
    host: str
    port: int
    proxy: URL | None = None

    @property
    def forwarded(self) -> bool:
        """Whether the proxy reads the requests, and wants to be told where they go."""
        return self.proxy is not None and self.scheme == "http"


def route_to(url: URL) -> Route:
    """As the environment has it: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY.

    Raises NotConnected for a proxy that does not speak HTTP.
    """
    host, port = url.raw_host or "", url.port or 0
    proxies = getproxies()
    named = proxies.get(url.scheme) or proxies.get("all")
    if not named or proxy_bypass(f"{host}:{port}"):
        return Route(url.scheme, host, port)
    try:
        proxy = URL(named if "://" in named else f"http://{named}")
    except ValueError:
        # Not told from what it was: that may quote a part of the password.
        raise NotConnected("The proxy of the environment has a malformed address.") from None
    if proxy.scheme != "http" or not proxy.host:
        raise NotConnected("The proxy of the environment does not speak HTTP.")
    return Route(url.scheme, host, port, proxy)


def authorization(header: str, url: URL) -> dict[str, str]:
    """The header for a server or a proxy whose address has a name and a password."""
    if url.user is None:
        return {}
    words = f"{url.user}:{url.password or ''}".encode()
    return {header: f"Basic {base64.b64encode(words).decode()}"}


def header_lines(headers: Mapping[str, str]) -> str:
    """As they are sent. Raises ValueError for what would end a line."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("A header holds the end of a line.")
    return "".join(f"{line}\r\n" for line in lines)


class Dialer:
    """Opens connections. `patience` is how many seconds one may take; None for any number."""

    def __init__(self, patience: float | None) -> None:
        self._patience = patience
        self._tls = httpx.create_ssl_context()
        self._names: dict[tuple[str, int], tuple[float, asyncio.Task[Any]]] = {}

    async def dial(self, route: Route, connection: Connection) -> None:
        """Connects what is not connected yet. Raises NotConnected."""
        try:
            async with asyncio.timeout(self._patience):
                await self._open(route, connection)
        except (OSError, ValueError) as exc:
            raise NotConnected(str(exc)) from exc

    async def _open(self, route: Route, connection: Connection) -> None:
        host, port = route.host, route.port
        if route.proxy is not None:
            host, port = route.proxy.raw_host or "", route.proxy.port or 0
        secure = route.scheme == "https"
        line = await aiohappyeyeballs.start_connection(
            await self._addresses(host, port), happy_eyeballs_delay=_HEAD_START
        )
        try:
            if secure and route.proxy is not None:
                await _ask_through(line, route, route.proxy)
            await asyncio.get_running_loop().create_connection(
                lambda: connection,
                sock=line,
                ssl=self._tls if secure else None,
                server_hostname=route.host if secure else None,
            )
        except BaseException:
            # First: asyncio ends TLS in its own time, and then takes the socket's number for its.
            connection.close()
            line.close()
            raise

    async def _addresses(self, host: str, port: int) -> Any:
        """Those of a name, looked up once for all who want them at the same time."""
        loop = asyncio.get_running_loop()
        until, looking = self._names.get((host, port), (0.0, None))
        if looking is None or loop.time() > until:
            asked = loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            looking = asyncio.ensure_future(asked)
            looking.add_done_callback(lambda done: self._forget_failed((host, port), done))
            self._names[host, port] = loop.time() + _KNOWN, looking
        return await asyncio.shield(looking)

    def _forget_failed(self, name: tuple[str, int], done: asyncio.Task[Any]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._names.pop(name, None)


async def _ask_through(line: socket.socket, route: Route, proxy: URL) -> None:
    """Has the proxy pass on all that follows (RFC 9110, 9.3.6). Raises NotConnected."""
    loop = asyncio.get_running_loop()
    place = f"[{route.host}]:{route.port}" if ":" in route.host else f"{route.host}:{route.port}"
    headers = header_lines({"Host": place} | authorization("Proxy-Authorization", proxy))
    asked = f"CONNECT {place} HTTP/1.1\r\n{headers}\r\n"
    await loop.sock_sendall(line, asked.encode())
    reply = b""
    while _END not in reply:
        received = await loop.sock_recv(line, _MOST_BYTES)
        reply += received
        if not received or len(reply) > _MOST_BYTES:
            raise NotConnected("The proxy broke the connection.")
    status = reply.partition(b"\r\n")[0].split(b" ")[1:2]
    if status != [b"200"]:
        raise NotConnected("The proxy does not let this connection through.")
