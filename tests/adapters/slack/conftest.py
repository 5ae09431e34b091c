"""A stand-in Slack, and the bot's way into it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.api import SlackApi, open_slack_api
from tests.support.slack_server import SlackWorkspace, open_workspace


@pytest.fixture
async def workspace() -> AsyncIterator[SlackWorkspace]:
    async with open_workspace() as opened:
        yield opened


@pytest.fixture
async def api(workspace: SlackWorkspace) -> AsyncIterator[SlackApi]:
    async with open_slack_api(workspace.bot_token, base_url=workspace.api_url) as opened:
        yield opened
