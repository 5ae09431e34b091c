"""A stand-in for what Slack tells of an app: its token's scopes, its connections, its manifest."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.slack.manifest import Transport, bot_scopes, manifest
from tests.support.dated import dated


@dataclass
class AppSettings:
    """An app that is set up as it should be, until a test says otherwise.

    `tokens` are taken; `scopes` None leaves the header out. Its clock is `ahead` of ours by so many
    seconds.
    """

    tokens: frozenset[str] = frozenset({"xoxb-good", "xapp-good", "xoxe.xoxp-good"})
    scopes: Iterable[str] | None = field(default_factory=bot_scopes)
    manifest: dict[str, Any] = field(default_factory=lambda: manifest("socket"))
    bot: dict[str, str] = field(default_factory=lambda: {"app_id": "A1"})
    url: str = ""
    ahead: float = 0.0

    def transport(self, transport: Transport) -> None:
        self.manifest = manifest(transport, "https://docs.example.com")

    async def reply(self, request: web.Request) -> web.Response:
        """One call of the Web API."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        replies: dict[str, dict[str, Any]] = {
            "auth.test": {"user": "docent", "team": "Acme", "user_id": "U1", "bot_id": "B1"},
            "bots.info": {"bot": self.bot},
            "apps.connections.open": {"url": "wss://nowhere.example.com"},
            "apps.manifest.export": {"manifest": self.manifest},
        }
        headers = {} if self.scopes is None else {"X-OAuth-Scopes": ",".join(self.scopes)}
        body = {"ok": True, **replies[request.match_info["method"]]}
        return web.json_response(body, headers=headers)


@asynccontextmanager
async def open_app_settings() -> AsyncIterator[AppSettings]:
    """Served on a loopback socket; `url` is the Web API's address."""
    settings = AppSettings()
    app = web.Application()
    app.on_response_prepare.append(dated(lambda: time.time() + settings.ahead))
    app.add_routes([web.route("*", "/api/{method}", settings.reply)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    try:
        yield settings
    finally:
        await runner.cleanup()
