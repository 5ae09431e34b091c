"""The stand-in Slack in a process of its own, played over HTTP.

It prints one line of JSON with its addresses and credentials. `POST /admin/<call>` with the
arguments as JSON plays one of `CALLS` and replies with the result; `GET /admin/state` replies
with the messages, the calls and the deliveries.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from inspect import isawaitable

from aiohttp import web

from tests.support.slack_delivery import Delivery
from tests.support.slack_server import SlackWorkspace, open_workspace
from tests.support.slack_state import Json

CALLS = (
    "add_channel",
    "answered",
    "answers",
    "command",
    "connected",
    "delete",
    "dm",
    "edit",
    "mention",
    "open_home",
    "post",
    "press",
    "reply",
    "settled",
    "shortcut",
    "thread",
)


def routes(workspace: SlackWorkspace) -> Sequence[web.RouteDef]:
    """The administrative routes of one workspace."""

    async def call(request: web.Request) -> web.Response:
        name = request.match_info["call"]
        if name not in CALLS:
            return web.json_response({"error": f"{name} is none of {CALLS}"}, status=404)
        result = getattr(workspace, name)(**await request.json())
        return _reply(await result if isawaitable(result) else result)

    async def state(request: web.Request) -> web.Response:
        return _reply(
            {
                "messages": list(workspace.slack.messages.values()),
                "ephemerals": workspace.slack.ephemerals,
                "calls": workspace.calls,
                "deliveries": workspace.deliveries,
            }
        )

    return [web.post("/admin/{call}", call), web.get("/admin/state", state)]


def _reply(result: object) -> web.Response:
    return web.json_response(result, dumps=lambda value: json.dumps(value, default=_plain))


def _plain(value: object) -> Json:
    if isinstance(value, Delivery):
        attempts = [asdict(attempt) for attempt in value.attempts]
        return {"kind": value.kind, "payload": value.payload, "attempts": attempts}
    assert is_dataclass(value)
    assert not isinstance(value, type)
    return asdict(value)


async def _serve(port: int) -> None:
    async with open_workspace(port, routes) as workspace:
        described = {
            "url": workspace.url,
            "api_url": workspace.api_url,
            "bot_token": workspace.bot_token,
            "app_token": workspace.app_token,
            "signing_secret": workspace.signing_secret,
            "general": workspace.general,
        }
        print(json.dumps(described), flush=True)  # noqa: T201 - how its parent learns the address
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args().port))
