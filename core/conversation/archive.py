"""Turns as they were stored, for whoever comes back to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import orjson

from core.conversation.postings import Posting
from core.conversation.records import answer_of, passage_of, question_of, sources_of
from core.model import Answer, Passage, Question, SessionKey
from core.ports import Database, Row


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A question with what came of it so far. `passages` are those found, best first.

    A turn that is `accepted` waits or runs, for the first time or again.
    """

    id: UUID
    question: Question
    status: Literal["accepted", "finished", "failed"]
    answer: Answer | None
    passages: tuple[Passage, ...]
    postings: tuple[Posting, ...]

    @property
    def sources(self) -> frozenset[str]:
        """Those that the answer rests on, or might."""
        found = (passage.source for passage in self.passages)
        return sources_of(self.answer, found, self.question.scope.sources)


class Archive:
    """Reads turns, one query a call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, turn_id: UUID) -> StoredTurn | None:
        """The turn of that id, unless it was withdrawn."""
        return _only(
            await self._database.fetch(
                _SELECT + "WHERE t.id = $1 AND t.wanted <> 'withdrawn'", turn_id
            )
        )

    async def find(
        self, platform: str, workspace: str, channel: str, message_id: str
    ) -> StoredTurn | None:
        """The turn whose question is that message, unless it was withdrawn."""
        rows = await self._database.fetch(
            _SELECT
            + """
            WHERE (t.platform, t.workspace, t.channel) = ($1, $2, $3) AND t.message_id = $4
                AND t.wanted <> 'withdrawn'
            """,
            platform,
            workspace,
            channel,
            message_id,
        )
        return _only(rows)

    async def questions(self, session: SessionKey) -> list[str]:
        """The messages that were asked in the session and not withdrawn, oldest first."""
        rows = await self._database.fetch(
            """
            SELECT t.message_id FROM sessions AS s JOIN turns AS t ON t.session_id = s.id
            WHERE (s.platform, s.workspace, s.channel, s.thread) = ($1, $2, $3, $4)
                AND t.wanted <> 'withdrawn'
            ORDER BY t.sequence
            """,
            session.platform,
            session.workspace,
            session.channel,
            session.thread,
        )
        return [str(row["message_id"]) for row in rows]

    async def asked_lately(self, platform: str, seconds: float, most: int) -> list[Question]:
        """The questions of so many last seconds that were not withdrawn, the newest first."""
        rows = await self._database.fetch(
            """
            SELECT t.message_id, t.author, t.text, t.scope, t.context,
                s.platform, s.workspace, s.channel, s.thread
            FROM turns AS t JOIN sessions AS s ON s.id = t.session_id
            WHERE t.platform = $1 AND t.wanted <> 'withdrawn'
                AND t.accepted_at > now() - make_interval(secs => $2)
            ORDER BY t.sequence DESC LIMIT $3
            """,
            platform,
            seconds,
            most,
        )
        return [question_of(_session_of(row), row) for row in rows]

    async def find_posted(
        self, platform: str, workspace: str, channel: str, message_id: str
    ) -> StoredTurn | None:
        """The turn that posted that message as its answer, or as a part of it.

        One that was withdrawn is found as long as its postings are not removed.
        """
        rows = await self._database.fetch(
            _SELECT
            + """
            JOIN postings AS posted ON posted.turn_id = t.id AND posted.message_id = $4
            WHERE (t.platform, t.workspace, t.channel) = ($1, $2, $3)
            """,
            platform,
            workspace,
            channel,
            message_id,
        )
        return _only(rows)


_SELECT = """
    SELECT t.id, t.message_id, t.author, t.text, t.scope, t.context, t.status, t.answer,
        s.platform, s.workspace, s.channel, s.thread,
        (
            SELECT jsonb_agg(
                p.passage || jsonb_build_object('scores', found.value -> 'scores')
                ORDER BY found.n
            )
            FROM jsonb_array_elements(t.trace -> 'passages') WITH ORDINALITY AS found (value, n)
            JOIN passages AS p ON p.hash = found.value ->> 'hash'
        ) AS passages,
        (
            SELECT jsonb_agg(
                jsonb_build_object(
                    'part', o.part, 'marker', o.marker, 'message_id', o.message_id
                )
                ORDER BY o.part
            )
            FROM postings AS o WHERE o.turn_id = t.id
        ) AS postings
    FROM turns AS t JOIN sessions AS s ON s.id = t.session_id
"""


def _only(rows: Sequence[Row]) -> StoredTurn | None:
    for row in rows:
        return StoredTurn(
            id=row["id"],
            question=question_of(_session_of(row), row),
            status=row["status"],
            answer=None if row["answer"] is None else answer_of(orjson.loads(row["answer"])),
            passages=tuple(map(passage_of, orjson.loads(row["passages"] or "[]"))),
            postings=tuple(Posting(**each) for each in orjson.loads(row["postings"] or "[]")),
        )
    return None


def _session_of(row: Row) -> SessionKey:
    return SessionKey(row["platform"], row["workspace"], row["channel"], row["thread"])
