"""What a database that was restored from a backup may not take up again."""

from __future__ import annotations

from core.ports import Database


async def forget_unanswered(database: Database) -> int:
    """Has nothing answered that was asked by the time of the backup or since; how many questions.

    For a bot that ran on after the backup and has answered them: the inbox no longer knows, and
    without cursors no platform is caught up with. What is being withdrawn still is.
    """
    async with database.transaction() as statements:
        await statements.execute("DELETE FROM cursors")
        return await statements.execute(
            """
            UPDATE turns SET status = 'failed', failure = 'Restored from a backup.',
                ended_at = now()
            WHERE status = 'accepted' AND wanted <> 'withdrawn'
            """
        )
