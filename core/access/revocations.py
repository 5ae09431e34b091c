"""Tokens of an identity provider that are refused before they expire."""

from __future__ import annotations

from datetime import datetime

from core.ports import Database
from core.text.unicode import storable


class Revocations:
    """By the subject of the tokens, which is who they are of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def revoke(self, subject: str) -> None:
        """Refuses what was given out to them until now; what they get later is good again."""
        await self._database.execute(
            """
            INSERT INTO revoked_tokens (subject) VALUES ($1)
            ON CONFLICT (subject) DO UPDATE SET revoked_at = now()
            """,
            storable(subject),
        )

    async def moment(self, subject: str) -> datetime | None:
        """Until when given out, their tokens are refused; None where none is."""
        rows = await self._database.fetch(
            "SELECT revoked_at FROM revoked_tokens WHERE subject = $1", storable(subject)
        )
        return rows[0]["revoked_at"] if rows else None
