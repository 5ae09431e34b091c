"""The REST API of the stand-in Discord over HTTP: tokens, faults, rate limits, records."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support import discord_channels as channels
from tests.support import discord_interactions as interactions
from tests.support import discord_messages as messages
from tests.support.discord_faults import Fault, Faults, Rates, Window, limited
from tests.support.discord_gateway import Gateway
from tests.support.discord_interactions import Interactions
from tests.support.discord_messages import Call
from tests.support.discord_schemas import Described
from tests.support.discord_state import Discord, Json, Refused

TOKEN = "MTEwMDAwMDAwMDAwMDAwMDAwMg.stand-in.discord"
_BASE = "/api/v10"
_OPEN = ("/interactions/", "/webhooks/")
_COMMANDS = "/applications/{application_id}/commands"
_GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_REACTION = _MESSAGE + "/reactions/{emoji_name}/@me"
_RESPONSE = "/webhooks/{webhook_id}/{webhook_token}"
_MEMBERSHIP = "/channels/{channel_id}/thread-members/@me"

Does = Callable[[Discord, Call], Any]


@dataclass
class RestApi:
    """Answers below `/api/v10`, and records every request under the name that Discord gives it.

    `violations` are the requests that do not fit Discord's own description of its API.
    """

    discord: Discord
    gateway: Gateway
    interactions: Interactions
    faults: Faults = field(default_factory=Faults)
    rates: Rates = field(default_factory=Rates)
    calls: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    token: str = TOKEN

    def __post_init__(self) -> None:
        self._operations = self._described()
        self.schemas = Described(self._operations)

    def routes(self) -> list[web.RouteDef]:
        made = [
            web.route(method, _BASE + path, self._handler(operation, does))
            for operation, (method, path, does) in self._operations.items()
        ]
        attachment = web.get("/attachments/{id}/{name}", self._attachment)
        return [*made, attachment, web.route("*", "/{anything:.*}", self._unknown)]

    def _described(self) -> dict[str, tuple[str, str, Does]]:
        """Each operation by its name in Discord's description: method, path, what it does."""
        said = self.interactions
        return {
            "get_gateway": ("GET", "/gateway", self._gateway),
            "get_bot_gateway": ("GET", "/gateway/bot", self._bot_gateway),
            "get_my_user": ("GET", "/users/@me", channels.get_my_user),
            "get_user": ("GET", "/users/{user_id}", channels.get_user),
            "create_dm": ("POST", "/users/@me/channels", channels.create_dm),
            "get_my_application": ("GET", "/applications/@me", channels.get_application),
            "get_my_oauth2_application": (
                "GET",
                "/oauth2/applications/@me",
                channels.get_application,
            ),
            "list_application_commands": ("GET", _COMMANDS, interactions.list_commands),
            "bulk_set_application_commands": ("PUT", _COMMANDS, interactions.set_commands),
            "list_guild_application_commands": (
                "GET",
                _GUILD_COMMANDS,
                interactions.list_commands,
            ),
            "bulk_set_guild_application_commands": (
                "PUT",
                _GUILD_COMMANDS,
                interactions.set_commands,
            ),
            "create_interaction_response": (
                "POST",
                "/interactions/{interaction_id}/{interaction_token}/callback",
                said.create_interaction_response,
            ),
            "execute_webhook": ("POST", _RESPONSE, said.execute_webhook),
            **{
                f"{verb}_{name}webhook_message": (method, f"{_RESPONSE}/messages/{which}", does)
                for name, which in (("original_", "@original"), ("", "{message_id}"))
                for verb, method, does in (
                    ("get", "GET", said.get_webhook_message),
                    ("update", "PATCH", said.update_webhook_message),
                    ("delete", "DELETE", said.delete_webhook_message),
                )
            },
            **_PLACES,
        }

    def _handler(self, operation: str, does: Does) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            parts, query = dict(request.match_info), dict(request.query)
            body = await _body(request)
            call = Call(operation, parts, query, body, self.discord.now())
            self.calls.append(call)
            if misfit := self.schemas.misfit(operation, query, body):
                self.violations.append(misfit)
                return self._refused(call, Refused(50035, misfit))
            return await self._answer(request, call, does)

        return handle

    async def _answer(self, request: web.Request, call: Call, does: Does) -> web.StreamResponse:
        fault = self.faults.next(call.operation, call.arguments)
        if fault is None:
            return self._done(request, call, does)
        if fault.applied:
            done = self._done(request, call, does)
            await asyncio.sleep(fault.delay)
            return self._broken(request, call, fault) if fault.replaces else done
        await asyncio.sleep(fault.delay)
        if fault.replaces:
            return self._broken(request, call, fault)
        return self._done(request, call, does)

    def _done(self, request: web.Request, call: Call, does: Does) -> web.Response:
        path = request.path.removeprefix(_BASE)
        try:
            if not path.startswith(_OPEN):
                if path != "/gateway":
                    self._authorise(request)
                self._pass(self.rates.everywhere, everywhere=True)
            self._pass(self.rates.window(call.operation, call.major), everywhere=False)
            result = does(self.discord, call)
        except _Limited as wait:
            return self._limited(call, wait.seconds, everywhere=wait.everywhere)
        except Refused as refused:
            return self._refused(call, refused)
        except Exception as error:
            self.violations.append(f"the stand-in failed at {call.operation}: {error!r}")
            raise
        call.status = 204 if result is None else 200
        return self._reply(call, result)

    def _broken(self, request: web.Request, call: Call, fault: Fault) -> web.Response:
        if fault.disconnect and request.transport is not None:
            request.transport.abort()
        if fault.retry_after is not None:
            return self._limited(call, fault.retry_after, everywhere=fault.everywhere)
        if fault.code is not None:
            return self._refused(call, Refused(fault.code))
        call.status = fault.status or 0
        return web.Response(status=fault.status or 500, text="<html>upstream error</html>")

    def _refused(self, call: Call, refused: Refused) -> web.Response:
        call.status, call.error = refused.status, refused.code
        return self._reply(call, refused.body)

    def _limited(self, call: Call, seconds: float, *, everywhere: bool) -> web.Response:
        call.status = 429
        headers, body = limited(seconds, everywhere=everywhere)
        return self._reply(call, body, headers)

    def _reply(self, call: Call, body: Any, headers: dict[str, str] | None = None) -> web.Response:
        shown = self.rates.headers(call.operation, call.major) | (headers or {})
        if call.status == 204:
            return web.Response(status=204, headers=shown)
        shown["Content-Type"] = "application/json"  # to the letter: a charset is not understood
        return web.Response(body=json.dumps(body), status=call.status, headers=shown)

    def _authorise(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self.token}":
            raise Refused(0)

    def _pass(self, window: Window, *, everywhere: bool) -> None:
        if (wait := window.take()) > 0:
            self.rates.refused += 1
            raise _Limited(wait, everywhere=everywhere)

    def _gateway(self, discord: Discord, call: Call) -> Json:
        return {"url": self.gateway.url}

    def _bot_gateway(self, discord: Discord, call: Call) -> Json:
        left = {"total": 1000, "remaining": self.gateway.starts, "reset_after": 14_400_000}
        start = left | {"max_concurrency": 1}
        return {"url": self.gateway.url, "shards": 1, "session_start_limit": start}

    async def _attachment(self, request: web.Request) -> web.Response:
        kind, content = self.discord.files[request.match_info["id"]]
        return web.Response(body=content, content_type=kind)

    async def _unknown(self, request: web.Request) -> web.Response:
        """What the stand-in does not have is told as a violation: a test would wait in vain."""
        self.violations.append(f"not in the stand-in: {request.method} {request.path}")
        headers = {"Content-Type": "application/json"}
        body = json.dumps({"message": "404: Not Found", "code": 0})
        return web.Response(body=body, status=404, headers=headers)


class _Limited(Exception):
    def __init__(self, seconds: float, *, everywhere: bool) -> None:
        super().__init__(seconds)
        self.seconds, self.everywhere = seconds, everywhere


_PLACES: dict[str, tuple[str, str, Does]] = {
    "get_channel": ("GET", "/channels/{channel_id}", channels.get_channel),
    "update_channel": ("PATCH", "/channels/{channel_id}", channels.update_channel),
    "list_messages": ("GET", "/channels/{channel_id}/messages", messages.list_messages),
    "create_message": ("POST", "/channels/{channel_id}/messages", messages.create_message),
    "get_message": ("GET", _MESSAGE, messages.get_message),
    "update_message": ("PATCH", _MESSAGE, messages.update_message),
    "delete_message": ("DELETE", _MESSAGE, messages.delete_message),
    "add_my_message_reaction": ("PUT", _REACTION, messages.add_my_message_reaction),
    "delete_my_message_reaction": ("DELETE", _REACTION, messages.delete_my_message_reaction),
    "trigger_typing_indicator": (
        "POST",
        "/channels/{channel_id}/typing",
        messages.trigger_typing_indicator,
    ),
    "create_thread_from_message": (
        "POST",
        f"{_MESSAGE}/threads",
        channels.create_thread_from_message,
    ),
    "create_thread": ("POST", "/channels/{channel_id}/threads", channels.create_thread),
    "join_thread": ("PUT", _MEMBERSHIP, channels.thread_membership),
    "leave_thread": ("DELETE", _MEMBERSHIP, channels.thread_membership),
    "list_public_archived_threads": (
        "GET",
        "/channels/{channel_id}/threads/archived/public",
        channels.list_public_archived_threads,
    ),
    "get_guild": ("GET", "/guilds/{guild_id}", channels.get_guild),
    "list_guild_channels": ("GET", "/guilds/{guild_id}/channels", channels.list_guild_channels),
    "list_guild_roles": ("GET", "/guilds/{guild_id}/roles", channels.list_guild_roles),
    "get_guild_member": (
        "GET",
        "/guilds/{guild_id}/members/{user_id}",
        channels.get_guild_member,
    ),
    "get_active_guild_threads": (
        "GET",
        "/guilds/{guild_id}/threads/active",
        channels.get_active_guild_threads,
    ),
}


async def _body(request: web.Request) -> Any:
    """The JSON of a request; of one with files, its `payload_json`."""
    if request.content_type == "multipart/form-data":
        form = await request.post()
        return json.loads(str(form["payload_json"]))
    text = await request.text()
    return json.loads(text) if text else None
