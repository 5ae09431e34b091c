"""Every exception of discord.py's becomes an error of ours, with what to do about it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from adapters.discord.faults import (
    MISSING_PERMISSIONS,
    TOKEN_EXPIRED,
    DiscordRefused,
    start_fault,
    translated,
)
from core.errors import (
    AccessDenied,
    MalformedReply,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)

PAGE = "https://discord.com/developers/applications/42/bot"


def answered(status: int, code: int = 0, message: str = "") -> discord.HTTPException:
    response: Any = SimpleNamespace(status=status, reason="Reason")
    return discord.HTTPException(response, {"code": code, "message": message})


def closed(code: int) -> discord.ConnectionClosed:
    socket: Any = SimpleNamespace(close_code=code)
    return discord.ConnectionClosed(socket, shard_id=None, code=code)


@pytest.mark.parametrize(
    ("exc", "expected"),
    [
        (answered(429), RateLimited),
        (discord.RateLimited(2.5), RateLimited),
        (answered(502), ServiceUnavailable),
        (answered(401), AccessDenied),
        (discord.LoginFailure("no"), AccessDenied),
        (answered(401, TOKEN_EXPIRED), DiscordRefused),
        (answered(403, MISSING_PERMISSIONS), DiscordRefused),
        (answered(404, 10008, "Unknown Message"), DiscordRefused),
        (answered(400), DiscordRefused),
        (aiohttp.ServerDisconnectedError(), ServiceUnavailable),
        (TimeoutError(), ServiceUnavailable),
        (OSError("no route"), ServiceUnavailable),
        (discord.InvalidData("?"), MalformedReply),
        (discord.DiscordException("?"), MalformedReply),
    ],
)
def test_a_request_fails_with_an_error_of_ours(
    exc: Exception, expected: type[ServiceError]
) -> None:
    found = translated("the post", exc)
    assert type(found) is expected
    assert str(found).startswith("Discord: ")


def test_a_refusal_says_what_and_why_and_keeps_discords_number() -> None:
    found = translated("the post", answered(400, 50035, "Invalid\nForm Body"))
    assert isinstance(found, DiscordRefused)
    assert (found.code, found.hint) == (50035, "")
    assert "the post was refused: Invalid Form Body (50035)" in str(found)


def test_a_missing_permission_comes_with_where_to_give_it() -> None:
    found = translated("the post", answered(403, MISSING_PERMISSIONS, "Missing Permissions"))
    assert "lacks the permission" in str(found)
    assert "Send Messages in Threads" in found.hint


def test_a_rate_limit_says_for_how_long() -> None:
    found = translated("the post", discord.RateLimited(2.5))
    assert isinstance(found, RateLimited)
    assert found.retry_after == 2.5


@pytest.mark.parametrize(
    ("exc", "expected", "said", "advice"),
    [
        (discord.LoginFailure("no"), AccessDenied, "token was not accepted", PAGE),
        (closed(4004), AccessDenied, "token was not accepted", "Reset Token"),
        (discord.PrivilegedIntentsRequired(None), AccessDenied, "is not enabled", PAGE),
        (closed(4014), AccessDenied, "is not enabled", "DISCORD_MESSAGE_CONTENT=false"),
        (closed(4011), RequestRejected, "more servers", "DISCORD_SHARDS"),
        (closed(4010), RequestRejected, "more servers", "DISCORD_SHARDS"),
        (closed(1006), ServiceUnavailable, "closed the connection (1006)", ""),
        (discord.GatewayNotFound(), ServiceUnavailable, "gateway", ""),  # type: ignore[no-untyped-call]
        (answered(503), ServiceUnavailable, "the start failed inside Discord", ""),
    ],
)
def test_a_start_that_fails_says_which_page_to_click(
    exc: Exception, expected: type[ServiceError], said: str, advice: str
) -> None:
    found = start_fault(exc, "42")
    assert type(found) is expected
    assert said in str(found)
    assert advice in found.hint


def test_without_the_applications_id_the_page_is_that_of_all() -> None:
    found = start_fault(discord.LoginFailure("no"), None)
    assert "at https://discord.com/developers/applications," in found.hint
