"""Slack end to end: a process that stands still past its lease, and wakes up."""

from __future__ import annotations

import asyncio
import signal

from core.ports import Database
from tests.e2e.test_slack_faults import complete
from tests.support.slack_child import bot_process
from tests.support.slack_server import SlackWorkspace

LEASE = 6.0
INTERVAL = 8.0
"""Between two posts: in it the second answer is made, and its sender stopped before it posts."""

WAIT = 3.0


async def test_asleep_before_it_posts_it_posts_nothing_when_it_wakes(
    workspace: SlackWorkspace, database: Database, database_dsn: str
) -> None:
    """It waits for the channel's turn, with the intent committed, when it is stopped."""
    general = workspace.general
    slow = bot_process(workspace, database_dsn, worker="sleeper", posting_interval=INTERVAL)
    async with slow as sleeper:
        first = await workspace.mention(general, "How?")
        await workspace.answered(general, first)
        second = await workspace.mention(general, "And now?")
        async with asyncio.timeout(INTERVAL):
            while len(await database.fetch("SELECT FROM postings")) < 2:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        sleeper.send_signal(signal.SIGSTOP)
        assert workspace.answers(general, second) == []
        await asyncio.sleep(LEASE)
        workspace.socket.drop()
        async with bot_process(workspace, database_dsn, worker="awake"):
            [answer] = await workspace.answered(general, second, seconds=60)
            sleeper.send_signal(signal.SIGCONT)
            await asyncio.sleep(INTERVAL)
            await workspace.settled()
    assert workspace.answers(general, second) == [answer]
    assert "And now?" in answer.shown


async def test_asleep_while_it_streams_it_leaves_the_answer_of_whoever_took_over(
    workspace: SlackWorkspace, database: Database, database_dsn: str
) -> None:
    general = workspace.general
    async with bot_process(workspace, database_dsn, worker="sleeper", claims=20) as sleeper:
        ts = await workspace.mention(general, "How?")
        await workspace.until(lambda: workspace.answers(general, ts))
        sleeper.send_signal(signal.SIGSTOP)
        await asyncio.sleep(LEASE)
        workspace.socket.drop()
        async with bot_process(workspace, database_dsn, worker="awake", claims=2):
            await workspace.until(lambda: any(map(complete, workspace.answers(general, ts))), 60)
            sleeper.send_signal(signal.SIGCONT)
            await asyncio.sleep(WAIT)
            await workspace.settled()
    [answer] = workspace.answers(general, ts)
    assert "Claim 1." in answer.shown
    assert "Claim 2." not in answer.shown
