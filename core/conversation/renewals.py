"""The leases of many turns, prolonged with one statement."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.model import Turn, Wanted
from core.ports import Database


class Renewals:
    """A statement for each of a thousand running turns would be most of the database's work."""

    def __init__(self, database: Database, *, lease_seconds: float) -> None:
        self._database = database
        self._lease_seconds = lease_seconds

    async def renew(self, turns: Sequence[Turn]) -> list[Wanted | None]:
        """What is wanted of each by now; None when its lease was lost. Raises ServiceError."""
        # By id, as whatever else changes many turns: or two of those could wait in a circle.
        rows = await self._database.fetch(
            """
            UPDATE turns SET lease_until = clock_timestamp() + make_interval(secs => $3)
            FROM (
                SELECT t.id
                FROM turns AS t JOIN unnest($1::uuid[], $2::uuid[]) AS asking (turn, token)
                    ON t.id = asking.turn AND t.lease_token = asking.token
                WHERE t.status = 'accepted'
                ORDER BY t.id FOR NO KEY UPDATE OF t
            ) AS held
            WHERE turns.id = held.id
            RETURNING lease_token, wanted
            """,
            [turn.id for turn in turns],
            [turn.token for turn in turns],
            self._lease_seconds,
        )
        wanted: dict[UUID, Wanted] = {row["lease_token"]: Wanted(row["wanted"]) for row in rows}
        return [wanted.get(turn.token) for turn in turns]
