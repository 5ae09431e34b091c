"""What the doctor learns about an OpenRouter key, without spending anything."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from core.backends.openrouter_account import Account, read_account
from core.errors import (
    AccessDenied,
    ConfigurationError,
    MalformedReply,
    ServiceError,
    ServiceUnavailable,
)

KEY = "sk-or-v1-5e7c"
REPLIES: dict[str, object] = {
    "/api/v1/key": {"data": {"is_free_tier": False, "limit_remaining": 4.5}},
    "/api/v1/models": {"data": [{"id": "a/known"}, {"id": "b/known"}]},
}


def service(replies: dict[str, object], asked: list[httpx.Request]) -> httpx.MockTransport:
    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=replies[request.url.path])

    return httpx.MockTransport(reply)


async def test_a_key_tells_its_plan_and_which_models_there_are() -> None:
    asked: list[httpx.Request] = []
    account = await read_account(KEY, ["a/known", "c/gone"], transport=service(REPLIES, asked))
    assert account == Account(free_tier=False, remaining=4.5, unknown_models=("c/gone",))
    assert {request.headers["Authorization"] for request in asked} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("remaining", [None, "much", []])
async def test_a_key_without_a_limit_has_no_remainder(remaining: object) -> None:
    plan = {"is_free_tier": True, "limit_remaining": remaining}
    replies = {**REPLIES, "/api/v1/key": {"data": plan}}
    account = await read_account(KEY, [], transport=service(replies, []))
    assert (account.free_tier, account.remaining) == (True, None)


def refusing(status: int) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, json={"error": {"message": KEY}})


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def strange(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"data": "strange"})


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (refusing(401), AccessDenied),
        (refusing(503), ServiceUnavailable),
        (unreachable, ServiceUnavailable),
        (strange, MalformedReply),
        (lambda _: httpx.Response(200, content=b"<html>"), MalformedReply),
    ],
)
async def test_every_failure_has_a_name_and_shows_no_key(
    handler: Callable[[httpx.Request], httpx.Response], error: type[ServiceError]
) -> None:
    with pytest.raises(error) as caught:
        await read_account(KEY, [], transport=httpx.MockTransport(handler))
    assert KEY not in f"{caught.value}{caught.value.hint}"


async def test_a_key_that_cannot_be_one_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ConfigurationError):
        await read_account("kéy", [], transport=httpx.MockTransport(unreachable))
