"""Answers that cite a section which a sync has changed since: marked, and their threads told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.conversation.archive import Archive
from core.conversation.postings import Posting, Postings, posting_of
from core.errors import LeaseLost
from core.model import Passage, Turn
from core.ports import Database, Row

NOTICE = 1000
"""The part that a notice is posted as: far above those of any answer, and removed with them."""

_LEASE = 60.0
_MOST = 2000
_TOLD_WITHIN_DAYS = 2


@dataclass(frozen=True, slots=True)
class StaleAnswer:
    """An answer whose thread is to be told, by whoever holds the turn's token.

    `section` is the one that changed, as it was; `gone` says that its document is no longer served.
    """

    turn: Turn
    section: Passage
    sources: frozenset[str]
    gone: bool


class StaleAnswers:
    """The marks. A mark counts until the answer is made anew."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._archive = Archive(database)

    async def mark(self, days: int, *, threads: int = 0, platforms: Collection[str] = ()) -> int:
        """Marks the answers of so many days that cite what is no longer served; how many.

        The newest of each of so many threads of these `platforms` is to be told of, the newest
        first. Looks at the latest 2,000 answers at most that are not marked yet.
        """
        return await self._database.execute(
            """
            WITH recent AS (
                SELECT id, sequence, session_id, platform, answer, trace FROM turns AS t
                WHERE status = 'finished' AND accepted_at > now() - make_interval(days => $1)
                    AND jsonb_array_length(answer -> 'citations') > 0
                    AND NOT EXISTS (
                        SELECT FROM stale_answers AS s
                        WHERE s.turn_id = t.id AND s.marked_at > t.ended_at
                    )
                ORDER BY sequence DESC LIMIT $2
            ), changed AS (
                SELECT DISTINCT ON (r.id) r.id, r.sequence, r.session_id, r.platform, p.hash
                FROM recent AS r
                CROSS JOIN jsonb_array_elements(r.trace -> 'passages')
                    WITH ORDINALITY AS found (value, n)
                JOIN passages AS p ON p.hash = found.value ->> 'hash'
                WHERE EXISTS (
                    SELECT FROM jsonb_array_elements(r.answer -> 'citations') AS cited
                    WHERE cited ->> 'source' = p.passage ->> 'source'
                        AND cited ->> 'url' = p.passage ->> 'url'
                        AND cited -> 'heading_path' = p.passage -> 'heading_path'
                ) AND EXISTS (
                    SELECT FROM jsonb_array_elements_text(p.passage -> 'chunks') AS chunk (key)
                    WHERE NOT EXISTS (
                        SELECT FROM documents AS d
                        WHERE d.source = p.passage ->> 'source' AND d.path = p.passage ->> 'path'
                            AND d.until IS NULL AND chunk.key = ANY (d.chunk_keys)
                    )
                )
                ORDER BY r.id, found.n
            ), told AS (
                SELECT id FROM (
                    SELECT DISTINCT ON (session_id) id, sequence FROM changed
                    WHERE platform = ANY ($4)
                    ORDER BY session_id, sequence DESC
                ) AS newest
                ORDER BY sequence DESC LIMIT $3
            )
            INSERT INTO stale_answers (turn_id, hash, telling)
            SELECT id, hash, id IN (SELECT id FROM told) FROM changed
            ON CONFLICT (turn_id) DO UPDATE
            SET hash = excluded.hash, telling = excluded.telling, marked_at = now(),
                lease_token = NULL, lease_until = NULL
            """,
            days,
            _MOST,
            threads,
            list(platforms),
        )

    async def claim(self, platform: str) -> StaleAnswer | None:
        """The newest whose thread there is to be told, for a minute; None if there is none.

        What nobody told for two days is left alone, as is one whose section is not kept any more.
        """
        while rows := await self._next(platform):
            if (claimed := await self._claimed(rows[0])) is not None:
                return claimed
        return None

    async def _next(self, platform: str) -> list[Row]:
        return await self._database.fetch(
            """
            UPDATE stale_answers AS s
            SET lease_token = gen_random_uuid(),
                lease_until = clock_timestamp() + make_interval(secs => $2)
            FROM (
                SELECT w.turn_id FROM stale_answers AS w JOIN turns AS t ON t.id = w.turn_id
                WHERE w.telling AND t.platform = $1
                    AND t.status = 'finished' AND t.ended_at < w.marked_at
                    AND w.marked_at > now() - make_interval(days => $3)
                    AND (
                        w.lease_until IS NULL
                        OR w.lease_until NOT BETWEEN clock_timestamp()
                            AND clock_timestamp() + make_interval(secs => $2)
                    )
                ORDER BY t.sequence DESC LIMIT 1
                FOR UPDATE OF w SKIP LOCKED
            ) AS next
            WHERE s.turn_id = next.turn_id
            RETURNING s.turn_id, s.hash, s.lease_token
            """,
            platform,
            _LEASE,
            _TOLD_WITHIN_DAYS,
        )

    async def _claimed(self, row: Row) -> StaleAnswer | None:
        stored = await self._archive.get(row["turn_id"])
        passages = stored.passages if stored else ()
        section = next((p for p in passages if p.content_hash == row["hash"]), None)
        if stored is None or section is None:
            return None
        served = await self._database.fetch(
            "SELECT FROM documents WHERE source = $1 AND path = $2 AND until IS NULL",
            section.source,
            section.path,
        )
        turn = Turn(stored.id, stored.question, row["lease_token"], attempt=1)
        return StaleAnswer(turn, section, frozenset(stored.sources), gone=not served)

    async def settle(self, turn: Turn) -> None:
        """Its thread was told, or cannot be."""
        await self._database.execute(
            """
            UPDATE stale_answers SET telling = FALSE, lease_token = NULL, lease_until = NULL
            WHERE turn_id = $1 AND lease_token = $2
            """,
            turn.id,
            turn.token,
        )


class NoticePostings:
    """The intents of notices, as Postings has those of answers: under the lease of the mark."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._postings = Postings(database)

    async def complete(self, turn: Turn, part: int, message_id: str) -> None:
        """As with Postings."""
        await self._postings.complete(turn, part, message_id)

    async def of(self, turn: Turn) -> list[Posting]:
        """As with Postings."""
        return await self._postings.of(turn)

    async def open(self, turn: Turn, part: int, marker: str) -> Posting:
        """As with Postings. Raises LeaseLost, too, where the answer is made anew or withdrawn."""
        rows = await self._database.fetch(
            """
            INSERT INTO postings (turn_id, part, marker)
            SELECT s.turn_id, $3, $4
            FROM stale_answers AS s JOIN turns AS t ON t.id = s.turn_id
            WHERE s.turn_id = $1 AND s.lease_token = $2 AND s.telling
                AND s.lease_until > clock_timestamp()
                AND t.status = 'finished' AND t.ended_at < s.marked_at
            ON CONFLICT (turn_id, part) DO UPDATE SET marker = postings.marker
            RETURNING part, marker, message_id, (
                SELECT extract(epoch FROM lease_until - clock_timestamp())::float8
                FROM stale_answers WHERE turn_id = $1
            ) AS held_for
            """,
            turn.id,
            turn.token,
            part,
            marker,
        )
        if not rows:
            raise LeaseLost(f"Nobody is to be told of {turn.question.message_id} from here.")
        return posting_of(rows[0])
