"""PostgreSQL through asyncpg, reached directly or through PgBouncer in transaction mode.

A statement runs inside a transaction. PgBouncer needs that, as it may hand the parse and the bind
of a lone statement to two servers; and it lets a connection that died unnoticed be replaced safely,
because when BEGIN fails nothing has begun. Without PgBouncer a lone statement goes by itself over a
connection that has answered a moment ago, in one round trip instead of three.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg

from core.backends.postgres_address import malformed, names_pooler, read_address
from core.backends.postgres_errors import DRIVER_ERRORS, driver_errors, translate
from core.backends.postgres_pool import Connection, Connections, cut, note_answer
from core.errors import ServiceUnavailable
from core.ports import Row

_BEGIN_TIMEOUT = 5.0
_ROLLBACK_TIMEOUT = 5.0
_CACHED_STATEMENTS = 100

T = TypeVar("T")


class _Statements:
    """The statements of one open transaction, each of which may take `timeout` seconds."""

    def __init__(self, connection: Any, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        rows: list[Row] = await self._ask(self._connection.fetch, sql, args)
        return rows

    async def execute(self, sql: str, *args: object) -> int:
        status: str = await self._ask(self._connection.execute, sql, args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    async def _ask(self, ask: Callable[..., Any], sql: str, args: Sequence[object]) -> Any:
        """What the server answers. Whoever stops waiting cuts the connection."""
        try:
            return await ask(sql, *args, timeout=self._timeout)
        except asyncio.CancelledError:
            cut(self._connection)
            raise
        except DRIVER_ERRORS as exc:
            if isinstance(exc, TimeoutError):
                cut(self._connection)
            raise translate(exc) from exc


class Postgres:
    """A pool of connections. JSON goes in and comes out as text; a UUID is a `uuid.UUID`.

    `execute` without arguments takes several statements, divided by semicolons.
    """

    def __init__(self, connections: Connections, *, statement_timeout: float) -> None:
        self._connections = connections
        self._statement_timeout = statement_timeout

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """The rows."""
        return await self._alone(_Statements.fetch, sql, args)

    async def execute(self, sql: str, *args: object) -> int:
        """The number of rows that were touched.

        After ServiceUnavailable, of this as of `fetch`, nobody knows whether it took effect.
        """
        return await self._alone(_Statements.execute, sql, args)

    def transaction(self) -> AbstractAsyncContextManager[_Statements]:
        """Commits at the end, rolls back on an exception. Not to be held over a slow call.

        When COMMIT itself fails with ServiceUnavailable, nobody knows whether it took effect.
        """
        return self._transaction()

    async def _alone(
        self, ask: Callable[..., Coroutine[Any, Any, T]], sql: str, args: Sequence[object]
    ) -> T:
        connection = await self._connections.trusted()
        if connection is None:
            async with self._transaction() as statements:
                return await ask(statements, sql, *args)
        try:
            answer = await ask(_Statements(connection, self._statement_timeout), sql, *args)
        except BaseException as exc:
            if isinstance(exc, ServiceUnavailable):
                # If it has died, its fellows will have too: they are asked with care.
                await self._connections.expire()
            await self._connections.release(connection)
            raise
        await self._connections.keep(connection)
        return answer

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[_Statements]:
        connection, transaction = await self._begin()
        try:
            yield _Statements(connection, self._statement_timeout)
        except BaseException:
            # One that cannot be rolled back is cut, which comes to the same.
            with suppress(*DRIVER_ERRORS):
                await _answer_within(_ROLLBACK_TIMEOUT, connection, transaction.rollback())
            raise
        else:
            with driver_errors():
                await _answer_within(self._statement_timeout, connection, transaction.commit())
            note_answer(connection)
        finally:
            await self._connections.release(connection)

    async def _begin(self) -> tuple[Any, Any]:
        try:
            return await self._try_begin()
        except DRIVER_ERRORS:
            # The one that slept has died, so its fellows will have too.
            await self._connections.expire()
        with driver_errors():
            return await self._try_begin()

    async def _try_begin(self) -> tuple[Any, Any]:
        connection = await self._connections.acquire()
        transaction = connection.transaction()
        try:
            await _answer_within(_BEGIN_TIMEOUT, connection, transaction.start())
        except BaseException:
            cut(connection)
            await self._connections.release(connection)
            raise
        return connection, transaction


async def _answer_within(
    seconds: float, connection: Any, asking: Coroutine[Any, Any, None]
) -> None:
    """The same for what the driver sets no time-out for."""
    async with asyncio.timeout(seconds):
        try:
            await asking
        except (asyncio.CancelledError, TimeoutError):
            cut(connection)
            raise


@asynccontextmanager
async def open_postgres(
    dsn: str,
    *,
    pooled: bool | None = None,
    max_connections: int = 10,
    idle_seconds: float = 60.0,
    statement_timeout: float = 30.0,
    connect_timeout: float = 15.0,
    trusted_seconds: float = 1.0,
) -> AsyncIterator[Postgres]:
    """A pool of up to `max_connections`, proved by one connection; times are in seconds.

    `pooled` says that a PgBouncer in transaction mode stands between; None takes it from the
    host's name ("-pooler", as Neon has it). An idle connection is dropped after `idle_seconds`
    (a server that sleeps drops it at 300), and none is kept awake; for `trusted_seconds` after an
    answer it is taken to be alive. The server has to prove who it
    is where the `dsn` says sslmode=verify-full, or channel_binding=require as Neon's do. Raises
    ConfigurationError for a malformed `dsn`, ServiceError when the server cannot be reached.
    """
    address, tls = read_address(dsn)
    behind_pooler = names_pooler(address) if pooled is None else pooled
    pool = asyncpg.create_pool(
        address,
        ssl=tls,
        min_size=0,
        max_size=max_connections,
        max_inactive_connection_lifetime=idle_seconds,
        timeout=connect_timeout,
        # PgBouncer before 1.21 knows no prepared statements of the protocol.
        statement_cache_size=0 if behind_pooler else _CACHED_STATEMENTS,
        # Transactions leave no session state behind that a round trip would have to clear.
        reset=_no_reset,
        connection_class=Connection,
    )
    connections = Connections(
        pool,
        acquire_timeout=connect_timeout,
        trusted_seconds=0.0 if behind_pooler else trusted_seconds,
    )
    try:
        await _prove(pool)
        yield Postgres(connections, statement_timeout=statement_timeout)
    finally:
        await connections.close()


async def _prove(pool: Any) -> None:
    await pool
    try:
        await pool.release(await pool.acquire())
    except ssl.SSLError as exc:  # one of a certificate is a ValueError, too
        raise translate(exc) from exc
    except (asyncpg.ClientConfigurationError, ValueError):
        raise malformed() from None
    except DRIVER_ERRORS as exc:
        raise translate(exc) from exc


async def _no_reset(connection: Any) -> None:
    """Nothing to reset."""
