import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from core.backends.embedded_postgres import open_embedded_postgres
from core.backends.postgres import open_postgres
from core.errors import ConfigurationError, DataFolderLocked, ServiceUnavailable
from tests.support.postgres import server_folder

USER = """
import asyncio, pathlib, sys
from core.backends.embedded_postgres import open_embedded_postgres
async def main():
    async with open_embedded_postgres(pathlib.Path(sys.argv[1])) as dsn:
        print(dsn, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


class Process:
    """Another process that uses the server until it is told to end."""

    def __init__(self, folder: Path, **variables: str) -> None:
        kept = {key: value for key, value in os.environ.items() if key != "XDG_RUNTIME_DIR"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", USER, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**kept, **variables},
        )
        assert self._process.stdout is not None
        self.dsn = self._process.stdout.readline().strip()

    def leave(self) -> tuple[str, str]:
        """What it wrote to the two outputs after the address."""
        return self._process.communicate(timeout=60)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=60)


@pytest.fixture
def folder() -> Iterator[Path]:
    with server_folder() as made:
        yield made


def _runs(folder: Path) -> bool:
    return (folder / "data" / "postmaster.pid").exists()


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


async def _count(dsn: str) -> int:
    async with open_postgres(dsn) as database:
        await database.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
        await database.execute("INSERT INTO t VALUES (1)")
        return len(await database.fetch("SELECT FROM t"))


async def test_what_was_stored_is_there_the_next_time(folder: Path) -> None:
    for n in (1, 2):
        async with open_embedded_postgres(folder / "pg") as dsn:
            assert await _count(dsn) == n
        assert not _runs(folder / "pg")


@pytest.mark.parametrize(
    "name",
    [
        "my docs",
        'it\'s a %40 + "folder"',
        "$(touch owned) `touch owned` $HOME \\ ; & #",
        "Käse für 2 ☃",
        "one,two",
        "x" * 120,
        "ü" * 60,
        "a b/" * 40,
    ],
)
async def test_a_folder_with_a_long_or_odd_name_will_do(folder: Path, name: str) -> None:
    async with open_embedded_postgres(folder / name) as dsn:
        assert await _count(dsn) == 1
        other = await asyncio.to_thread(Process, folder / name)
        assert other.dsn == dsn
        await asyncio.to_thread(other.leave)
    assert not _runs(folder / name)
    assert "owned" not in _names(folder)


async def test_the_socket_of_a_folder_with_a_long_name_is_for_its_user_alone(folder: Path) -> None:
    place = folder / "tmp"
    place.mkdir()
    process = await asyncio.to_thread(Process, folder / ("x" * 120), TMPDIR=str(place))
    [made] = place.iterdir()
    assert (made / ".s.PGSQL.5432").is_socket()
    assert made.stat().st_mode & 0o777 == 0o700
    await asyncio.to_thread(process.leave)
    assert list(place.iterdir()) == []


async def test_a_port_in_the_environment_is_that_of_another_server(folder: Path) -> None:
    other = await asyncio.to_thread(Process, folder, PGPORT="6543")
    assert await _count(other.dsn) == 1
    await asyncio.to_thread(other.leave)
    assert not _runs(folder)


async def test_the_server_stops_when_the_last_process_leaves(folder: Path) -> None:
    other = await asyncio.to_thread(Process, folder)
    async with open_embedded_postgres(folder) as dsn:
        assert dsn == other.dsn
        await asyncio.to_thread(other.leave)
        assert await _count(dsn) == 1
    assert not _runs(folder)


async def test_a_process_that_was_killed_is_no_user_any_more(folder: Path) -> None:
    killed = await asyncio.to_thread(Process, folder)
    assert await _count(killed.dsn) == 1
    await asyncio.to_thread(killed.kill)
    async with open_embedded_postgres(folder) as dsn:
        assert await _count(dsn) == 2
    assert not _runs(folder)


async def test_a_server_that_was_killed_with_its_process_starts_again(folder: Path) -> None:
    killed = await asyncio.to_thread(Process, folder)
    pid_file = folder / "data" / "postmaster.pid"
    before = pid_file.read_text()
    postmaster = int(before.split()[0])
    await asyncio.to_thread(killed.kill)
    os.kill(postmaster, signal.SIGKILL)
    async with asyncio.timeout(30):
        while Path(f"/proc/{postmaster}").exists():  # noqa: ASYNC110, ASYNC240 - not our child
            await asyncio.sleep(0.02)
    # As in a container, where the numbers begin anew: the process that has it now is another.
    pid_file.write_text(before.replace(str(postmaster), str(os.getpid()), 1))
    async with open_embedded_postgres(folder) as dsn:
        assert await _count(dsn) == 1


async def test_a_first_start_that_was_killed_is_begun_again(folder: Path) -> None:
    (folder / "data.unfinished").mkdir()
    (folder / "data.unfinished" / "PG_VERSION").write_text("18\n")
    async with open_embedded_postgres(folder) as dsn:
        assert await _count(dsn) == 1


async def test_the_data_are_not_there_before_they_are_whole(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        server = open_embedded_postgres(folder)
        starting = asyncio.ensure_future(stack.enter_async_context(server))
        while not starting.done():
            if (folder / "data").exists():
                assert (folder / "data" / "global" / "pg_control").exists()
            await asyncio.sleep(0.001)
        await starting


async def test_a_start_that_is_cancelled_leaves_no_server(folder: Path) -> None:
    async def use() -> None:
        async with open_embedded_postgres(folder):
            pytest.fail("It was cancelled before.")

    using = asyncio.ensure_future(use())
    async with asyncio.timeout(30):
        while not (folder / "users.lock").exists():  # noqa: ASYNC110 - no event tells of a file
            await asyncio.sleep(0)
    using.cancel()
    await asyncio.wait([using])
    assert using.cancelled()
    assert (folder / "data").exists()
    assert not _runs(folder)


async def test_the_user_reads_nothing_of_it(folder: Path) -> None:
    process = await asyncio.to_thread(Process, folder)
    assert await asyncio.to_thread(process.leave) == ("", "")


async def test_a_folder_that_cannot_be_made_is_a_clear_error(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used for the database") as caught:
        async with open_embedded_postgres(folder / "file" / "pg"):
            pass
    assert caught.value.hint == "Choose a data folder that you may write to."


async def test_another_process_that_takes_for_ever_to_start_is_a_clear_error(
    folder: Path,
) -> None:
    with (folder / "users.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DataFolderLocked, match="starting or stopping"):
            async with open_embedded_postgres(folder, patience=0.1):
                pass


async def test_a_locale_that_the_machine_does_not_have_is_a_clear_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    with pytest.raises(ServiceUnavailable, match="files could not be made") as caught:
        async with open_embedded_postgres(folder):
            pass
    assert "LC_ALL" in caught.value.hint
    assert capfd.readouterr() == ("", "")
    monkeypatch.delenv("LC_ALL")
    async with open_embedded_postgres(folder) as dsn:
        assert await _count(dsn) == 1


async def test_a_server_that_does_not_start_says_why_and_names_its_log(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with open_embedded_postgres(folder):
        pass
    (folder / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    said = "it did not start: configuration file .* contains errors"
    with pytest.raises(ServiceUnavailable, match=said) as caught:
        async with open_embedded_postgres(folder):
            pass
    assert str(folder / "data" / "log") in caught.value.hint
    assert "nonsense" in (folder / "data" / "log").read_text()
    assert capfd.readouterr() == ("", "")


async def test_a_server_that_does_not_start_leaves_no_folder_for_its_socket(folder: Path) -> None:
    place, long = folder / "tmp", folder / ("x" * 120)
    place.mkdir()
    async with open_embedded_postgres(long):
        pass
    (long / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    failing = await asyncio.to_thread(Process, long, TMPDIR=str(place))
    assert "ServiceUnavailable" in (await asyncio.to_thread(failing.leave))[1]
    assert list(place.iterdir()) == []


async def test_what_an_earlier_start_logged_is_not_the_reason(folder: Path) -> None:
    async with open_embedded_postgres(folder):
        pass
    with (folder / "data" / "log").open("a") as file:
        file.write("2026-01-01 00:00:00 UTC [1] FATAL:  the disk was full then\n")
    (folder / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(ServiceUnavailable, match="contains errors"):
        async with open_embedded_postgres(folder):
            pass
