"""Connections to public addresses only, and to just the address that was looked at."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host's name and a port to its addresses; raises OSError for a name that has none."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 as networks without it see it (RFC 6052)."""
_TUNNELLED = IPv6Network("2002::/16")
"""6to4, which is no longer in use and can name any IPv4 address (RFC 7526)."""


class AddressRefused(Exception):
    """The host is at an address that is not a public one."""


async def resolve(host: str, port: int) -> list[str]:
    """As this machine resolves names, each address once."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    try:
        ip = _meant(ip_address(address))
    except ValueError:
        return False
    if ip.is_multicast or not ip.is_global:
        return False
    return isinstance(ip, IPv4Address) or (ip in _GLOBAL_UNICAST and ip not in _TUNNELLED)


def _meant(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolves a host itself and connects to what it found.

    Between the look at an address and the connection no name is resolved again, so that a name
    which changes its address meanwhile gains nothing. Raises AddressRefused.
    """

    def __init__(
        self, inner: httpx.AsyncBaseTransport, resolver: Resolver, *, allow_private: bool
    ) -> None:
        self._inner = inner
        self._resolver = resolver
        self._allow_private = allow_private

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Tries the host's addresses in turn until one is connected to."""
        *others, last = await self._addresses(request)
        for address in others:
            try:
                return await self._inner.handle_async_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._inner.handle_async_request(_pinned(request, last))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()

    async def _addresses(self, request: httpx.Request) -> list[str]:
        url = request.url
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await self._resolver(url.host, port)
        except OSError as exc:
            raise httpx.ConnectError("its host is unknown", request=request) from exc
        allowed = [each for each in found if self._allow_private or is_public(each)]
        if not allowed:
            raise AddressRefused(f"{url.host} is at {', '.join(found) or 'no address'}")
        return allowed


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The same request, to an address in place of the name; TLS and the server see the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
