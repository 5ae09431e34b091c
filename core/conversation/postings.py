"""What is about to be posted, so that nothing is posted twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from core.errors import LeaseLost
from core.model import Turn
from core.ports import Database, Row


@dataclass(frozen=True, slots=True)
class Posting:
    """One message of an answer. `part` counts from 0.

    `marker` is what it can be found by on the platform. While `message_id` is None it may have
    been sent or not: read the thread before sending it again. `held_for` is how many seconds the
    lease was to last when it was opened.
    """

    part: int
    marker: str
    message_id: str | None
    held_for: float = field(default=0.0, compare=False)


class Intents(Protocol):
    """What is about to be posted: Postings, or whatever else holds intents under a lease."""

    async def open(self, turn: Turn, part: int, marker: str) -> Posting:
        """Commits the intent. Raises LeaseLost."""

    async def complete(self, turn: Turn, part: int, message_id: str) -> None:
        """Stores the id of the message that was sent."""

    async def of(self, turn: Turn) -> list[Posting]:
        """Every posting that was opened for the turn, by part."""


class Postings:
    """The messages that turns sent, or meant to send."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, turn: Turn, part: int, marker: str) -> Posting:
        """Commits the intent; to be awaited before the message is sent.

        When an earlier attempt had opened this part, that posting is returned, with its own
        marker. Raises LeaseLost when the lease ran out, even if nobody took the turn over yet.
        """
        rows = await self._database.fetch(
            """
            INSERT INTO postings (turn_id, part, marker)
            SELECT id, $3, $4 FROM turns
            WHERE id = $1 AND lease_token = $2 AND status = 'accepted'
                AND lease_until > clock_timestamp()
            ON CONFLICT (turn_id, part) DO UPDATE SET marker = postings.marker
            RETURNING part, marker, message_id, (
                SELECT extract(epoch FROM lease_until - clock_timestamp())::float8
                FROM turns WHERE id = $1
            ) AS held_for
            """,
            turn.id,
            turn.token,
            part,
            marker,
        )
        if not rows:
            raise LeaseLost(f"The lease on the question {turn.question.message_id} ran out.")
        return posting_of(rows[0])

    async def complete(self, turn: Turn, part: int, message_id: str) -> None:
        """Stores the platform's id of the message that was sent.

        It needs no lease: what is posted is posted, and whoever took over should know.
        """
        await self._database.execute(
            """
            UPDATE postings SET message_id = $3, completed_at = now()
            WHERE turn_id = $1 AND part = $2
            """,
            turn.id,
            part,
            message_id,
        )

    async def add(self, turn_id: UUID, message_id: str) -> bool:
        """Stores a message that shows an ended turn's answer once more, as a part after its own.

        False when the turn was withdrawn meanwhile: then nothing removes the message.
        """
        added = await self._database.execute(
            """
            INSERT INTO postings (turn_id, part, marker, message_id, completed_at)
            SELECT t.id, COALESCE((SELECT max(part) FROM postings WHERE turn_id = $1), -1) + 1,
                '', $2, now()
            FROM turns AS t WHERE t.id = $1 AND t.wanted <> 'withdrawn' FOR UPDATE
            """,
            turn_id,
            message_id,
        )
        return added > 0

    async def of(self, turn: Turn) -> list[Posting]:
        """Every posting that was opened for the turn, by part."""
        rows = await self._database.fetch(
            "SELECT part, marker, message_id FROM postings WHERE turn_id = $1 ORDER BY part",
            turn.id,
        )
        return [posting_of(row) for row in rows]


def posting_of(row: Row) -> Posting:
    """A posting from its row."""
    return Posting(row["part"], row["marker"], row["message_id"], row.get("held_for") or 0.0)
