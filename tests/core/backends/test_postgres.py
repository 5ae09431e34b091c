import asyncio
import inspect
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from core.backends.embedded_postgres import _pg_ctl, open_embedded_postgres
from core.backends.postgres import Postgres, open_postgres
from core.backends.postgres_address import names_pooler
from core.backends.postgres_errors import translate
from core.errors import (
    AccessDenied,
    ConfigurationError,
    MalformedReply,
    QuotaExceeded,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)
from core.ports import Queries, Row
from tests.support.door import open_door
from tests.support.pgbouncer import open_pgbouncer
from tests.support.postgres import administer, named, server_folder

DRIVER_ERRORS = sorted(
    {
        error
        for module in (asyncpg, asyncpg.exceptions)
        for error in vars(module).values()
        if inspect.isclass(error)
        and issubclass(error, Exception)
        and not issubclass(error, Warning)
    },
    key=lambda error: error.__name__,
)

UNAVAILABLE = {"08", "25006", "40", "53", "55", "57", "58", "XX"}
EXCEPTIONS = {
    "28000": AccessDenied,
    "28P01": AccessDenied,
    "42501": AccessDenied,
    "53100": QuotaExceeded,
    "57P04": RequestRejected,
}


@pytest.fixture
async def database(empty_dsn: str) -> AsyncIterator[Postgres]:
    """No schema is needed here."""
    async with open_postgres(empty_dsn) as opened:
        yield opened


@pytest.fixture
def folder() -> Iterator[Path]:
    with server_folder() as made:
        yield made


@pytest.mark.parametrize("error", DRIVER_ERRORS)
def test_every_error_of_the_driver_has_a_meaning(error: type[Exception]) -> None:
    translated = translate(error("what the server said\nDETAIL: a customer's row"))
    assert isinstance(translated, ServiceError)
    assert str(translated) == "PostgreSQL: what the server said"
    state = getattr(error, "sqlstate", None)
    if state in EXCEPTIONS:
        assert type(translated) is EXCEPTIONS[state]
    elif state and any(state.startswith(prefix) for prefix in UNAVAILABLE):
        assert type(translated) is ServiceUnavailable


@pytest.mark.parametrize(
    ("error", "ours", "sentence"),
    [
        (asyncpg.DataError("not a number"), RequestRejected, "not a number"),
        (asyncpg.ProtocolError("odd byte"), MalformedReply, "odd byte"),
        (asyncpg.InterfaceError("pool is closing"), ServiceUnavailable, "pool is closing"),
        (asyncpg.UnknownPostgresError("?"), ServiceUnavailable, "?"),
        (asyncpg.InvalidCachedStatementError("stale"), ServiceUnavailable, "stale"),
        (asyncpg.UniqueViolationError("twice"), RequestRejected, "twice"),
        (TimeoutError(), ServiceUnavailable, "it did not answer in time"),
        (
            ConnectionRefusedError(111, "Connection refused"),
            ServiceUnavailable,
            "the connection failed (Connection refused)",
        ),
        (
            socket.gaierror(-2, "Name or service not known"),
            ServiceUnavailable,
            "the connection failed (Name or service not known)",
        ),
        (ConnectionError(), ServiceUnavailable, "the connection failed (ConnectionError)"),
        (ssl.SSLError(), ServiceUnavailable, "the connection failed (SSLError)"),
        (asyncpg.InternalClientError(), ServiceUnavailable, "InternalClientError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_says_what_happened(
    error: Exception, ours: type[ServiceError], sentence: str
) -> None:
    translated = translate(error)
    assert type(translated) is ours
    assert str(translated) == f"PostgreSQL: {sentence}"


async def test_a_statement_returns_its_rows_or_how_many_it_touched(database: Postgres) -> None:
    assert await database.execute("CREATE TABLE t (n INTEGER); CREATE TABLE u ()") == 0
    assert await database.execute("INSERT INTO t SELECT generate_series(1, $1)", 3) == 3
    assert await database.execute("UPDATE t SET n = n WHERE n > $1", 1) == 2
    rows = await database.fetch("SELECT n FROM t WHERE n < $1 ORDER BY n", 3)
    assert [row["n"] for row in rows] == [1, 2]


async def test_a_transaction_commits_as_a_whole(database: Postgres) -> None:
    await database.execute("CREATE TABLE t (n INTEGER)")
    async with database.transaction() as statements:
        await statements.execute("INSERT INTO t VALUES ($1)", 1)
        await statements.execute("INSERT INTO t VALUES ($1)", 2)
        assert await database.fetch("SELECT FROM t") == []
    assert len(await database.fetch("SELECT FROM t")) == 2


async def test_a_transaction_that_raises_leaves_nothing(
    database: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    await database.execute("CREATE TABLE t (n INTEGER)")

    async def insert_and_raise() -> None:
        async with database.transaction() as statements:
            await statements.execute("INSERT INTO t VALUES ($1)", 1)
            raise KeyError

    with pytest.raises(KeyError):
        await insert_and_raise()
    assert await database.fetch("SELECT FROM t") == []
    assert caplog.records == []  # the driver would roll back, too, but complains


async def test_an_error_of_the_block_is_not_taken_for_the_databases(database: Postgres) -> None:
    with pytest.raises(TimeoutError):
        async with database.transaction():
            raise TimeoutError


async def test_a_commit_that_fails_is_an_error(database: Postgres) -> None:
    await database.execute(
        "CREATE TABLE t (n INTEGER PRIMARY KEY, m INTEGER REFERENCES t INITIALLY DEFERRED)"
    )
    with pytest.raises(RequestRejected, match="violates foreign key"):
        await database.execute("INSERT INTO t VALUES (1, 2)")
    assert await database.fetch("SELECT FROM t") == []


async def test_a_cancelled_statement_gives_its_connection_back(empty_dsn: str) -> None:
    async with open_postgres(empty_dsn, max_connections=1) as database:
        for _ in range(3):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await database.fetch("SELECT pg_sleep(30)")
        assert len(await database.fetch("SELECT 1")) == 1


async def test_a_statement_that_takes_too_long_is_given_up(empty_dsn: str) -> None:
    async with open_postgres(empty_dsn, max_connections=1, statement_timeout=0.1) as database:
        with pytest.raises(ServiceUnavailable, match="did not answer in time"):
            await database.fetch("SELECT pg_sleep(30)")
        assert await _answered_in_the_end(database)


async def _answered_in_the_end(database: Postgres) -> bool:
    """Not each time by a machine that does other things too, if the time-out is short."""
    async with asyncio.timeout(20):
        while True:
            with suppress(ServiceUnavailable):
                return len(await database.fetch("SELECT 1")) == 1


async def test_a_statement_that_is_broken_off_is_cut_and_not_cancelled(empty_dsn: str) -> None:
    async with open_door(empty_dsn) as door, open_postgres(door.dsn) as database:
        for _ in range(3):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await database.fetch("SELECT pg_sleep(30)")
        assert len(await database.fetch("SELECT 1")) == 1
        assert door.cancel_requests == 0


async def test_a_statement_that_takes_too_long_is_cut_and_not_cancelled(empty_dsn: str) -> None:
    async with (
        open_door(empty_dsn) as door,
        open_postgres(door.dsn, statement_timeout=0.2) as database,
    ):
        for sql in ("SELECT pg_sleep(30)", "SELECT pg_sleep($1)"):
            with pytest.raises(ServiceUnavailable, match="did not answer in time"):
                await database.execute(sql, *[30.0] * sql.count("$"))
        assert await _answered_in_the_end(database)
        assert door.cancel_requests == 0


@pytest.mark.parametrize("fresh", [True, False], ids=["prepared anew", "known"])
async def test_a_statement_may_be_broken_off_at_any_moment(empty_dsn: str, fresh: bool) -> None:
    """While it is prepared too."""
    async with (
        open_door(empty_dsn) as door,
        open_postgres(door.dsn, max_connections=1, trusted_seconds=60) as database,
    ):
        for turns in range(25):
            await database.fetch("SELECT 1")
            sql = f"SELECT $1::int + {turns}" if fresh else "SELECT $1::int"
            asking = asyncio.create_task(database.fetch(sql, turns))
            for _ in range(turns):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
        assert len(await database.fetch("SELECT 1")) == 1
        assert door.cancel_requests == 0


async def test_when_every_connection_is_taken_the_wait_is_bounded(empty_dsn: str) -> None:
    async with open_postgres(empty_dsn, max_connections=1, connect_timeout=2) as database:
        async with database.transaction():
            with pytest.raises(ServiceUnavailable, match="did not answer in time"):
                await database.fetch("SELECT 1")
        assert len(await database.fetch("SELECT 1")) == 1


async def test_connections_that_were_killed_are_replaced_unseen(
    empty_dsn: str, database: Postgres
) -> None:
    await asyncio.gather(*(database.fetch("SELECT pg_sleep(0.1)") for _ in range(5)))
    async with open_postgres(empty_dsn) as killer:
        await killer.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    rows = await asyncio.gather(*(database.fetch("SELECT 1 AS n") for _ in range(5)))
    assert [row[0]["n"] for row in rows] == [1] * 5


async def _kill(server: str, statements: Queries) -> None:
    (row,) = await statements.fetch("SELECT pg_backend_pid() AS pid")
    await administer(server, f"SELECT pg_terminate_backend({row['pid']}, 5000)")


async def test_a_connection_killed_within_a_transaction_fails_that_transaction_only(
    postgres_server: str, database: Postgres
) -> None:
    async def go_on_after_the_kill() -> None:
        async with database.transaction() as statements:
            await _kill(postgres_server, statements)
            await statements.fetch("SELECT 1")

    with pytest.raises(ServiceUnavailable):
        await go_on_after_the_kill()
    assert len(await database.fetch("SELECT 1")) == 1


async def test_an_error_of_the_block_survives_a_rollback_that_fails(
    postgres_server: str, database: Postgres
) -> None:
    async def raise_after_the_kill() -> None:
        async with database.transaction() as statements:
            await _kill(postgres_server, statements)
            raise KeyError

    with pytest.raises(KeyError):
        await raise_after_the_kill()


async def test_idle_connections_are_dropped_and_send_nothing(
    postgres_server: str, empty_dsn: str
) -> None:
    async with open_postgres(empty_dsn, idle_seconds=0.1) as database:
        name = (await database.fetch("SELECT current_database() AS name"))[0]["name"]
        await _no_connection_is_left(postgres_server, name)


async def test_a_connection_that_died_unnoticed_is_replaced_before_anything_began(
    empty_dsn: str,
) -> None:
    async with open_door(empty_dsn) as door, open_postgres(door.dsn, trusted_seconds=0) as database:
        await asyncio.gather(*(database.fetch("SELECT pg_sleep(0.1)") for _ in range(3)))
        door.cut_on_next_use()
        rows = await asyncio.gather(*(database.fetch("SELECT 1 AS n") for _ in range(3)))
    assert [row[0]["n"] for row in rows] == [1] * 3


async def test_the_first_who_finds_a_dead_connection_speaks_for_the_others(empty_dsn: str) -> None:
    async with open_door(empty_dsn) as door, open_postgres(door.dsn, trusted_seconds=0) as database:
        await asyncio.gather(*(database.fetch("SELECT pg_sleep(0.1)") for _ in range(3)))
        door.cut_on_next_use()
        assert len(await database.fetch("SELECT 1")) == 1


@pytest.mark.parametrize(
    ("trusted_seconds", "pooled", "last"),
    [(60, False, "SELECT 7"), (0, False, "COMMIT;"), (60, True, "COMMIT;")],
)
async def test_a_statement_goes_by_itself_over_a_connection_that_has_just_answered(
    empty_dsn: str, trusted_seconds: float, pooled: bool, last: str
) -> None:
    """Behind a pooler it never does."""
    async with (
        open_postgres(empty_dsn, trusted_seconds=trusted_seconds, pooled=pooled) as database,
        open_postgres(empty_dsn) as observer,
    ):
        await database.fetch("SELECT 1")
        (row,) = await database.fetch("SELECT pg_backend_pid() AS pid")
        await database.execute("SELECT 7")
        query = "SELECT query FROM pg_stat_activity WHERE pid = $1"
        assert [each["query"] for each in await observer.fetch(query, row["pid"])] == [last]


async def test_a_connection_that_dies_a_moment_after_it_answered_fails_one_statement_only(
    empty_dsn: str,
) -> None:
    async with (
        open_door(empty_dsn) as door,
        open_postgres(door.dsn, trusted_seconds=60) as database,
    ):
        await asyncio.gather(*(database.fetch("SELECT pg_sleep(0.1)") for _ in range(3)))
        door.cut_on_next_use()
        with pytest.raises(ServiceUnavailable):
            await database.fetch("SELECT 1")
        assert len(await database.fetch("SELECT 1")) == 1


async def _ask_side_by_side(database: Postgres, count: int) -> None:
    """Twice: the connections have answered by then, and are kept for whoever comes next."""
    for _ in range(2):
        await asyncio.gather(*(database.fetch("SELECT pg_sleep(0.05)") for _ in range(count)))


async def test_kept_connections_that_have_died_fail_one_statement_only(empty_dsn: str) -> None:
    async with (
        open_door(empty_dsn) as door,
        open_postgres(door.dsn, trusted_seconds=60) as database,
    ):
        await _ask_side_by_side(database, 3)
        door.cut_on_next_use()
        with pytest.raises(ServiceUnavailable):
            await database.fetch("SELECT 1")
        assert len(await database.fetch("SELECT 1")) == 1


async def test_kept_connections_that_were_killed_are_replaced(
    postgres_server: str, empty_dsn: str
) -> None:
    async with open_postgres(empty_dsn, trusted_seconds=60) as database:
        await _ask_side_by_side(database, 3)
        (row,) = await database.fetch("SELECT current_database() AS name")
        async with open_postgres(postgres_server) as killer:
            await killer.fetch(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
                row["name"],
            )
        # Until the driver has read that they are closed.
        async with asyncio.timeout(20):
            while len(await _answers_of(database, 3)) < 3:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)


async def _answers_of(database: Postgres, count: int) -> list[list[Row]]:
    statements = (database.fetch("SELECT 1") for _ in range(count))
    answers = await asyncio.gather(*statements, return_exceptions=True)
    return [answer for answer in answers if isinstance(answer, list)]


async def test_a_kept_connection_goes_to_whoever_waits(empty_dsn: str) -> None:
    async with open_postgres(empty_dsn, max_connections=1, trusted_seconds=60) as database:
        for _ in range(2):
            statements = (database.fetch("SELECT pg_backend_pid() AS pid") for _ in range(5))
            pids = {rows[0]["pid"] for rows in await asyncio.gather(*statements)}
            async with database.transaction() as transaction:
                (row,) = await transaction.fetch("SELECT pg_backend_pid() AS pid")
            assert pids == {row["pid"]}


async def test_a_kept_connection_is_dropped_when_it_is_idle(
    postgres_server: str, empty_dsn: str
) -> None:
    async with open_postgres(empty_dsn, trusted_seconds=0.1, idle_seconds=0.1) as database:
        await _ask_side_by_side(database, 3)
        (row,) = await database.fetch("SELECT current_database() AS name")
        await _no_connection_is_left(postgres_server, row["name"])


async def test_kept_connections_are_closed_with_the_others(
    postgres_server: str, empty_dsn: str
) -> None:
    async with open_postgres(empty_dsn, trusted_seconds=60) as database:
        await _ask_side_by_side(database, 3)
        (row,) = await database.fetch("SELECT current_database() AS name")
    await _no_connection_is_left(postgres_server, row["name"])


async def _no_connection_is_left(server: str, name: str) -> None:
    async with open_postgres(server) as observer, asyncio.timeout(30):
        query = "SELECT FROM pg_stat_activity WHERE datname = $1"
        while await observer.fetch(query, name):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("trusted_seconds", "last"), [(60, b"SELECT 1"), (0, b"COMMIT")])
async def test_an_answer_stands_when_its_connection_is_closed_right_after_it(
    empty_dsn: str, trusted_seconds: float, last: bytes
) -> None:
    """As by a server that is shut down."""
    async with (
        open_door(empty_dsn) as door,
        open_postgres(door.dsn, trusted_seconds=trusted_seconds) as database,
    ):
        await database.fetch("SELECT 1")
        door.close_after(last)
        (row,) = await database.fetch("SELECT 7 AS n")
        assert row["n"] == 7
        assert await _answered_in_the_end(database)


async def test_a_server_that_breaks_off_is_asked_twice_and_no_more(empty_dsn: str) -> None:
    async with open_door(empty_dsn) as door, open_postgres(door.dsn) as database:
        door.cut_always()
        with pytest.raises(ServiceUnavailable):
            await database.fetch("SELECT 1")
        assert door.opened == 1


async def test_an_unreachable_server_is_a_clear_error() -> None:
    with pytest.raises(ServiceUnavailable, match="the connection failed") as caught:
        async with open_postgres("postgresql://u:s3cret@127.0.0.1:1/d"):
            pass
    assert "DATABASE_URL" in caught.value.hint
    assert "s3cret" not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize(
    "dsn",
    [
        "",
        "mysql://u:s3cret@h/d",
        "postgresql://u:s3cret@h:port/d",
        "postgresql://u:s3cret@h/d?sslmode=s3cret",
        "postgresql://u:s3cret@[::1/d",
    ],
)
async def test_a_malformed_address_is_named_without_its_password(dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as caught:
        async with open_postgres(dsn):
            pass
    chain = traceback.format_exception(caught.value)
    assert "s3cret" not in chain[-1] + caught.value.hint
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_a_missing_database_is_a_clear_error(postgres_server: str) -> None:
    with pytest.raises(RequestRejected, match='database "nowhere" does not exist'):
        async with open_postgres(named(postgres_server, "nowhere")):
            pass


async def test_no_password_is_in_what_the_database_shows_of_itself(empty_dsn: str) -> None:
    dsn = empty_dsn.replace("postgres:@", "postgres:s3cret@")
    assert "s3cret" in dsn
    async with open_postgres(dsn) as database:
        assert "s3cret" not in repr(database) + repr(vars(database))


async def test_the_address_that_neon_gives_is_taken_as_it_is(empty_dsn: str) -> None:
    async with open_postgres(f"{empty_dsn}&channel_binding=require") as database:
        assert len(await database.fetch("SELECT 1")) == 1


@pytest.mark.parametrize(
    ("dsn", "pooled"),
    [
        ("postgresql://u:p@ep-cool-1-pooler.eu.aws.neon.tech/d", True),
        ("postgresql://u:p@ep-cool-1.eu.aws.neon.tech/d-pooler?x=-pooler", False),
        ("postgresql:///d?host=/run/postgresql", False),
    ],
)
def test_neon_s_pooler_is_known_by_its_name(dsn: str, pooled: bool) -> None:
    assert names_pooler(dsn) is pooled


async def _answers(database: Postgres) -> list[Row | BaseException]:
    """A hundred statements, many at a time."""
    query = "SELECT $1::int AS n, pg_backend_pid() AS server, pg_sleep(0.002)"
    answers = await asyncio.gather(
        *(database.fetch(query, n) for n in range(100)), return_exceptions=True
    )
    return [each if isinstance(each, BaseException) else each[0] for each in answers]


async def test_it_works_through_pgbouncer_in_transaction_mode(empty_dsn: str) -> None:
    async with (
        open_pgbouncer(empty_dsn) as dsn,
        open_postgres(dsn, pooled=True) as database,
    ):
        servers: set[object] = set()
        async with asyncio.timeout(60):
            while len(servers) < 2:  # the second connection may come when all is done
                answers = [dict(each) for each in await _answers(database)]  # type: ignore[arg-type]
                assert [each["n"] for each in answers] == list(range(100))
                servers |= {each["server"] for each in answers}
    assert len(servers) == 2


async def test_a_pooler_that_was_not_recognised_is_pointed_out(empty_dsn: str) -> None:
    refused: list[BaseException] = []
    async with open_pgbouncer(empty_dsn) as dsn, open_postgres(dsn) as database:
        # Which server a statement meets is the pooler's choice, and it may be the right one.
        for _ in range(50):
            refused += [e for e in await _answers(database) if isinstance(e, BaseException)]
            if refused:
                break
    assert refused
    assert {type(each) for each in refused} == {RequestRejected}
    assert all("DATABASE_POOLED=true" in getattr(each, "hint", "") for each in refused)


async def test_a_server_that_restarts_is_survived(folder: Path) -> None:
    async with open_embedded_postgres(folder) as dsn, open_postgres(dsn) as database:
        await asyncio.gather(*(database.fetch("SELECT pg_sleep(0.1)") for _ in range(3)))
        await asyncio.to_thread(_pg_ctl, folder / "data", "-w", "-m", "fast", "restart")
        rows = await asyncio.gather(*(database.fetch("SELECT 1 AS n") for _ in range(3)))
    assert [row[0]["n"] for row in rows] == [1] * 3
