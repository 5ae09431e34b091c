"""The embedded engine over restarts, kills, damage and a second process."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.backends.qdrant_edge import QdrantEdge, open_edge
from core.errors import DataFolderLocked, ServiceUnavailable
from tests.support.points import MODEL, point, request, unit


@asynccontextmanager
async def writing_process(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that holds the folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.edge_writer",
        str(folder),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert await line_of(process) == "held"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout
    return (await process.stdout.readline()).decode().strip()


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async with open_edge(tmp_path) as index:
        await (await index.writer(MODEL)).write([point("a"), point("b", since=2)])

    async with open_edge(tmp_path) as index:
        assert await index.count(MODEL.collection, 1) == 1
        assert await index.count(MODEL.collection, 2) == 2
        await (await index.writer(MODEL)).write([point("c")])
        assert await index.count(MODEL.collection, 2) == 3


async def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    async with writing_process(tmp_path) as process:
        with pytest.raises(DataFolderLocked, match=rf"in use by process {process.pid} \(python "):
            async with open_edge(tmp_path):
                pass


async def test_a_writer_killed_in_mid_write_loses_nothing_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    async with writing_process(tmp_path) as process:
        acknowledged = [int(await line_of(process)) for _ in range(5)]
        process.send_signal(signal.SIGKILL)
        assert process.stdout
        rest = (await process.stdout.read()).decode().split()
        await process.wait()
    written = int(rest[-1]) if rest else acknowledged[-1]

    async with open_edge(tmp_path) as index:
        assert await index.count(MODEL.collection, 1) >= written
        hits = await index.search(request(1, dense=unit(1), limit=10))
        assert len(hits.dense) == 10
        await (await index.writer(MODEL)).write([point("after the restart")])


async def test_a_collection_whose_creation_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    async with open_edge(tmp_path) as index:
        await index.writer(MODEL)
    (tmp_path / MODEL.collection).rename(tmp_path / f".{MODEL.collection}")

    async with open_edge(tmp_path) as index:
        assert await index.count(MODEL.collection, 1) == 0
        await (await index.writer(MODEL)).write([point("a")])
        assert await index.count(MODEL.collection, 1) == 1


async def test_what_was_sealed_survives_a_power_cut(tmp_path: Path) -> None:
    """Whatever the collection's files had become by then, its log is on disk."""
    async with open_edge(tmp_path / "one") as index:
        writer = await index.writer(MODEL)
        shutil.copytree(tmp_path / "one", tmp_path / "two")
        await writer.write([point(str(n)) for n in range(100)])
        await writer.close([point("0").id], until=2)
        lost, kept = (tmp_path / each / MODEL.collection / "wal" for each in ("two", "one"))
        shutil.copytree(kept, lost, dirs_exist_ok=True)

    async with open_edge(tmp_path / "two") as index:
        assert await index.count(MODEL.collection, 1) == 100
        assert await index.count(MODEL.collection, 2) == 99


async def test_the_disk_is_waited_for_in_a_thread(tmp_path: Path) -> None:
    threads = Threads()
    asyncio.get_running_loop().set_default_executor(threads)
    async with open_edge(tmp_path) as index:
        writer = await index.writer(MODEL)
        await writer.write([point("a")])
        assert threads.asked == 0

        await writer.close([], until=2)
        assert threads.asked == 1

        await writer.close([], until=2)
        assert threads.asked == 1


class Threads(ThreadPoolExecutor):
    """Counts what it is given."""

    asked = 0

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        self.asked += 1
        return super().submit(*args, **kwargs)


async def test_a_log_that_cannot_be_saved_is_an_error(tmp_path: Path) -> None:
    async with open_edge(tmp_path) as index:
        writer = await index.writer(MODEL)
        await writer.write([point("a")])
        (tmp_path / MODEL.collection / "wal").rename(tmp_path / "away")

        with pytest.raises(ServiceUnavailable, match="its log cannot be saved"):
            await writer.close([], until=2)

        (tmp_path / "away").rename(tmp_path / MODEL.collection / "wal")
        await writer.close([], until=2)


async def test_a_long_log_is_shortened_at_the_next_start(tmp_path: Path) -> None:
    log = tmp_path / "killed" / MODEL.collection / "wal"
    async with open_edge(tmp_path / "running") as index:
        writer = await index.writer(MODEL)
        for n in range(70):
            await writer.write([point(f"{n}" + "x" * 2**21)])
        shutil.copytree(tmp_path / "running", tmp_path / "killed")
    assert len(list(log.glob("closed-*"))) > 2

    async with open_edge(tmp_path / "killed") as index:
        assert await index.count(MODEL.collection, 1) == 70
        assert len(list(log.glob("closed-*"))) <= 2


@pytest.mark.parametrize(
    "damaged",
    ["edge_config.json", "**/segment.json", "**/vector_storage-dense/deleted/status.dat"],
)
async def test_a_damaged_collection_is_an_error_that_says_what_to_do(
    tmp_path: Path, damaged: str
) -> None:
    async with open_edge(tmp_path) as index:
        await (await index.writer(MODEL)).write([point("a")])
    for file in (tmp_path / MODEL.collection).glob(damaged):
        os.truncate(file, file.stat().st_size // 2)

    async with open_edge(tmp_path) as index:
        with pytest.raises(ServiceUnavailable) as caught:
            await index.search(request(1, dense=unit(1)))

    assert f"Move {tmp_path / MODEL.collection} away" in caught.value.hint


async def test_an_interrupt_is_not_taken_for_a_fault_of_the_engine() -> None:
    interrupting = QdrantEdge(Path())
    interrupting._shards[MODEL.collection] = Interrupted()  # type: ignore[assignment]

    with pytest.raises(KeyboardInterrupt):
        await interrupting.count(MODEL.collection, 1)


class Interrupted:
    def count(self, _: object) -> int:
        raise KeyboardInterrupt


async def test_the_loop_turns_while_many_points_are_written(tmp_path: Path) -> None:
    async with open_edge(tmp_path) as index:
        writer = await index.writer(MODEL)
        write = asyncio.create_task(writer.write([point(str(n)) for n in range(500)]))
        turns = 0
        while not write.done():
            await asyncio.sleep(0)
            turns += 1

    assert turns > 500 / 64
