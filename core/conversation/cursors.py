"""Up to where each channel was seen, so that what came while we were away can be caught up."""

from __future__ import annotations

from typing import NamedTuple

from core.ports import Database


class Channel(NamedTuple):
    """A place that messages come from."""

    platform: str
    workspace: str
    channel: str


class Cursors:
    """The newest message of each channel before which nothing is left to be seen.

    They are noted in memory and written in batches: a cursor that lags makes the catch-up read
    some messages again, which the inbox tells apart. While deliveries fail, note nothing until
    the catch-up has run, or it would begin too late.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[Channel, str] = {}

    async def all(self, platform: str) -> dict[Channel, str]:
        """Message ids by channel, as they were written."""
        rows = await self._database.fetch(
            "SELECT platform, workspace, channel, message_id FROM cursors WHERE platform = $1",
            platform,
        )
        return {Channel(r["platform"], r["workspace"], r["channel"]): r["message_id"] for r in rows}

    def note(self, platform: str, workspace: str, channel: str, message_id: str) -> None:
        """Moves the channel's cursor, never back, without a query: fit for mere chatter."""
        place = Channel(platform, workspace, channel)
        self._noted[place] = max(self._noted.get(place, ""), message_id, key=_age)

    async def advance(self, platform: str, workspace: str, channel: str, message_id: str) -> None:
        """Moves the channel's cursor, and writes it with all that were noted."""
        self.note(platform, workspace, channel, message_id)
        await self.flush()

    async def flush(self) -> None:
        """Writes what was noted, in one statement; none when nothing was.

        After a ServiceError it is still noted.
        """
        noted = sorted(self._noted.items())
        if not noted:
            return
        await self._database.execute(
            """
            INSERT INTO cursors (platform, workspace, channel, message_id)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
            ON CONFLICT (platform, workspace, channel) DO UPDATE
            SET message_id = excluded.message_id
            WHERE (length(excluded.message_id), excluded.message_id)
                > (length(cursors.message_id), cursors.message_id)
            """,
            *([place[n] for place, _ in noted] for n in range(3)),
            [message_id for _, message_id in noted],
        )
        for place, message_id in noted:
            if self._noted.get(place) == message_id:
                del self._noted[place]


def _age(message_id: str) -> tuple[int, str]:
    return len(message_id), message_id
