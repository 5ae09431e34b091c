import asyncio

import pytest

from core.backends.postgres import Postgres
from core.conversation.cursors import Channel, Cursors
from core.errors import ServiceUnavailable
from tests.support.faulty_database import FaultyDatabase

HERE = Channel("slack", "T1", "C1")


@pytest.fixture
def watched(database: Postgres) -> FaultyDatabase:
    return FaultyDatabase(database)


async def test_a_cursor_is_there_for_the_next_process(database: Postgres) -> None:
    await Cursors(database).advance(*HERE, "100.1")
    await Cursors(database).advance("discord", "G1", "C1", "7")
    assert await Cursors(database).all("slack") == {HERE: "100.1"}


async def test_a_platform_without_cursors_has_none(database: Postgres) -> None:
    assert await Cursors(database).all("slack") == {}


async def test_chatter_is_written_in_batches(watched: FaultyDatabase) -> None:
    cursors = Cursors(watched)
    for n in range(100):
        cursors.note("slack", "T1", f"C{n % 7}", f"{n + 1000}")
    assert watched.statements == []
    for _ in range(3):
        await cursors.flush()
    assert len(watched.statements) == 1
    written = await cursors.all("slack")
    assert written == {Channel("slack", "T1", f"C{n % 7}"): f"{n + 1000}" for n in range(93, 100)}


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("1726133700.000002", "1726133700.000010", "1726133700.000010"),
        ("1726133700.000010", "1726133700.000002", "1726133700.000010"),
        ("999999999999999999", "1000000000000000000", "1000000000000000000"),
        ("1000000000000000000", "999999999999999999", "1000000000000000000"),
    ],
    ids=["forth", "never back", "a longer id is newer", "a shorter one is older"],
)
async def test_a_cursor_never_moves_back(
    database: Postgres, first: str, second: str, kept: str
) -> None:
    together = Cursors(database)
    together.note("slack", "T1", "together", first)
    await together.advance("slack", "T1", "together", second)
    for each in (first, second):
        await Cursors(database).advance("slack", "T1", "apart", each)
    assert set((await Cursors(database).all("slack")).values()) == {kept}


async def test_what_could_not_be_written_is_written_next_time(watched: FaultyDatabase) -> None:
    cursors = Cursors(watched)
    watched.broken.add("INSERT INTO cursors")
    with pytest.raises(ServiceUnavailable):
        await cursors.advance(*HERE, "100.1")
    watched.broken.clear()
    await cursors.flush()
    assert await cursors.all("slack") == {HERE: "100.1"}


async def test_processes_that_write_the_same_channels_do_not_wait_in_a_circle(
    database: Postgres,
) -> None:
    async def work(order: list[int]) -> None:
        cursors = Cursors(database)
        for n in range(20):
            for channel in order:
                cursors.note("slack", "T1", f"C{channel}", f"{n + 100}")
            await cursors.flush()

    await asyncio.gather(work(list(range(30))), work(list(range(29, -1, -1))))
    assert set((await Cursors(database).all("slack")).values()) == {"119"}


async def test_a_cursor_that_moves_while_it_is_written_is_written_again(
    watched: FaultyDatabase,
) -> None:
    cursors = Cursors(watched)
    cursors.note(*HERE, "100.1")
    writing = asyncio.ensure_future(asyncio.gather(cursors.flush(), cursors.flush()))
    await asyncio.sleep(0)
    cursors.note(*HERE, "100.2")
    await writing
    await cursors.flush()
    assert await cursors.all("slack") == {HERE: "100.2"}
