"""The Web API of the stand-in Slack over HTTP: arguments, tokens, scopes, faults, records."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.slack_faults import Fault, Faults
from tests.support.slack_methods import METHODS
from tests.support.slack_state import Ephemeral, Json, Message, Refused, Slack, identifier

BOT_TOKEN = "xoxb-stand-in"
APP_TOKEN = "xapp-1-A0DOCENT-stand-in"
CONFIG_TOKEN = "xoxe.xoxp-stand-in"
RESPONSE_USES = 5
_NUMBERS = frozenset({"limit", "count", "page"})
_FLAGS = frozenset(
    {"inclusive", "include_all_metadata", "include_num_members", "exclude_archived", "return_im"}
)
_HIDDEN_SCOPES = {"group": "groups", "im": "im", "mpim": "mpim"}


@dataclass(frozen=True)
class Call:
    """One Web API call as it came, with what it got; `error` is None where it was ok."""

    method: str
    arguments: Json
    status: int
    error: str | None = None


@dataclass
class ResponseAddress:
    """A `response_url`: for whom it speaks, where, and how often it was used."""

    channel: str
    user: str
    thread_ts: str | None = None
    original: Ephemeral | Message | None = None
    uses: int = 0


@dataclass
class WebApi:
    """Answers `/api/<method>` and `/response/<id>`, and records every call.

    `scopes` limits what the token may do, and each reply names them; None is everything, unnamed.
    `manifest` is what the app's own configuration token may read.
    """

    slack: Slack
    faults: Faults = field(default_factory=Faults)
    scopes: frozenset[str] | None = None
    manifest: Json = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    responses: dict[str, ResponseAddress] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    url: str = ""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/api/{method}", self._api),
            web.post("/response/{id}", self._respond),
            web.get("/files/{id}", self._file),
        ]

    def response_url(self, address: ResponseAddress) -> str:
        name = identifier("")
        self.responses[name] = address
        return f"{self.url}/response/{name}"

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method, arguments = request.match_info["method"], await _arguments(request)
        fault = self.faults.next(method, arguments)
        if fault is not None:
            await asyncio.sleep(fault.delay)
        if fault is None or not fault.replaces or fault.applied:
            body = self._call(method, arguments, request)
        else:
            body = {"ok": False, "error": fault.error or "ratelimited"}
        if fault is not None and fault.replaces:
            return self._broken(request, method, arguments, fault)
        self._note(Call(method, arguments, 200, body.get("error")))
        return web.json_response(body, headers=self._headers())

    def _note(self, call: Call) -> None:
        self.calls.append(call)
        self.slack.touch()

    def _call(self, method: str, arguments: Json, request: web.Request) -> Json:
        try:
            if method == "apps.connections.open":
                return self._connection(request)
            if method == "apps.manifest.export":
                _authorise(request, CONFIG_TOKEN)
                return {"ok": True, "manifest": self.manifest}
            _authorise(request, BOT_TOKEN)
            if method not in METHODS:
                raise Refused("unknown_method", req_method=method)  # noqa: TRY301 - one reply for all
            does, scope = METHODS[method]
            self._check_scope(scope, arguments)
            return {"ok": True} | does(self.slack, arguments)
        except KeyError as missing:
            return {"ok": False, "error": "invalid_arguments", "missing": str(missing)}
        except Refused as refused:
            return refused.body

    def _connection(self, request: web.Request) -> Json:
        _authorise(request, APP_TOKEN)
        ticket = identifier("ticket")
        self.tickets.add(ticket)
        return {"ok": True, "url": f"{self.url.replace('http', 'ws', 1)}/link?ticket={ticket}"}

    def _check_scope(self, scope: str | None, arguments: Json) -> None:
        if scope is None or self.scopes is None:
            return
        channel = self.slack.channels.get(str(arguments.get("channel")))
        if channel is not None and scope.startswith("channels:"):
            scope = scope.replace("channels", _HIDDEN_SCOPES.get(channel.kind, "channels"))
        if scope not in self.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))

    def _broken(
        self, request: web.Request, method: str, arguments: Json, fault: Fault
    ) -> web.StreamResponse:
        status = 429 if fault.retry_after is not None else fault.status or 200
        error = fault.error or ("ratelimited" if status == 429 else f"http_{status}")
        self._note(Call(method, arguments, status, error))
        if fault.disconnect and request.transport is not None:
            request.transport.abort()
        headers = {"Retry-After": str(fault.retry_after)} if status == 429 else {}
        if fault.status is not None:
            return web.Response(status=status, text="<html>upstream error</html>")
        return web.json_response({"ok": False, "error": error}, status=status, headers=headers)

    def _headers(self) -> dict[str, str]:
        return {} if self.scopes is None else {"X-OAuth-Scopes": ",".join(sorted(self.scopes))}

    async def _respond(self, request: web.Request) -> web.Response:
        """What is posted to a `response_url`: to the person, to all, or over what was there."""
        address = self.responses.get(request.match_info["id"])
        if address is None or address.uses >= RESPONSE_USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        address.uses += 1
        body = await request.json()
        self.calls.append(Call("response_url", body, 200))
        self.respond(address, body, "response_url")
        return web.Response(text="ok")

    def respond(self, address: ResponseAddress, body: Json, source: str) -> None:
        """Applies a response, from its address or from an acknowledgement."""
        original = address.original
        if body.get("delete_original") and isinstance(original, Ephemeral):
            self.slack.ephemerals.remove(original)
        elif body.get("replace_original") and original is not None:
            original.text, original.blocks = body.get("text") or "", body.get("blocks") or []
        elif body.get("response_type") == "in_channel":
            METHODS["chat.postMessage"][0](
                self.slack, {"channel": address.channel, "thread_ts": address.thread_ts} | body
            )
        elif body.get("text") or body.get("blocks"):
            self._whisper(address, body, source)
        self.slack.touch()

    def _whisper(self, address: ResponseAddress, body: Json, source: str) -> None:
        whispered = Ephemeral(
            address.channel,
            address.user,
            body.get("text") or "",
            body.get("blocks") or [],
            self.slack.new_ts(),
            body.get("thread_ts") or address.thread_ts,
            source,
        )
        self.slack.ephemerals.append(whispered)

    async def _file(self, request: web.Request) -> web.Response:
        """A private file; without the bot's token, Slack shows its page to sign in instead."""
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return web.Response(text="<html>Sign in to Slack</html>", content_type="text/html")
        description, content = self.slack.files[request.match_info["id"]]
        return web.Response(body=content, content_type=description["mimetype"])


def _authorise(request: web.Request, token: str) -> None:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not given:
        raise Refused("not_authed")
    if given[:5] != token[:5]:
        raise Refused("not_allowed_token_type")
    if given != token:
        raise Refused("invalid_auth")


async def _arguments(request: web.Request) -> Json:
    """The arguments as the method's types have them, from JSON, a form or the query."""
    if request.content_type == "application/json":
        body: Json = await request.json()
        return body
    form: Mapping[str, Any] = await request.post()
    given = dict(request.query) | {key: str(value) for key, value in form.items()}
    given.pop("token", None)
    return {key: _typed(key, value) for key, value in given.items()}


def _typed(key: str, value: str) -> object:
    if key in _FLAGS:
        return value.lower() in {"1", "true"}
    if key in _NUMBERS:
        return int(value)
    return json.loads(value) if value[:1] in {"{", "["} else value
