"""The Web API: what Slack may reply, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from adapters.slack.api import SlackApi, open_slack_api
from adapters.slack.api_errors import SlackRefused
from core.errors import (
    AccessDenied,
    MalformedReply,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)
from tests.support.http_server import Exchange, HttpServer, serving

Reply = Callable[[Exchange], Awaitable[None]]
US = {"ok": True, "team_id": "T1", "user_id": "U0DOCENT", "bot_id": "B0DOCENT"}


def json(status: int, body: object, **headers: str) -> Reply:
    async def reply(exchange: Exchange) -> None:
        await exchange.reply(status, body, **headers)

    return reply


def raw(status: int, text: str, content_type: str = "text/html") -> Reply:
    async def reply(exchange: Exchange) -> None:
        await exchange.head(status, content_type=content_type)
        await exchange.send(text)

    return reply


async def hang_up(exchange: Exchange) -> None:
    exchange.abort()


class Slack:
    """Replies with what is in `replies`, in turn; the last one stays."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [json(200, {"ok": True})]
        self.server = HttpServer()

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.path.endswith("auth.test"):
            await exchange.reply(200, US)
            return
        reply = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
        await reply(exchange)

    @property
    def calls(self) -> list[Exchange]:
        return [e for e in self.server.exchanges if not e.path.endswith("auth.test")]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    handler = Slack()
    async with serving(handler) as handler.server:
        yield handler


@pytest.fixture
async def api(slack: Slack) -> AsyncIterator[SlackApi]:
    async with open_slack_api("xoxb-1", base_url=f"{slack.server.url}/api/") as opened:
        yield opened


def refused(code: str, **more: Any) -> Reply:
    return json(200, {"ok": False, "error": code, **more})


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refused("channel_not_found"), SlackRefused),
        (refused("invalid_auth"), AccessDenied),
        (refused("token_revoked"), AccessDenied),
        (refused("missing_scope", needed="chat:write"), AccessDenied),
        (refused("not_allowed_token_type"), AccessDenied),
        (refused("internal_error"), ServiceUnavailable),
        (refused("{'authorization': 'Bearer xoxb-1'}"), MalformedReply),
        (refused("service_unavailable"), ServiceUnavailable),
        (refused("ratelimited"), RateLimited),
        (json(429, {"ok": False, "error": "ratelimited"}, retry_after="7"), RateLimited),
        (raw(429, "slow down"), RateLimited),
        (raw(500, "<html>"), ServiceUnavailable),
        (json(503, {"ok": False}), ServiceUnavailable),
        (raw(200, "<html>"), MalformedReply),
        (raw(200, "busy", "text/plain"), MalformedReply),
        (raw(200, "{not json", "application/json"), MalformedReply),
        (json(200, []), MalformedReply),
        (json(200, None), MalformedReply),
        (json(200, {"ok": False}), MalformedReply),
        (hang_up, ServiceUnavailable),
    ],
)
async def test_whatever_fails_is_an_error_of_ours(
    api: SlackApi, slack: Slack, reply: Reply, error: type[ServiceError]
) -> None:
    slack.replies = [reply]
    with pytest.raises(ServiceError) as caught:
        await api.call("chat.postMessage", patience=0, channel="C1", text="Hi")
    assert type(caught.value) is error
    assert caught.value.service == "Slack"
    assert caught.value.__cause__ is not None
    assert len(slack.calls) == 1, "a message is never sent twice by itself"


async def test_a_server_that_nobody_reaches_is_unavailable(api: SlackApi, slack: Slack) -> None:
    async with open_slack_api("xoxb-1", base_url=slack.server.url) as other:
        other._client.base_url = "http://127.0.0.1:1/"
        with pytest.raises(ServiceUnavailable):
            await other.call("chat.postMessage", channel="C1", text="Hi")


async def test_a_refusal_says_why(api: SlackApi, slack: Slack) -> None:
    slack.replies = [
        refused("invalid_blocks", response_metadata={"messages": ["[ERROR] too long"]})
    ]
    with pytest.raises(SlackRefused, match=r"invalid_blocks \(\[ERROR\] too long\)") as caught:
        await api.call("chat.postMessage", channel="C1", text="Hi")
    assert caught.value.code == "invalid_blocks"


async def test_a_missing_scope_is_named(api: SlackApi, slack: Slack) -> None:
    slack.replies = [refused("missing_scope", needed="channels:history")]
    with pytest.raises(AccessDenied) as caught:
        await api.call("conversations.history", channel="C1")
    assert "channels:history" in caught.value.hint


@pytest.mark.parametrize(("header", "seconds"), [("0.05", 0.05), ("soon", 30.0)])
async def test_a_rate_limit_says_how_long(
    api: SlackApi, slack: Slack, header: str, seconds: float
) -> None:
    slack.replies = [json(429, {"ok": False, "error": "ratelimited"}, retry_after=header)]
    with pytest.raises(RateLimited) as caught:
        await api.call("chat.update", patience=0, channel="C1", ts="1.0", text="Hi")
    assert caught.value.retry_after == pytest.approx(seconds, abs=0.05)


async def test_a_rate_limit_is_waited_out_and_the_call_made_again(
    api: SlackApi, slack: Slack
) -> None:
    limited = json(429, {"ok": False, "error": "ratelimited"}, retry_after="0.05")
    slack.replies = [limited, limited, json(200, {"ok": True, "ts": "1.0"})]
    assert await api.post("C1", "9.0", "Hi") == "1.0"
    assert len(slack.calls) == 3
    assert slack.calls[-1].json == {
        "channel": "C1",
        "thread_ts": "9.0",
        "text": "Hi",
        "unfurl_links": False,
        "unfurl_media": False,
    }


async def test_the_bot_knows_who_it_is(api: SlackApi) -> None:
    assert (api.identity.team, api.identity.user, api.identity.bot) == (
        "T1",
        "U0DOCENT",
        "B0DOCENT",
    )
    assert api.token == "xoxb-1"


async def test_a_file_is_downloaded_with_the_token_up_to_the_limit(
    api: SlackApi, slack: Slack
) -> None:
    slack.replies = [raw(200, "x" * 50_000, "text/plain")]
    content = await api.download(f"{slack.server.url}/files/1", 40_000)
    assert content == b"x" * 40_000
    assert slack.calls[0].headers["authorization"] == "Bearer xoxb-1"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (raw(404, ""), RequestRejected),
        (raw(302, ""), RequestRejected),
        (raw(200, "<html>Sign in"), AccessDenied),
        (hang_up, ServiceUnavailable),
    ],
)
async def test_a_file_that_slack_does_not_hand_over_is_an_error(
    api: SlackApi, slack: Slack, reply: Reply, error: type[ServiceError]
) -> None:
    slack.replies = [reply]
    with pytest.raises(error):
        await api.download(f"{slack.server.url}/files/1", 100)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/file",
        "http://files.slack.com/file",
        "https://slack.com.example.org/file",
        "https://evilslack.com/file",
        "file:///etc/passwd",
    ],
)
async def test_the_token_is_shown_to_nobody_but_slack(api: SlackApi, url: str) -> None:
    with pytest.raises(RequestRejected):
        await api.download(url, 100)
