"""Whole sessions, for the person who asked in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import orjson

from core.conversation.records import answer_of, sources_of
from core.model import Answer, SessionKey
from core.ports import Database, Row

_TITLE = 200
"""Characters of the question that a session is known by."""


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session by its first question; `thread` is its id, `asked_at` when it was last asked in."""

    thread: str
    title: str
    questions: int
    begun_at: datetime
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class TranscriptTurn:
    """A question and what came of it so far, with what the asker thought of it.

    `sources` are those that the answer rests on, or might.
    """

    id: UUID
    message_id: str
    text: str
    asked_at: datetime
    status: Literal["accepted", "finished", "failed"]
    answer: Answer | None
    rating: Literal["up", "down"] | None
    sources: frozenset[str]


class Transcripts:
    """Reads what was asked in a channel and not withdrawn."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sessions(
        self,
        platform: str,
        workspace: str,
        channel: str,
        *,
        limit: int,
        before: datetime | None = None,
    ) -> list[SessionSummary]:
        """Those of a channel that were last asked in before that, the latest first."""
        rows = await self._database.fetch(
            """
            SELECT s.thread, left((array_agg(t.text ORDER BY t.sequence))[1], $6) AS title,
                count(*) AS questions, min(t.accepted_at) AS begun_at,
                max(t.accepted_at) AS asked_at
            FROM sessions AS s JOIN turns AS t ON t.session_id = s.id
            WHERE (s.platform, s.workspace, s.channel) = ($1, $2, $3) AND t.wanted <> 'withdrawn'
            GROUP BY s.id
            HAVING $4::TIMESTAMPTZ IS NULL OR max(t.accepted_at) < $4
            ORDER BY max(t.accepted_at) DESC
            LIMIT $5
            """,
            platform,
            workspace,
            channel,
            before,
            limit,
            _TITLE,
        )
        return [SessionSummary(**row) for row in rows]

    async def turns(self, session: SessionKey, *, limit: int) -> list[TranscriptTurn]:
        """The latest of the session, oldest first; of the ratings, the asker's own."""
        rows = await self._database.fetch(
            """
            SELECT t.id, t.message_id, t.text, t.accepted_at AS asked_at, t.status, t.answer,
                f.value AS rating, t.scope,
                ARRAY(
                    SELECT DISTINCT p.passage ->> 'source'
                    FROM jsonb_array_elements(t.trace -> 'passages') AS found
                    JOIN passages AS p ON p.hash = found ->> 'hash'
                ) AS found
            FROM sessions AS s
            JOIN turns AS t ON t.session_id = s.id
            LEFT JOIN feedback AS f ON f.turn_id = t.id AND f.person = t.author
            WHERE (s.platform, s.workspace, s.channel, s.thread) = ($1, $2, $3, $4)
                AND t.wanted <> 'withdrawn'
            ORDER BY t.sequence DESC
            LIMIT $5
            """,
            session.platform,
            session.workspace,
            session.channel,
            session.thread,
            limit,
        )
        return [_turn(row) for row in reversed(rows)]


def _turn(row: Row) -> TranscriptTurn:
    answer = None if row["answer"] is None else answer_of(orjson.loads(row["answer"]))
    return TranscriptTurn(
        id=row["id"],
        message_id=row["message_id"],
        text=row["text"],
        asked_at=row["asked_at"],
        status=row["status"],
        answer=answer,
        rating=row["rating"],
        sources=sources_of(answer, row["found"], row["scope"]),
    )
