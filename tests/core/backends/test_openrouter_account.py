"""What an OpenRouter key may still spend, asked of a server of the test's own."""

from __future__ import annotations

from typing import Any

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

KEY = "sk-or-v1-0123456789abcdef"
PLAN = {"is_free_tier": False, "limit_remaining": 7.5}
MODELS = [{"id": "a/one"}, {"id": "b/two"}, "odd", {"name": "no id"}]


def told(data: object) -> dict[str, Any]:
    return {"data": data}


async def account(
    *models: str, plan: object = None, listed: object = None, key: str = KEY
) -> Account:
    replies = {"/api/v1/key": plan or told(PLAN), "/api/v1/models": listed or told(MODELS)}

    def reply(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {key}"
        data = replies[request.url.path]
        return data if isinstance(data, httpx.Response) else httpx.Response(200, json=data)

    return await read_account(key, models, transport=httpx.MockTransport(reply))


async def test_the_plan_and_the_models_that_nobody_serves_are_told() -> None:
    found = await account("a/one", "c/three")

    assert found == Account(free_tier=False, remaining=7.5, unknown_models=("c/three",))


@pytest.mark.parametrize("remaining", [None, "much", []])
async def test_a_plan_without_a_limit_has_no_remainder(remaining: object) -> None:
    plan = {"is_free_tier": True, "limit_remaining": remaining}

    found = await account(plan=told(plan))

    assert found == Account(free_tier=True, remaining=None, unknown_models=())


@pytest.mark.parametrize(
    ("plan", "listed", "error"),
    [
        (httpx.Response(401, json={"error": {"message": f"bad {KEY}"}}), None, AccessDenied),
        (httpx.Response(503), None, ServiceUnavailable),
        (httpx.Response(200, text="<html>"), None, MalformedReply),
        (told([]), None, MalformedReply),
        (None, told({}), MalformedReply),
        (None, httpx.Response(500), ServiceUnavailable),
    ],
)
async def test_what_is_not_told_is_an_error_without_the_key(
    plan: object, listed: object, error: type[ServiceError]
) -> None:
    with pytest.raises(error) as raised:
        await account(plan=plan, listed=listed)

    assert type(raised.value) is error
    assert KEY not in str(raised.value) + repr(raised.value)


async def test_nobody_listening_is_an_error() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("x")

    with pytest.raises(ServiceUnavailable, match="could not be reached"):
        await read_account(KEY, (), transport=httpx.MockTransport(fail))


async def test_a_key_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        await account(key="two words")
