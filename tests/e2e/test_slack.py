"""Slack end to end, over real sockets: a person writes, and an answer stands in the thread."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.ports import Database
from tests.support.slack_bot import open_bot
from tests.support.slack_server import SlackWorkspace, open_workspace


@pytest.fixture
async def workspace() -> AsyncIterator[SlackWorkspace]:
    async with open_workspace() as opened:
        yield opened


async def test_a_mention_is_answered_once_in_a_thread_under_it(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_bot(workspace, database):
        ts = await workspace.mention(workspace.general, "How do I install it?")
        [answer] = await workspace.answered(workspace.general, ts)
        await workspace.settled()
    assert answer.shown.startswith("You asked: How do I install it?")
    assert answer.thread_ts == ts
    assert len(workspace.answers(workspace.general, ts)) == 1
