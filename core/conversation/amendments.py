"""What people do to a question after they asked it: edit it, stop its answer, delete it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.model import Scope, SessionKey
from core.ports import Database, Row
from core.text.unicode import storable


class Amendments:
    """Changes to turns by those who hold no lease on them. Each returns the session to be seen to.

    A worker at a turn that is edited or withdrawn has lost its lease, but is given the time to
    notice: nobody else claims the turn before the lease has run out.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def edit(
        self,
        platform: str,
        workspace: str,
        channel: str,
        message_id: str,
        text: str,
        *,
        scope: Scope,
        revision: str = "",
    ) -> SessionKey | None:
        """Replaces the question's text and opens its turn again, in its old place.

        It is answered from what the `scope` admits by now.

        The session, or None when the message is unknown, says the same, or has a later `revision`,
        which is the platform's time of the edit. Postings are kept; the answer and what people
        thought of it are not.
        """
        rows = await self._database.fetch(
            """
            WITH edited AS (
                UPDATE turns
                SET text = $5, revision = $6, scope = $7, wanted = 'answered', status = 'accepted',
                    attempt = 0, lease_token = NULL,
                    ended_at = NULL, answer = NULL, trace = NULL, failure = NULL
                WHERE (platform, workspace, channel) = ($1, $2, $3) AND message_id = $4
                    AND wanted <> 'withdrawn' AND text <> $5 AND ($6 = '' OR revision < $6)
                RETURNING id, session_id
            ), void AS (
                DELETE FROM feedback WHERE turn_id IN (SELECT id FROM edited)
            )
            SELECT s.platform, s.workspace, s.channel, s.thread
            FROM edited JOIN sessions AS s ON s.id = edited.session_id
            """,
            platform,
            workspace,
            channel,
            message_id,
            storable(text),
            revision,
            None if scope.sources is None else sorted(scope.sources),
        )
        return _only_session(rows)

    async def stop(self, turn_id: UUID) -> SessionKey | None:
        """Asks whoever answers the turn to end the answer where it is.

        The session, or None when the turn has ended or was asked before.
        """
        rows = await self._database.fetch(
            """
            UPDATE turns AS t SET wanted = 'stopped'
            FROM sessions AS s
            WHERE t.id = $1 AND t.status = 'accepted' AND t.wanted = 'answered'
                AND s.id = t.session_id
            RETURNING s.platform, s.workspace, s.channel, s.thread
            """,
            turn_id,
        )
        return _only_session(rows)

    async def withdraw(self, session: SessionKey, message_id: str) -> SessionKey | None:
        """Erases the question, its answer and what people thought of it.

        The turn is opened for what was posted to be removed.

        The session, or None when the message is forgotten, or is unknown: then it is barred from
        becoming a question when its delivery comes after that of its end.
        """
        if await self._barred(session, message_id):
            return None
        rows = await self._database.fetch(
            _WITHDRAW
            + """
            WHERE (t.platform, t.workspace, t.channel) = ($1, $2, $3) AND t.message_id = $4
                AND t.status <> 'withdrawn' AND s.id = t.session_id
            """
            + _WITHDRAWN,
            session.platform,
            session.workspace,
            session.channel,
            message_id,
        )
        return _only_session(rows)

    async def _barred(self, session: SessionKey, message_id: str) -> bool:
        """Whether the message was unknown; it is now a question that was withdrawn."""
        barred = await self._database.execute(
            """
            WITH session AS (
                INSERT INTO sessions AS s (platform, workspace, channel, thread)
                VALUES ($1, $2, $3, $4)
                ON CONFLICT (platform, workspace, channel, thread)
                DO UPDATE SET asked_at = s.asked_at
                RETURNING id
            )
            INSERT INTO turns (
                session_id, platform, workspace, channel, message_id, author, text, context,
                wanted, status, ended_at
            )
            SELECT id, $1, $2, $3, $5, '', '', '[]', 'withdrawn', 'withdrawn', now() FROM session
            ON CONFLICT (platform, workspace, channel, message_id) DO NOTHING
            """,
            session.platform,
            session.workspace,
            session.channel,
            session.thread,
            message_id,
        )
        return barred > 0

    async def withdraw_all(self, platforms: Sequence[str], author: str) -> list[SessionKey]:
        """Does so for every question of a person, and forgets what they thought of answers.

        The sessions to be seen to, once a question.
        """
        person = storable(author)
        await self._database.execute(
            """
            DELETE FROM feedback AS f USING turns AS t
            WHERE t.id = f.turn_id AND t.platform = ANY ($1) AND f.person = $2
            """,
            platforms,
            person,
        )
        # By id, as leases are renewed: or the two could wait for each other in a circle.
        rows = await self._database.fetch(
            _WITHDRAW  # noqa: S608 - constants
            + """
            WHERE t.id IN (
                    SELECT id FROM turns
                    WHERE platform = ANY ($1) AND author = $2 AND status <> 'withdrawn'
                    ORDER BY id FOR NO KEY UPDATE
                )
                AND s.id = t.session_id
            """
            + _WITHDRAWN,
            platforms,
            person,
        )
        return [SessionKey(**row) for row in rows]


_WITHDRAW = """
    WITH withdrawn AS (
        UPDATE turns AS t
        SET text = '', author = '', context = '[]', wanted = 'withdrawn', status = 'accepted',
            attempt = 0, lease_token = NULL,
            ended_at = NULL, answer = NULL, trace = NULL, failure = NULL
        FROM sessions AS s
"""
_WITHDRAWN = """
        RETURNING t.id, s.platform, s.workspace, s.channel, s.thread
    ), void AS (
        DELETE FROM feedback WHERE turn_id IN (SELECT id FROM withdrawn)
    )
    SELECT platform, workspace, channel, thread FROM withdrawn
"""


def _only_session(rows: Sequence[Row]) -> SessionKey | None:
    return SessionKey(**rows[0]) if rows else None
