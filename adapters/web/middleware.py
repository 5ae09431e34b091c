"""What every request passes before it reaches a route, and every reply on its way out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from adapters.web.problems import Problem

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 500_000
"""Bytes of a request that uploads nothing: the longest question, each character escaped."""

_ROOM_AROUND_UPLOAD = 10_000
_SLOWEST = 30.0
"""Seconds for the next piece of a request's body."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORWARDED = frozenset(
    {
        "cf-connecting-ip",
        "forwarded",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-original-host",
        "x-real-ip",
    }
)
"""What proxies add, one or the other of them each."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Where requests may come from, and how large they may be.

    `local` says that nobody needs a key, because only this machine reaches the server: then a
    request must be to a name of this machine, and must come through no proxy.
    `origins` are the websites whose pages may call the API. `site` is the server's own origin,
    where a proxy calls it by another name than its visitors do.
    """

    local: bool
    origins: tuple[str, ...] = ()
    site: str | None = None
    upload_path: str = "/api/v1/documents"
    upload_bytes: int = 0


class Doorman:
    """An ASGI application around another."""

    def __init__(self, app: Asgi, doors: Doors) -> None:
        self._doors = doors
        self._app = app
        # Around the checks, so that a page which may call the API can read why they refuse.
        self._cors: Asgi = CORSMiddleware(
            self._checked,
            allow_origins=doors.origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("authorization", "content-type", "idempotency-key"),
            expose_headers=("location", "ratelimit", "ratelimit-policy", "retry-after"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request. Websockets are none of ours."""
        if scope["type"] != "http":
            return
        scope.setdefault("state", {})
        await self._cors(scope, receive, _with_headers(scope, send))

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            self._check_origin(scope, headers)
            receive = self._limited(scope, headers, receive)
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if self._doors.local:
            self._check_host(host, headers)
        origin = headers.get("origin")
        if origin is None or scope["method"] in _SAFE:
            return
        if origin in self._doors.origins or origin == self._doors.site:
            return
        if origin.partition("://")[2] != host or not host:
            raise Problem(403, "Forbidden", "Pages of another website may not do this.")

    def _check_host(self, host: str, headers: Headers) -> None:
        """Against DNS rebinding, and a proxy that makes everybody look like this machine."""
        if not is_loopback(_hostname(host)):
            raise Problem(
                421, "Misdirected request", "Without keys, this server answers this machine only."
            )
        if not _FORWARDED.isdisjoint(headers.keys()):
            raise Problem(
                403,
                "Forbidden",
                "Behind a proxy, keys are needed: `docent keys create`, then start Docent again.",
            )

    def _limited(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        most = LARGEST_BODY
        if scope["path"] == self._doors.upload_path:
            most = self._doors.upload_bytes + _ROOM_AROUND_UPLOAD
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > most:
            raise Problem(413, "Content too large", f"A request may have {most:,} bytes here.")
        return counted(receive, most)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host, by its name or address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def counted(receive: Receive, most: int, *, slowest: float = _SLOWEST) -> Receive:
    """Reads no more than that, and waits for no piece for ever."""
    seen, complete = 0, False

    async def limited() -> MutableMapping[str, Any]:
        nonlocal seen, complete
        if complete:  # what is waited for is that the client leaves
            return await receive()
        try:
            async with asyncio.timeout(slowest):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        seen += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if seen > most:
            raise HTTPException(413, f"A request may have {most:,} bytes here.")
        return message

    return limited


def _with_headers(scope: Scope, send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(scope["state"].get("headers", {}))
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
