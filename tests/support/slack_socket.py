"""Socket Mode of the stand-in Slack: several connections, each event to one of them."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from uuid import uuid4

from aiohttp import WSMsgType, web

from tests.support.slack_delivery import Attempt, Delivery, Receipt
from tests.support.slack_state import Json, Slack
from tests.support.slack_web import WebApi

MOST_CONNECTIONS = 10


@dataclass
class SocketMode:
    """The websocket's end of it. `opened` counts the connections that ever were."""

    slack: Slack
    api: WebApi
    connections: list[web.WebSocketResponse] = field(default_factory=list)
    awaited: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)
    opened: int = 0
    choose: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - a test's

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/link", self._link)]

    async def send(self, delivery: Delivery, attempt: Attempt) -> Receipt:
        """Sends one envelope and waits for its acknowledgement; the caller limits the time."""
        if not self.connections:
            return Receipt(None, reason="connection_failed")
        envelope = _envelope(delivery, attempt)
        acknowledged = asyncio.get_running_loop().create_future()
        self.awaited[envelope["envelope_id"]] = acknowledged
        try:
            await self.choose.choice(self.connections).send_str(json.dumps(envelope))
            return Receipt(200, reply=await acknowledged)
        except ConnectionError:
            return Receipt(None, reason="connection_failed")
        finally:
            del self.awaited[envelope["envelope_id"]]

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Asks each client to connect anew, as Slack does every few hours; then closes."""
        message = {"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}}
        for connection in list(self.connections):
            await connection.send_str(json.dumps(message))

    async def close(self) -> None:
        """Closes every connection with a close frame."""
        for connection in list(self.connections):
            await connection.close()

    def drop(self) -> None:
        """Breaks every connection without a word."""
        for connection in list(self.connections):
            self.connections.remove(connection)
            if connection._req is not None and connection._req.transport is not None:
                connection._req.transport.abort()

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.api.tickets or len(self.connections) >= MOST_CONNECTIONS:
            return web.Response(status=403)
        self.api.tickets.discard(ticket)
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        await connection.send_str(json.dumps(self._hello()))
        self.connections.append(connection)
        self.opened += 1
        self.slack.touch()
        try:
            await self._listen(connection)
        finally:
            if connection in self.connections:
                self.connections.remove(connection)
            self.slack.touch()
        return connection

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections) + 1,
            "debug_info": {"host": "stand-in", "approximate_connection_time": 18060},
            "connection_info": {"app_id": self.slack.app_id},
        }

    async def _listen(self, connection: web.WebSocketResponse) -> None:
        async for message in connection:
            if message.type is not WSMsgType.TEXT:
                continue
            acknowledged = json.loads(message.data)
            waiting = self.awaited.get(acknowledged.get("envelope_id"))
            if waiting is not None and not waiting.done():
                waiting.set_result(acknowledged.get("payload"))


def _envelope(delivery: Delivery, attempt: Attempt) -> Json:
    envelope: Json = {
        "envelope_id": str(uuid4()),
        "type": delivery.kind,
        "payload": delivery.payload,
        "accepts_response_payload": delivery.kind != "events_api",
    }
    if delivery.kind == "events_api":
        reason = "timeout" if attempt.reason == "http_timeout" else attempt.reason or ""
        envelope |= {"retry_attempt": attempt.number, "retry_reason": reason}
    return envelope
