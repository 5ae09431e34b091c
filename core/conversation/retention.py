"""How long conversations are kept, and how much of what answers were made from."""

from __future__ import annotations

from collections.abc import Sequence

from core.ports import Database


class Retention:
    """Deletes what nobody needs any more. Several processes may do so at the same time.

    Rows are locked in the order of their keys, as by all who change many: or two of those could
    wait for each other in a circle.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expire(self, platforms: Sequence[str], days: int) -> int:
        """Deletes the turns of these platforms that ended so many days ago; how many.

        With them goes what is kept of them, and the sessions that nobody asked in since. What is
        waited for stays. Keep more days than a platform's history is caught up on: the message of
        a deleted turn would be a new question.
        """
        deleted = await self._database.execute(
            """
            DELETE FROM turns WHERE id IN (
                SELECT id FROM turns
                WHERE platform = ANY ($1) AND status <> 'accepted'
                    AND ended_at < now() - make_interval(days => $2)
                ORDER BY id FOR UPDATE
            )
            """,
            platforms,
            days,
        )
        # Whoever asks in a session updates its row first, which is then looked at again.
        await self._database.execute(
            """
            DELETE FROM sessions AS s
            WHERE s.platform = ANY ($1) AND s.asked_at < now() - make_interval(days => $2)
                AND NOT EXISTS (SELECT FROM turns AS t WHERE t.session_id = s.id)
            """,
            platforms,
            days,
        )
        return deleted

    async def trim(self, budget: int) -> int:
        """Deletes the oldest traces, until they and their passages fit into so many bytes.

        How many. The answers stay. Bytes are those of the compressed values: rows and indexes come
        on top, and PostgreSQL uses the space again rather than to give it back.
        """
        return await self._database.execute(
            """
            WITH used AS (
                SELECT found ->> 'hash' AS hash, max(t.ended_at) AS at
                FROM turns AS t, jsonb_array_elements(t.trace -> 'passages') AS found
                GROUP BY 1
            ), held AS (
                SELECT ended_at AS at, pg_column_size(trace) AS size FROM turns
                WHERE trace IS NOT NULL
                UNION ALL
                SELECT used.at, pg_column_size(p.passage)
                FROM passages AS p JOIN used ON used.hash = p.hash
            ), summed AS (
                SELECT at, sum(size) OVER (ORDER BY at DESC) AS total FROM held
            )
            UPDATE turns SET trace = NULL WHERE id IN (
                SELECT id FROM turns
                WHERE trace IS NOT NULL
                    AND ended_at <= (SELECT max(at) FROM summed WHERE total > $1)
                ORDER BY id FOR NO KEY UPDATE
            )
            """,
            budget,
        )

    async def sweep(self) -> int:
        """Deletes the passages that no trace names; how many."""
        # A passage that is stored again is marked as used again once that is a day ago, so none of
        # these is about to be named.
        return await self._database.execute(
            """
            WITH used AS (
                SELECT DISTINCT found ->> 'hash' AS hash
                FROM turns AS t, jsonb_array_elements(t.trace -> 'passages') AS found
            )
            DELETE FROM passages WHERE hash IN (
                SELECT p.hash FROM passages AS p
                WHERE p.used_at < now() - INTERVAL '2 days'
                    AND NOT EXISTS (SELECT FROM used WHERE used.hash = p.hash)
                ORDER BY p.hash FOR UPDATE OF p
            )
            """
        )
