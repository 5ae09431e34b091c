"""What can be told of a Discord app's set-up is told, with what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest

from adapters.discord.checkup import check_intents, check_invitation, check_token
from adapters.discord.credentials import DiscordCredentials
from adapters.discord.invitation import PERMISSIONS
from core.errors import (
    AccessDenied,
    ConfigurationError,
    DocentError,
    MalformedReply,
    RateLimited,
    RequestRejected,
    ServiceUnavailable,
)
from tests.support.discord_events import MESSAGE_CONTENT
from tests.support.discord_server import DiscordGuild, open_discord
from tests.support.http_server import Exchange, serving


@pytest.fixture
async def server() -> AsyncIterator[DiscordGuild]:
    async with open_discord() as opened:
        yield opened


@pytest.fixture
def credentials(server: DiscordGuild) -> DiscordCredentials:
    return DiscordCredentials(server.token, server.api_url)


async def test_a_bot_as_it_should_be_is_well(credentials: DiscordCredentials) -> None:
    assert await check_token(credentials) == "@docent in 1 server."
    assert "follow-ups need no mention" in await check_intents(credentials, message_content=True)


async def test_the_invitation_asks_for_exactly_what_is_used(
    server: DiscordGuild, credentials: DiscordCredentials
) -> None:
    said = await check_invitation(credentials)
    assert f"https://discord.com/oauth2/authorize?client_id={server.discord.application}" in said
    assert "&scope=bot+applications.commands&permissions=" in said
    assert f"&permissions={PERMISSIONS.value} " in said
    assert {name for name, granted in PERMISSIONS if granted} == {
        "read_messages",
        "send_messages",
        "send_messages_in_threads",
        "create_public_threads",
        "read_message_history",
    }


async def test_a_token_that_discord_does_not_take_comes_with_its_page(
    server: DiscordGuild, credentials: DiscordCredentials
) -> None:
    server.rest.token = "another"
    with pytest.raises(AccessDenied, match="token was not accepted") as caught:
        await check_token(credentials)
    assert f"/applications/{credentials.application}/bot" in caught.value.hint


async def test_what_is_no_token_is_not_sent_anywhere(server: DiscordGuild) -> None:
    with pytest.raises(ConfigurationError, match="client secret"):
        await check_token(DiscordCredentials("a" * 32, server.api_url))
    assert server.calls == []


async def test_an_intent_that_is_not_enabled_comes_with_its_page(
    server: DiscordGuild, credentials: DiscordCredentials
) -> None:
    server.discord.enabled &= ~MESSAGE_CONTENT
    with pytest.raises(AccessDenied, match="Message Content Intent is not enabled") as caught:
        await check_intents(credentials, message_content=True)
    assert f"/applications/{server.discord.application}/bot" in caught.value.hint
    assert "with a mention" in await check_intents(credentials, message_content=False)


async def test_a_discord_that_is_away_is_not_taken_for_a_refusal(
    credentials: DiscordCredentials,
) -> None:
    with pytest.raises(ServiceUnavailable):
        await check_token(replace(credentials, api_url="http://127.0.0.1:9/api"))


async def replying(status: int, body: object, exchange: Exchange) -> None:
    await exchange.reply(status, body)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, {"retry_after": 1}, RateLimited),
        (503, {}, ServiceUnavailable),
        (403, {}, RequestRejected),
        (200, [], MalformedReply),
        (200, {"id": "42", "interactions_endpoint_url": "https://a.example"}, ConfigurationError),
        (200, {"id": "42", "bot_require_code_grant": True}, ConfigurationError),
    ],
)
async def test_an_odd_reply_is_told_apart(
    credentials: DiscordCredentials, status: int, body: object, expected: type[DocentError]
) -> None:
    async with serving(partial(replying, status, body)) as odd:
        with pytest.raises(expected) as caught:
            await check_token(replace(credentials, api_url=odd.url))
    assert type(caught.value) is expected
    if expected is ConfigurationError:
        assert "https://discord.com/developers/applications/42/" in caught.value.hint


async def test_flags_that_are_no_number_are_no_reply(credentials: DiscordCredentials) -> None:
    async with serving(partial(replying, 200, {"flags": "all"})) as odd:
        with pytest.raises(MalformedReply, match="cannot be read"):
            await check_intents(replace(credentials, api_url=odd.url), message_content=True)


async def test_a_page_of_a_proxy_is_no_reply(credentials: DiscordCredentials) -> None:
    async def page(exchange: Exchange) -> None:
        await exchange.reply(200, b"<html>")

    async with serving(page) as proxy:
        with pytest.raises(MalformedReply, match="JSON"):
            await check_invitation(replace(credentials, api_url=proxy.url))


async def test_how_many_servers_is_left_out_where_it_is_not_told(
    credentials: DiscordCredentials,
) -> None:
    async with serving(partial(replying, 200, {"username": "docent"})) as quiet:
        assert await check_token(replace(credentials, api_url=quiet.url)) == "@docent."
