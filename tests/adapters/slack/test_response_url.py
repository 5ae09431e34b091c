"""Replies at the address that Slack sent along."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.slack.rendering import notice
from adapters.slack.response_url import respond
from core.errors import RequestRejected, ServiceError, ServiceUnavailable
from tests.support.http_server import Exchange, serving


async def test_a_reply_unfurls_nothing_and_is_for_one_person_alone() -> None:
    sent: list[dict[str, Any]] = []

    async def take(exchange: Exchange) -> None:
        sent.append(exchange.json)
        await exchange.reply(200, "ok")

    async with serving(take) as server:
        await respond(server.url, notice("Hello."))
        await respond(server.url, notice("Hello."), public=True, thread="1.2")
        await respond(server.url, notice("Hello."), replace=True)
    assert all(not body["unfurl_links"] and not body["unfurl_media"] for body in sent)
    assert [body["response_type"] for body in sent] == ["ephemeral", "in_channel", "ephemeral"]
    assert [body.get("thread_ts") for body in sent] == [None, "1.2", None]
    assert [body["replace_original"] for body in sent] == [False, False, True]


@pytest.mark.parametrize(
    ("status", "error"), [(404, RequestRejected), (410, RequestRejected), (503, ServiceUnavailable)]
)
async def test_an_address_that_takes_nothing_more_is_told_from_a_slack_that_fails(
    status: int, error: type[ServiceError]
) -> None:
    calls = []

    async def refuse(exchange: Exchange) -> None:
        calls.append(exchange.path)
        await exchange.reply(status, "used_url")

    async with serving(refuse) as server:
        with pytest.raises(error):
            await respond(server.url, notice("Hello."))
    assert len(calls) == 1


async def test_a_slack_that_is_away_may_be_back_later() -> None:
    with pytest.raises(ServiceUnavailable):
        await respond("http://127.0.0.1:9/gone", notice("Hello."))
