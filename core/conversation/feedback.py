"""What people think of the answers."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from core.ports import Database
from core.text.unicode import storable


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

    async def expect(
        self, turn_id: UUID, person: str, expected: str, path: str | None = None
    ) -> bool:
        """Stores a thumbs-down with what should have answered, in whatever words.

        `path` is the document that this is, where it is known. False as with `rate`.
        """
        rated = await self._database.execute(
            """
            INSERT INTO feedback (turn_id, person, value, expected, expected_path)
            SELECT id, $2, 'down', $3, $4 FROM turns
            WHERE id = $1 AND status = 'finished' FOR SHARE
            ON CONFLICT (turn_id, person) DO UPDATE
            SET value = excluded.value, rated_at = excluded.rated_at,
                expected = excluded.expected, expected_path = excluded.expected_path
            """,
            turn_id,
            person,
            storable(expected),
            path,
        )
        return rated > 0

    async def document_of(self, words: str) -> str | None:
        """The path of the one document that is served and has this address, path or title."""
        words = storable(words).strip()
        rows = await self._database.fetch(
            """
            SELECT DISTINCT path FROM documents
            WHERE until IS NULL
                AND $2 <> ''
                AND ((url <> '' AND rtrim(url, '/') = $1) OR path = $2 OR lower(title) = lower($2))
            LIMIT 2
            """,
            _page(words),
            words,
        )
        return str(rows[0]["path"]) if len(rows) == 1 else None


def _page(address: str) -> str:
    """The address without what leads into the page."""
    try:
        return urlsplit(address)._replace(query="", fragment="").geturl().rstrip("/")
    except ValueError:
        return address
