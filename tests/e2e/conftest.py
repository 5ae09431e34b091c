"""A stand-in Slack or Discord for each test, whose requests must be as the platform has them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.discord_server import DiscordGuild, open_discord
from tests.support.slack_schemas import misfits
from tests.support.slack_server import SlackWorkspace, open_workspace


@pytest.fixture
async def workspace() -> AsyncIterator[SlackWorkspace]:
    async with open_workspace() as opened:
        yield opened
        assert misfits(opened.calls) == []


@pytest.fixture
async def guild() -> AsyncIterator[DiscordGuild]:
    async with open_discord() as opened:
        yield opened


@pytest.fixture(params=[False, True], ids=["socket", "http"])
def http(request: pytest.FixtureRequest) -> bool:
    """Each of the two ways in which Slack delivers: Socket Mode, and signed HTTP."""
    return bool(request.param)
