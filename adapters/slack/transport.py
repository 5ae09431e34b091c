"""The two ways in which Slack reaches us: a websocket that we open, and signed HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import aiohttp
from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.chat.clock import PlatformClock
from adapters.slack.api import call_once, web_client
from adapters.slack.manifest import EVENTS_PATH
from core.errors import ConfigurationError, ServiceUnavailable

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 1_000_000
"""The largest request that is read; Slack's are far smaller."""

_OFF = 290.0
"""Seconds by which a signed request may be early or late; beyond 300 Bolt takes it for a replay
(docs.slack.dev/authentication/verifying-requests-from-slack), and it was on its way, too."""

_CONNECTING = 20.0
_PING = 10.0
_OUTAGE = 60.0
"""Seconds without a connection after which Slack may have given a delivery up."""

_vendor_log = logging.getLogger("slack")


@asynccontextmanager
async def open_socket_mode(
    app: AsyncApp, app_token: str, *, base_url: str, missed: Callable[[], None]
) -> AsyncIterator[None]:
    """Events over a websocket until the block ends; `missed` is called after an outage.

    Raises AccessDenied when Slack does not take the token, ServiceUnavailable when no connection
    comes about. A connection that is lost later is made again by itself.
    """
    async with aiohttp.ClientSession() as session:
        client = web_client(session, base_url)
        first = await call_once(client, "apps.connections.open", app_token=app_token)
        handler = AsyncSocketModeHandler(
            app, app_token, logger=_vendor_log, web_client=client, ping_interval=_PING
        )
        socket = handler.client
        socket.wss_uri = str(first["url"])
        socket.on_message_listeners.append(Gaps(missed))
        try:
            await _connected(handler)
            yield
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call] # Bolt's
            await _ended(
                socket.message_receiver, socket.message_processor, socket.current_session_monitor
            )


async def _connected(handler: AsyncSocketModeHandler) -> None:
    try:
        async with asyncio.timeout(_CONNECTING):
            await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt's
    except TimeoutError as exc:
        raise ServiceUnavailable("Slack", "no websocket connection came about") from exc


async def _ended(*tasks: asyncio.Future[Any] | None) -> None:
    """Waits for what the client cancelled, which it does not do by itself."""
    await asyncio.gather(*filter(None, tasks), return_exceptions=True)


class Gaps:
    """Is told each text that the websocket brings, and notices when it was away.

    Slack announces when it is about to renew a connection, and that is brief.
    """

    def __init__(
        self, missed: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._missed = missed
        self._clock = clock
        self._first = True
        self._announced: float | None = None

    async def __call__(self, message: WSMessage) -> None:
        """Called by the websocket's client."""
        kind = _kind(str(message.data))
        if kind == "disconnect":
            self._announced = self._clock()
        elif kind == "hello":
            told, self._announced = self._announced, None
            brief = told is not None and self._clock() - told < _OUTAGE
            if not self._first and not brief:
                self._missed()
            self._first = False


def _kind(data: str) -> str:
    """The kind of a message about the connection; of an envelope none."""
    if '"envelope_id"' in data:
        return ""
    try:
        message = json.loads(data)
    except ValueError:
        return ""
    return str(message.get("type", "")) if isinstance(message, dict) else ""


def require_time(clock: PlatformClock) -> None:
    """Raises ConfigurationError where this machine's clock has all signed requests refused."""
    ahead = clock.ahead()
    if abs(ahead) > _OFF:
        off = f"{abs(ahead) / 60:.0f} minutes {'ahead of' if ahead > 0 else 'behind'}"
        raise ConfigurationError(
            f"This machine's clock is {off} Slack's, so that all of Slack's requests are refused.",
            hint="Set the clock; a time service (NTP) keeps it right.",
        )


def asgi(app: AsyncApp) -> Asgi:
    """An ASGI application that takes Slack's signed requests at `EVENTS_PATH`."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        response = await _respond(app, scope, receive)
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        if response.headers:
            headers = [
                (name.encode(), value.encode())
                for name, values in response.headers.items()
                for value in values
            ]
        start = {"type": "http.response.start", "status": response.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": response.body.encode()})

    return serve


async def _respond(app: AsyncApp, scope: Scope, receive: Receive) -> BoltResponse:
    if scope["path"] != EVENTS_PATH:
        return BoltResponse(status=404, body="")
    if scope["method"] != "POST":
        return BoltResponse(status=405, body="")
    body = await _body(receive)
    if body is None:
        return BoltResponse(status=413, body="")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return BoltResponse(status=400, body="")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return await app.async_dispatch(AsyncBoltRequest(body=text, headers=headers))


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None when it is too large to be one of Slack's."""
    body = bytearray()
    while True:
        part = await receive()
        body += part.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not part.get("more_body"):
            return bytes(body)
