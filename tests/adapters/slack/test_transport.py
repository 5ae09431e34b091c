"""Slack's signed requests, and the gaps of a websocket."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, MutableMapping
from typing import Any, TypeAlias

import pytest
from aiohttp import WSMessage, WSMsgType
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from adapters.slack.manifest import EVENTS_PATH
from adapters.slack.transport import MOST_BYTES, Gaps, asgi, open_socket_mode
from core.errors import AccessDenied
from tests.support.slack_server import open_workspace

Headers: TypeAlias = list[tuple[bytes, bytes]]

SECRET = "s3cret"
EVENT = json.dumps({"type": "event_callback", "team_id": "T1", "event": {"type": "ping"}}).encode()


async def authorize() -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1")


def app() -> AsyncApp:
    """Takes an event, and counts it in its name."""
    made = AsyncApp(signing_secret=SECRET, authorize=authorize)
    made.event("ping")(_nothing)
    return made


async def _nothing() -> None:
    """What an event is worth here."""


def signed(body: bytes, *, secret: str = SECRET, age: float = 0) -> Headers:
    timestamp = str(int(time.time() - age))
    base = b"v0:" + timestamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return [
        (b"content-type", b"application/json"),
        (b"x-slack-request-timestamp", timestamp.encode()),
        (b"x-slack-signature", f"v0={digest}".encode()),
    ]


async def request(
    body: bytes = EVENT,
    *,
    headers: Headers | None = None,
    method: str = "POST",
    path: str = EVENTS_PATH,
    kind: str = "http",
) -> tuple[int | None, bytes]:
    """The status and the body of the response, the request having come in two parts."""
    parts = [
        {"type": "http.request", "body": body[:10], "more_body": True},
        {"type": "http.request", "body": body[10:], "more_body": False},
    ]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return parts.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": kind, "method": method, "path": path}
    scope["headers"] = signed(body) if headers is None else headers  # type: ignore[assignment]
    await asgi(app())(scope, receive, send)
    return (sent[0]["status"], sent[1]["body"]) if sent else (None, b"")


async def test_a_signed_event_is_acknowledged() -> None:
    assert await request() == (200, b"")


async def test_slack_may_verify_the_address() -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    assert await request(body) == (200, b'{"challenge": "abc"}')


@pytest.mark.parametrize(
    "headers",
    [
        # Made when the test runs: what waited for its turn for five minutes would be too old.
        lambda: signed(EVENT, secret="another"),
        lambda: signed(EVENT, age=301),
        lambda: signed(b"another body"),
        lambda: [(b"content-type", b"application/json")],
    ],
    ids=["another secret", "too old", "another body", "unsigned"],
)
async def test_what_slack_did_not_sign_is_refused(headers: Callable[[], Headers]) -> None:
    assert (await request(headers=headers()))[0] == 401


async def test_what_cannot_be_a_request_of_slacks_is_refused() -> None:
    assert (await request(path="/else"))[0] == 404
    assert (await request(method="GET"))[0] == 405
    assert (await request(b"x" * (MOST_BYTES + 1)))[0] == 413
    assert (await request(b"\xff\xfe and so on"))[0] == 400
    assert (await request(kind="websocket"))[0] is None


async def gaps(*messages: tuple[float, str]) -> int:
    """How often something may have been missed in a course of websocket messages."""
    missed: list[None] = []
    now = [0.0]
    watching = Gaps(lambda: missed.append(None), clock=lambda: now[0])
    for at, data in messages:
        now[0] = at
        await watching(WSMessage(WSMsgType.TEXT, data, None))
    return len(missed)


HELLO, DISCONNECT = '{"type": "hello"}', '{"type": "disconnect", "reason": "refresh_requested"}'


@pytest.mark.parametrize(
    ("messages", "missed"),
    [
        ([(0, HELLO)], 0),
        ([(0, HELLO), (10, DISCONNECT), (11, HELLO)], 0),
        ([(0, HELLO), (10, DISCONNECT), (200, HELLO)], 1),
        ([(0, HELLO), (10, HELLO)], 1),
        ([(0, HELLO), (1, '{"envelope_id": "1", "type": "hello"}')], 0),
        ([(0, HELLO), (1, "no JSON"), (2, "[]")], 0),
    ],
)
async def test_a_gap_that_was_long_or_not_announced_may_have_lost_something(
    messages: list[tuple[float, str]], missed: int
) -> None:
    assert await gaps(*messages) == missed


async def test_a_token_that_slack_does_not_take_is_told_at_once() -> None:
    async with open_workspace() as workspace:
        for token in ("xoxb-stand-in", "xapp-another"):
            with pytest.raises(AccessDenied):
                async with open_socket_mode(
                    app(), token, base_url=workspace.api_url, missed=lambda: None
                ):
                    pass
