"""What people think of the answers."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from core.ports import Database


class Feedback:
    """One rating a person and answer; the last one counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rate(self, turn_id: UUID, person: str, value: Literal["up", "down"]) -> bool:
        """Stores the rating; False when there is no such answer, or none any more."""
        rated = await self._database.execute(
            """
            INSERT INTO feedback (turn_id, person, value)
            SELECT id, $2, $3 FROM turns WHERE id = $1 AND status = 'finished' FOR SHARE
            ON CONFLICT (turn_id, person) DO UPDATE
            SET value = excluded.value, rated_at = excluded.rated_at
            """,
            turn_id,
            person,
            value,
        )
        return rated > 0
