"""The embedded engine over restarts, kills, damage and a second process."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

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


async def test_what_was_sealed_is_in_the_collection_and_not_only_in_its_log(
    tmp_path: Path,
) -> None:
    async with open_edge(tmp_path / "one") as index:
        writer = await index.writer(MODEL)
        await writer.write([point(str(n)) for n in range(100)])
        await writer.close([], until=2)
        shutil.copytree(tmp_path / "one", tmp_path / "two")
    shutil.rmtree(tmp_path / "two" / MODEL.collection / "wal")

    async with open_edge(tmp_path / "two") as index:
        assert await index.count(MODEL.collection, 1) == 100


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
