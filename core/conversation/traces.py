"""How answers came about, for whoever has to explain one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from core.conversation.archive import Archive, StoredTurn
from core.ports import Database


@dataclass(frozen=True, slots=True)
class TurnLine:
    """A turn in a list. `outcome` is the answer's status, or the turn's where it has none."""

    id: UUID
    asked_at: datetime
    platform: str
    text: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A turn with what was noted when it was answered; nothing was, before that or where it failed.

    Of the passages that `noted` names by hash, `turn` has those that are still kept, and `changed`
    are those that the docs no longer hold as they were. `stale_since` is when a sync marked the
    answer, because it had changed a section that it cites.
    """

    turn: StoredTurn
    asked_at: datetime
    ended_at: datetime | None
    attempts: int
    failure: str | None
    noted: Mapping[str, Any]
    changed: frozenset[str] = frozenset()
    stale_since: datetime | None = None


class Traces:
    """Reads traces. Withdrawn questions have none."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._archive = Archive(database)

    async def latest(self, most: int) -> Sequence[TurnLine]:
        """The turns that were asked last, the newest first."""
        rows = await self._database.fetch(
            """
            SELECT id, accepted_at AS asked_at, platform, text,
                COALESCE(answer ->> 'status', status) AS outcome
            FROM turns WHERE wanted <> 'withdrawn'
            ORDER BY sequence DESC LIMIT $1
            """,
            most,
        )
        return [TurnLine(**row) for row in rows]

    async def get(self, turn_id: UUID) -> Trace | None:
        """The trace of that turn, if there is such a turn."""
        turn = await self._archive.get(turn_id)
        rows = await self._database.fetch(
            """
            SELECT t.accepted_at, t.ended_at, t.attempt, t.failure, t.trace,
                ARRAY(
                    SELECT p.hash
                    FROM jsonb_array_elements(t.trace -> 'passages') AS found
                    JOIN passages AS p ON p.hash = found ->> 'hash'
                    CROSS JOIN jsonb_array_elements_text(p.passage -> 'chunks') AS chunk (key)
                    WHERE NOT EXISTS (
                        SELECT FROM documents AS d
                        WHERE d.source = p.passage ->> 'source' AND d.path = p.passage ->> 'path'
                            AND d.until IS NULL AND chunk.key = ANY (d.chunk_keys)
                    )
                ) AS changed,
                s.marked_at
            FROM turns AS t
            LEFT JOIN stale_answers AS s ON s.turn_id = t.id AND s.marked_at > t.ended_at
            WHERE t.id = $1
            """,
            turn_id,
        )
        if turn is None or not rows:
            return None
        row = rows[0]
        return Trace(
            turn,
            row["accepted_at"],
            row["ended_at"],
            row["attempt"],
            row["failure"],
            orjson.loads(row["trace"] or "{}"),
            frozenset(row["changed"]),
            row["marked_at"],
        )
