"""PostgreSQL through asyncpg, reached directly or through PgBouncer in transaction mode.

Every statement runs inside a transaction. PgBouncer needs that, as it may hand the parse and the
bind of a lone statement to two servers; and it lets a connection that died unnoticed be replaced
safely, because when BEGIN fails nothing has begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from core.errors import (
    AccessDenied,
    ConfigurationError,
    DocentError,
    MalformedReply,
    QuotaExceeded,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)
from core.ports import Row

_SERVICE = "PostgreSQL"
_BEGIN_TIMEOUT = 5.0
_CLOSE_TIMEOUT = 5.0
_CACHED_STATEMENTS = 100

# The driver has three roots; a refused or broken socket is an OSError, and so is TimeoutError.
_ASYNCPG_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_DRIVER_ERRORS = (*_ASYNCPG_ERRORS, OSError)

# https://www.postgresql.org/docs/current/errcodes-appendix.html; the longest prefix decides, and
# what is not listed was a statement that the server understood and refused.
_BY_SQLSTATE: Mapping[str, type[ServiceError]] = {
    "08": ServiceUnavailable,  # connection
    "25006": ServiceUnavailable,  # read-only: a standby that is not promoted yet
    "28": AccessDenied,
    "40": ServiceUnavailable,  # serialization, deadlock
    "42501": AccessDenied,  # insufficient privilege
    "53": ServiceUnavailable,  # too many connections, out of memory
    "53100": QuotaExceeded,  # disk full, and Neon's project size limit
    "55": ServiceUnavailable,  # lock not available
    "57": ServiceUnavailable,  # shutting down, starting up, cancelled
    "57P04": RequestRejected,  # database dropped
    "58": ServiceUnavailable,  # system error
    "XX": ServiceUnavailable,  # internal error, and a pooler's own
}

_HINTS: Mapping[type[DocentError], str] = {
    ServiceUnavailable: "Check that the server of DATABASE_URL runs and can be reached.",
    AccessDenied: "Check the user, the password and the rights in DATABASE_URL.",
    QuotaExceeded: "Make room in the database, or choose a larger plan.",
}

# A prepared statement that is not there, or there already: PgBouncer changed the server.
_LOST_STATEMENTS = frozenset({"26000", "42P05"})
_POOLER_HINT = "A pooler stands before this database: set DATABASE_POOLED=true."

_BY_DRIVER: Mapping[type[Exception], type[ServiceError]] = {
    asyncpg.DataError: RequestRejected,
    asyncpg.UnsupportedClientFeatureError: RequestRejected,
    asyncpg.UnsupportedServerFeatureError: RequestRejected,
    asyncpg.ProtocolError: MalformedReply,
    # The plan went stale when the schema changed; the driver has dropped it by now.
    asyncpg.InvalidCachedStatementError: ServiceUnavailable,
}


def translate(exc: BaseException) -> ServiceError:
    """What an exception of asyncpg or of the socket means, without its detail: that holds data."""
    kind = _kind(exc)
    lost_statement = getattr(exc, "sqlstate", None) in _LOST_STATEMENTS
    hint = _POOLER_HINT if lost_statement else _HINTS.get(kind, "")
    return kind(_SERVICE, _sentence(exc), hint=hint)


def _kind(exc: BaseException) -> type[ServiceError]:
    for driver_class, ours in _BY_DRIVER.items():
        if isinstance(exc, driver_class):
            return ours
    if not isinstance(exc, asyncpg.PostgresError):
        return ServiceUnavailable
    state = exc.sqlstate or "XX000"
    prefixes = [prefix for prefix in _BY_SQLSTATE if state.startswith(prefix)]
    return _BY_SQLSTATE[max(prefixes, key=len)] if prefixes else RequestRejected


def _sentence(exc: BaseException) -> str:
    if isinstance(exc, TimeoutError):
        return "it did not answer in time"
    if isinstance(exc, OSError):
        return f"the connection failed ({exc.strerror or type(exc).__name__})"
    first = str(exc.args[0]) if exc.args else ""
    return first.partition("\n")[0] or type(exc).__name__


class _Statements:
    """The statements of one open transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        try:
            rows: list[Row] = await self._connection.fetch(sql, *args)
        except _DRIVER_ERRORS as exc:
            raise translate(exc) from exc
        return rows

    async def execute(self, sql: str, *args: object) -> int:
        try:
            status: str = await self._connection.execute(sql, *args)
        except _DRIVER_ERRORS as exc:
            raise translate(exc) from exc
        count = status.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0


class Postgres:
    """A pool of connections. JSON goes in and comes out as text; a UUID is a `uuid.UUID`.

    `execute` without arguments takes several statements, divided by semicolons.
    """

    def __init__(self, pool: Any, *, acquire_timeout: float) -> None:
        self._pool = pool
        self._acquire_timeout = acquire_timeout

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """The rows."""
        async with self.transaction() as statements:
            return await statements.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """The number of rows that were touched."""
        async with self.transaction() as statements:
            return await statements.execute(sql, *args)

    def transaction(self) -> AbstractAsyncContextManager[_Statements]:
        """Commits at the end, rolls back on an exception. Not to be held over a slow call.

        When COMMIT itself fails with ServiceUnavailable, nobody knows whether it took effect.
        """
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[_Statements]:
        connection, transaction = await self._begin()
        try:
            yield _Statements(connection)
        except BaseException:
            await _end(connection, transaction.rollback)
            raise
        else:
            failure = await _end(connection, transaction.commit)
            if failure is not None:
                raise translate(failure) from failure
        finally:
            await self._release(connection)

    async def _begin(self) -> tuple[Any, Any]:
        try:
            return await self._try_begin()
        except _DRIVER_ERRORS:
            # The one that slept has died, so its fellows will have too.
            await self._pool.expire_connections()
        try:
            return await self._try_begin()
        except _DRIVER_ERRORS as exc:
            raise translate(exc) from exc

    async def _try_begin(self) -> tuple[Any, Any]:
        connection = await self._acquire()
        transaction = connection.transaction()
        try:
            async with asyncio.timeout(_BEGIN_TIMEOUT):
                await transaction.start()
        except BaseException:
            _cut(connection)
            await self._release(connection)
            raise
        return connection, transaction

    async def _acquire(self) -> Any:
        try:
            return await self._pool.acquire(timeout=self._acquire_timeout)
        except _DRIVER_ERRORS as exc:
            raise translate(exc) from exc

    async def _release(self, connection: Any) -> None:
        # A connection that cannot be given back is replaced by the pool; what the statements
        # came to stands without it.
        with suppress(*_DRIVER_ERRORS):
            await self._pool.release(connection)


async def _end(connection: Any, step: Callable[[], Awaitable[None]]) -> Exception | None:
    """Commits or rolls back; the error, if that failed, so that the first one is not masked."""
    try:
        await step()
    except _DRIVER_ERRORS as exc:
        _cut(connection)
        return exc
    return None


def _cut(connection: Any) -> None:
    # One that the server cut first has left the pool already.
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


@asynccontextmanager
async def open_postgres(
    dsn: str,
    *,
    pooled: bool | None = None,
    max_connections: int = 10,
    idle_seconds: float = 60.0,
    statement_timeout: float = 30.0,
    connect_timeout: float = 15.0,
) -> AsyncIterator[Postgres]:
    """A pool of up to `max_connections`, proved by one connection; times are in seconds.

    `pooled` says that a PgBouncer in transaction mode stands between; None takes it from the
    host's name ("-pooler", as Neon has it). An idle connection is dropped after `idle_seconds`
    (a server that sleeps drops it at 300), and none is kept awake. Raises ConfigurationError for
    a malformed `dsn`, ServiceError when the server cannot be reached.
    """
    address = _without_libpq_only(dsn)
    behind_pooler = "-pooler" in (urlsplit(address).hostname or "") if pooled is None else pooled
    pool = asyncpg.create_pool(
        address,
        min_size=0,
        max_size=max_connections,
        max_inactive_connection_lifetime=idle_seconds,
        command_timeout=statement_timeout,
        timeout=connect_timeout,
        # PgBouncer before 1.21 knows no prepared statements of the protocol.
        statement_cache_size=0 if behind_pooler else _CACHED_STATEMENTS,
        # Transactions leave no session state behind that a round trip would have to clear.
        reset=_no_reset,
    )
    try:
        await _prove(pool)
        yield Postgres(pool, acquire_timeout=connect_timeout)
    finally:
        await _close(pool)


def _without_libpq_only(dsn: str) -> str:
    """Neon's addresses ask for channel binding, which asyncpg would send on as a setting."""
    try:
        parts = urlsplit(dsn)
        _ = parts.port  # raises ValueError for what is no number
        query = [(k, v) for k, v in parse_qsl(parts.query) if k != "channel_binding"]
    except ValueError:
        raise _malformed() from None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise _malformed()
    return urlunsplit(parts._replace(query=urlencode(query)))


def _malformed() -> ConfigurationError:
    # Without the address and without a cause: both hold the password.
    return ConfigurationError(
        "DATABASE_URL is not the address of a PostgreSQL database.",
        hint="Write it as postgresql://user:password@host:5432/name, with special characters "
        "in the password percent-encoded.",
    )


async def _prove(pool: Any) -> None:
    await pool
    try:
        await pool.release(await pool.acquire())
    except (asyncpg.ClientConfigurationError, ValueError):
        raise _malformed() from None
    except _DRIVER_ERRORS as exc:
        raise translate(exc) from exc


async def _no_reset(connection: Any) -> None:
    """Nothing to reset."""


async def _close(pool: Any) -> None:
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT):
            await pool.close()
    except _DRIVER_ERRORS:
        pool.terminate()
