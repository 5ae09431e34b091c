"""The connections to one server, kept for the next request."""

from __future__ import annotations

import asyncio

from core.backends.http_connection import Connection, Interrupted, Response
from core.backends.http_dialing import Dialer, Route


class Pool:
    """As many as there are requests at a time. `kept_alive`: seconds without anything to do."""

    def __init__(self, route: Route, dialer: Dialer, kept_alive: float) -> None:
        self.route = route
        self._dialer = dialer
        self._kept_alive = kept_alive
        self._loop = asyncio.get_running_loop()
        self._open: set[Connection] = set()
        self._idle: dict[Connection, float] = {}
        self._closed = False

    async def request(self, message: bytes, *, repeatable: bool) -> Response:
        """The beginning of the reply. Raises HttpError.

        What is `repeatable` is sent once more where the server closes a kept connection meanwhile.
        """
        while (kept := self._rested()) is not None:
            try:
                return await kept.request(message)
            except Interrupted:
                if not repeatable:
                    raise
        connection = Connection(self)
        await self._dialer.dial(self.route, connection)
        if self._closed or not connection.usable:
            connection.close()
            raise Interrupted
        self._open.add(connection)
        return await connection.request(message)

    def idle(self, connection: Connection) -> None:
        """It may be used for the next one."""
        self._idle[connection] = self._loop.time()

    def lost(self, connection: Connection) -> None:
        """It is forgotten."""
        self._open.discard(connection)
        self._idle.pop(connection, None)

    def tidy(self) -> None:
        """Closes those that had nothing to do for too long."""
        oldest = self._loop.time() - self._kept_alive
        for connection, since in self._idle.items():
            if since <= oldest:
                connection.close()

    def close(self) -> None:
        """Closes all, and with them what is under way: also what still is to come about."""
        self._closed = True
        for connection in self._open:
            connection.close()

    def _rested(self) -> Connection | None:
        """The one that was used last: the others may go."""
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.usable:
                return connection
        return None
