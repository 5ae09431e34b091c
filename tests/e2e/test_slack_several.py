"""Slack end to end with several instances, of which each event goes to one at random."""

from __future__ import annotations

from core.ports import Database
from tests.support.slack_bot import open_bot
from tests.support.slack_server import SlackWorkspace


async def test_a_thread_of_one_instance_is_known_to_the_other(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    async with (
        open_bot(workspace, database, worker="one", shared=True),
        open_bot(workspace, database, worker="other", shared=True),
    ):
        await workspace.connected(2)
        workspace.subscribed = frozenset({"app_mention"})  # to one of them alone
        ts = await workspace.mention(general, "How?")
        await workspace.answered(general, ts)
        workspace.subscribed = None
        replies = [await workspace.reply(general, ts, f"And {n}?") for n in range(6)]
        await workspace.answered(general, ts, count=7)
        for reply in replies:
            await workspace.edit(general, reply, "And now?")
        await workspace.until(
            lambda: sum("And now?" in m.shown for m in workspace.answers(general, ts)) == 6
        )
        for reply in replies:
            await workspace.delete(general, reply)
        await workspace.until(lambda: len(workspace.answers(general, ts)) == 1)
        await workspace.settled()
    [left] = workspace.answers(general, ts)
    assert "How?" in left.shown
