"""Questions, from the moment they are accepted until they are answered or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.conversation.amendments import Amendments
from core.conversation.records import document, passage_document, trace, turn_of
from core.conversation.renewals import Renewals
from core.conversation.stored_passages import StoredPassages
from core.conversation.waiting import Waiting
from core.errors import LeaseLost
from core.model import Answered, Question, SessionKey, Turn, Wanted
from core.ports import Database
from core.text.unicode import storable


@dataclass(frozen=True, slots=True)
class Held:
    """Another worker holds the session; its lease runs out in `seconds`, unless it is renewed."""

    seconds: float


class Inbox:
    """Accepts each message once, and hands out the turns of a session one at a time, in order.

    A turn is held by a lease of `lease_seconds`, by the database's clock; one that would run for
    longer is none, as that clock was set back. `worker` must be borne by one process at a time;
    one that comes back under its old name has its old leases.
    """

    def __init__(self, database: Database, *, worker: str, lease_seconds: float = 25.0) -> None:
        self._database = database
        self._worker = worker
        self.lease_seconds = lease_seconds
        self.amendments = Amendments(database)
        self.waiting = Waiting()
        self._stored = StoredPassages()
        self._renewals = Renewals(database, lease_seconds=lease_seconds)

    async def accept(self, question: Question, *, claiming: bool = False) -> Turn | bool:
        """Stores the question; False when its message was accepted before.

        `claiming` spares the claim of a session's first question: its turn is returned, as `claim`
        does it. After a ServiceError the question may have been stored: deliver it again.
        """
        key = question.session
        sources = question.scope.sources
        # Who has made the session's row, with an id of its own, has the first turn of it: others
        # that add one wait for that row. So there is none that could come before, or run.
        rows = await self._database.fetch(
            """
            WITH new AS (
                SELECT nextval(pg_get_serial_sequence('sessions', 'id')) AS id
            ), session AS (
                INSERT INTO sessions (id, platform, workspace, channel, thread)
                OVERRIDING SYSTEM VALUE SELECT id, $1, $2, $3, $4 FROM new
                ON CONFLICT (platform, workspace, channel, thread) DO UPDATE SET asked_at = now()
                RETURNING id, $10::text IS NOT NULL AND id = (SELECT id FROM new) AS claimed
            )
            INSERT INTO turns (
                session_id, platform, workspace, channel, message_id, author, text, scope, context,
                attempt, lease_token, lease_owner, lease_until
            )
            SELECT id, $1, $2, $3, $5, $6, $7, $8, $9,
                claimed::int,
                CASE WHEN claimed THEN gen_random_uuid() END,
                CASE WHEN claimed THEN $10 END,
                CASE WHEN claimed THEN clock_timestamp() + make_interval(secs => $11) END
            FROM session
            ON CONFLICT (platform, workspace, channel, message_id) DO NOTHING
            RETURNING id, lease_token, attempt, message_id, author, text, scope, context, wanted,
                FALSE AS followed
            """,
            key.platform,
            key.workspace,
            key.channel,
            key.thread,
            question.message_id,
            storable(question.author),
            storable(question.text),
            None if sources is None else sorted(sources),
            document(question.context),
            self._worker if claiming else None,
            self.lease_seconds,
        )
        for row in rows:
            self.waiting.began(key, question.message_id)
            return True if row["lease_token"] is None else turn_of(key, row)
        return False

    async def claim(self, session: SessionKey) -> Turn | Held | None:
        """The oldest unfinished turn of the session, under a new lease; None when all are done.

        Each claim counts as an attempt. While a turn runs, no other is handed out, not even an
        older one that is to be answered again.
        """
        key = (session.platform, session.workspace, session.channel, session.thread)
        # A worker that waited here for another sees the conditions on the row that it waited for
        # checked again, but not the inner SELECT: the row may have ended, and then it gets none.
        rows = await self._database.fetch(
            """
            UPDATE turns
            SET lease_token = gen_random_uuid(),
                lease_owner = $5,
                lease_until = clock_timestamp() + make_interval(secs => $6),
                attempt = attempt + 1
            WHERE id = (
                    SELECT t.id FROM sessions AS s JOIN turns AS t ON t.session_id = s.id
                    WHERE (s.platform, s.workspace, s.channel, s.thread) = ($1, $2, $3, $4)
                        AND t.status = 'accepted'
                    ORDER BY (t.lease_until > clock_timestamp()) IS TRUE DESC, t.sequence
                    LIMIT 1
                )
                AND status = 'accepted'
                AND (
                    lease_until IS NULL
                    OR lease_until <= clock_timestamp()
                    OR lease_until > clock_timestamp() + make_interval(secs => $6)
                    OR lease_owner = $5
                )
            RETURNING id, lease_token, attempt, message_id, author, text, scope, context, wanted,
                EXISTS (
                    SELECT FROM turns AS other
                    WHERE other.session_id = turns.session_id AND other.status = 'accepted'
                        AND other.id <> turns.id
                ) AS followed
            """,
            *key,
            self._worker,
            self.lease_seconds,
        )
        for row in rows:
            self.waiting.began(session, row["message_id"])
            return turn_of(session, row)
        held = await self._holder(key)
        if held is None:
            self.waiting.all_ended(session)
        return held

    async def _holder(self, key: tuple[str, str, str, str]) -> Held | None:
        rows = await self._database.fetch(
            """
            SELECT extract(epoch FROM t.lease_until - clock_timestamp())::float8 AS seconds
            FROM sessions AS s JOIN turns AS t ON t.session_id = s.id
            WHERE (s.platform, s.workspace, s.channel, s.thread) = ($1, $2, $3, $4)
                AND t.status = 'accepted'
            ORDER BY (t.lease_until > clock_timestamp()) IS TRUE DESC, t.sequence
            LIMIT 1
            """,
            *key,
        )
        if not rows:
            return None
        return Held(min(max(rows[0]["seconds"] or 0.0, 0.0), self.lease_seconds))

    async def renew(self, turns: Sequence[Turn]) -> list[Wanted | None]:
        """Prolongs their leases to the full length from now; what is wanted of each turn by now.

        None where the lease was lost, also when the question was edited or withdrawn.
        """
        return await self._renewals.renew(turns)

    async def finish(self, turn: Turn, answered: Answered) -> None:
        """Stores the answer, its trace and the passages. Doing it twice is doing it once.

        Raises LeaseLost, and then stores nothing.
        """
        passages = answered.retrieval.passages
        hashes = [passage.content_hash for passage in passages]
        stored = self._stored.lately()
        new = {h: passage for h, passage in zip(hashes, passages, strict=True) if h not in stored}
        # In one order everywhere, or two workers that store the same could wait in a circle.
        found = sorted(new.items())
        finished = await self._database.fetch(
            """
            WITH finished AS (
                UPDATE turns
                SET status = 'finished', ended_at = now(), lease_until = NULL,
                    answer = $3, trace = $4
                WHERE id = $1 AND lease_token = $2 AND status IN ('accepted', 'finished')
                RETURNING id
            ), found AS (
                INSERT INTO passages (hash, passage)
                SELECT hash, passage FROM unnest($5::text[], $6::jsonb[]) AS found (hash, passage)
                WHERE EXISTS (SELECT FROM finished)
                ON CONFLICT (hash) DO UPDATE SET used_at = now()
                WHERE passages.used_at < now() - INTERVAL '1 day'
            )
            SELECT FROM finished
            """,
            turn.id,
            turn.token,
            document(answered.answer),
            document(trace(answered, hashes)),
            [each for each, _ in found],
            [passage_document(passage) for _, passage in found],
        )
        self._end(turn, finished)
        stored.update(new)

    async def fail(self, turn: Turn, reason: str) -> None:
        """Gives the turn up for good. Raises LeaseLost."""
        failed = await self._database.execute(
            """
            UPDATE turns
            SET status = 'failed', ended_at = now(), lease_until = NULL, failure = $3
            WHERE id = $1 AND lease_token = $2 AND status IN ('accepted', 'failed')
            """,
            turn.id,
            turn.token,
            storable(reason),
        )
        self._end(turn, failed)

    async def release(self, turn: Turn, *, counted: bool) -> None:
        """Lets anybody claim the turn at once; not `counted`, it was no attempt.

        Nothing happens when the lease is lost.
        """
        await self._database.execute(
            """
            UPDATE turns
            SET lease_token = NULL, lease_owner = NULL, lease_until = NULL, attempt = $3
            WHERE id = $1 AND lease_token = $2 AND status = 'accepted'
            """,
            turn.id,
            turn.token,
            turn.attempt if counted else turn.attempt - 1,
        )

    async def forget(self, turn: Turn) -> None:
        """Ends a withdrawn turn, once what was posted is removed. Raises LeaseLost.

        Of the turn stays that its message is no new one.
        """
        rows = await self._database.fetch(
            """
            WITH forgotten AS (
                UPDATE turns SET status = 'withdrawn', ended_at = now(), lease_until = NULL
                WHERE id = $1 AND lease_token = $2 AND status IN ('accepted', 'withdrawn')
                RETURNING id
            ), posted AS (
                DELETE FROM postings WHERE turn_id IN (SELECT id FROM forgotten)
            ), rated AS (
                DELETE FROM feedback WHERE turn_id IN (SELECT id FROM forgotten)
            )
            SELECT FROM forgotten
            """,
            turn.id,
            turn.token,
        )
        self._end(turn, rows)

    async def unfinished(self) -> list[SessionKey]:
        """The sessions that have unfinished turns, the longest-waiting first."""
        rows = await self._database.fetch(
            """
            SELECT s.platform, s.workspace, s.channel, s.thread
            FROM sessions AS s JOIN turns AS t ON t.session_id = s.id
            WHERE t.status = 'accepted'
            GROUP BY s.id
            ORDER BY min(t.sequence)
            """
        )
        return [SessionKey(**row) for row in rows]

    async def unattended(self) -> list[SessionKey]:
        """Those of them that no worker holds a lease on, in the same order."""
        rows = await self._database.fetch(
            """
            SELECT s.platform, s.workspace, s.channel, s.thread
            FROM sessions AS s JOIN turns AS t ON t.session_id = s.id
            WHERE t.status = 'accepted'
            GROUP BY s.id
            HAVING NOT bool_or(
                t.lease_until IS NOT NULL
                AND t.lease_until > clock_timestamp()
                AND t.lease_until <= clock_timestamp() + make_interval(secs => $1)
            )
            ORDER BY min(t.sequence)
            """,
            self.lease_seconds,
        )
        return [SessionKey(**row) for row in rows]

    def _end(self, turn: Turn, held: object) -> None:
        """Raises LeaseLost where no row was held."""
        if not held:
            raise lost(turn)
        self.waiting.ended(turn.question.session, turn.question.message_id)


def lost(turn: Turn) -> LeaseLost:
    """What has become of its lease."""
    return LeaseLost(
        f"The question {turn.question.message_id} was changed, withdrawn or taken over."
    )
