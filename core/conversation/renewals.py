"""The leases of all running turns, prolonged with one statement for those that ask together."""

from __future__ import annotations

import asyncio
from uuid import UUID

from core.model import Turn, Wanted
from core.ports import Database


class Renewals:
    """With a thousand answers under way, a statement for each would be most of the database's work.

    Who asks in the same turn of the event loop goes along in one.
    """

    def __init__(self, database: Database, *, lease_seconds: float) -> None:
        self._database = database
        self._lease_seconds = lease_seconds
        self._asking: dict[UUID, tuple[UUID, asyncio.Future[Wanted | None]]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def renew(self, turn: Turn) -> Wanted | None:
        """What is wanted of the turn by now; None when its lease was lost. Raises ServiceError."""
        if not self._asking:
            sending = asyncio.create_task(self._send())
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
        renewed: asyncio.Future[Wanted | None] = asyncio.get_running_loop().create_future()
        self._asking[turn.token] = turn.id, renewed
        return await renewed

    async def _send(self) -> None:
        asking, self._asking = self._asking, {}
        try:
            wanted = await self._renewed({token: id_ for token, (id_, _) in asking.items()})
        except Exception as exc:  # noqa: BLE001 - it is theirs who asked
            for _, renewed in asking.values():
                if not renewed.done():
                    renewed.set_exception(exc)
        else:
            for token, (_, renewed) in asking.items():
                if not renewed.done():
                    renewed.set_result(wanted.get(token))

    async def _renewed(self, turns: dict[UUID, UUID]) -> dict[UUID, Wanted]:
        # By id, as whatever else changes many turns: or two of those could wait in a circle.
        rows = await self._database.fetch(
            """
            UPDATE turns SET lease_until = clock_timestamp() + make_interval(secs => $3)
            FROM (
                SELECT t.id
                FROM turns AS t JOIN unnest($1::uuid[], $2::uuid[]) AS asking (turn, token)
                    ON t.id = asking.turn AND t.lease_token = asking.token
                WHERE t.status = 'accepted'
                ORDER BY t.id FOR NO KEY UPDATE OF t
            ) AS held
            WHERE turns.id = held.id
            RETURNING lease_token, wanted
            """,
            list(turns.values()),
            list(turns),
            self._lease_seconds,
        )
        return {row["lease_token"]: Wanted(row["wanted"]) for row in rows}
