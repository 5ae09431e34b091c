"""The sign that we are writing, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.discord.api import open_discord_api
from adapters.discord.credentials import DiscordCredentials
from adapters.discord.typing_sign import AGAIN, open_typing
from core.model import AnswerEvent, PassagesFound, Searching, TextDelta
from tests.support.discord_server import DiscordGuild, open_discord

SHOWN_FOR = 10.0
"""Seconds for which Discord shows it."""


@pytest.fixture
async def server() -> AsyncIterator[DiscordGuild]:
    async with open_discord() as opened:
        yield opened


async def test_it_is_shown_again_and_again_until_there_is_something_to_read(
    server: DiscordGuild,
) -> None:
    def signs() -> int:
        return len(server.called("trigger_typing_indicator"))

    async def events() -> AsyncIterator[AnswerEvent]:
        yield Searching()
        yield PassagesFound(())
        await server.until(lambda: signs() >= 3)
        yield TextDelta("It does.")

    credentials = DiscordCredentials(server.token, server.api_url)
    async with (
        open_discord_api(credentials) as api,
        open_typing(api, server.general, again=0.02) as typing,
    ):
        assert [event async for event in typing.following(events())][2:] == [TextDelta("It does.")]
        shown = signs()
        await typing.keep()
        assert signs() == shown


def test_it_is_shown_again_before_discord_takes_it_away() -> None:
    assert SHOWN_FOR / 2 < AGAIN < SHOWN_FOR
