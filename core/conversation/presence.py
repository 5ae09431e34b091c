"""The conversations that we take part in, known without asking the database."""

from __future__ import annotations

from core.conversation.recent import Recent
from core.model import SessionKey
from core.ports import Database


class Presence:
    """The `capacity` sessions that were last spoken in, in memory: `session in presence`.

    `shared` says that other processes accept questions too. Then a session that is not known here
    may be known there, and `includes` asks the database.
    """

    def __init__(self, database: Database, *, shared: bool = False, capacity: int = 20_000) -> None:
        self._database = database
        self.shared = shared
        self._capacity = capacity
        self._sessions = Recent[SessionKey](capacity)

    async def load(self) -> None:
        """What was known before this process; to be awaited once, at the start."""
        rows = await self._database.fetch(
            """
            SELECT platform, workspace, channel, thread FROM sessions AS s
            WHERE EXISTS (
                SELECT FROM turns AS t WHERE t.session_id = s.id AND t.wanted <> 'withdrawn'
            )
            ORDER BY asked_at DESC, id DESC LIMIT $1
            """,
            self._capacity,
        )
        newest_first = [*self._sessions, *(SessionKey(**row) for row in rows)]
        for session in reversed(newest_first):
            self.join(session)

    def join(self, session: SessionKey) -> None:
        """We take part from here on; to be called when a question of it was accepted."""
        self._sessions.add(session)

    def __contains__(self, session: SessionKey) -> bool:
        return session in self._sessions

    def recent(self, platform: str, workspace: str, channel: str) -> list[SessionKey]:
        """The known sessions of a channel, the one that was last spoken in first."""
        place = (platform, workspace, channel)
        return [s for s in self._sessions if (s.platform, s.workspace, s.channel) == place]

    def all(self, platform: str) -> list[SessionKey]:
        """The known sessions of a platform, the one that was last spoken in first."""
        return [session for session in self._sessions if session.platform == platform]

    async def includes(self, session: SessionKey) -> bool:
        """The same, exact also when it is shared; that costs a query for an unknown session."""
        if session in self:
            return True
        return self.shared and await self.revise(session)

    async def revise(self, session: SessionKey) -> bool:
        """The same after a question was withdrawn; it may have been the only one. Costs a query."""
        rows = await self._database.fetch(
            """
            SELECT FROM sessions AS s JOIN turns AS t ON t.session_id = s.id
            WHERE (s.platform, s.workspace, s.channel, s.thread) = ($1, $2, $3, $4)
                AND t.wanted <> 'withdrawn'
            LIMIT 1
            """,
            session.platform,
            session.workspace,
            session.channel,
            session.thread,
        )
        if rows:
            self.join(session)
        else:
            self._sessions.discard(session)
        return bool(rows)
