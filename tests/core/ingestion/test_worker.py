from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from core.errors import DocumentUnreadable
from core.ingestion import documents, worker
from core.ingestion.documents import Prepared, SourceProfile
from core.ingestion.preparing import Preparer, ThreadPreparer
from core.ingestion.worker import WorkerPreparer
from core.ports import Entry
from tests.support.embedder import WordCounts
from tests.support.office import docx

DOCS = SourceProfile("docs", "https://x")
STAND_IN = (sys.executable, "-m", "tests.support.worker_child")
Document: TypeAlias = tuple[SourceProfile, Entry, bytes, str]
ROOT = Path(__file__).parents[3]


def document(path: str, data: bytes = b"# A\n\nText.\n") -> Document:
    return DOCS, Entry(path), data, "f"


def prepare(*task: *Document) -> Prepared:
    return documents.prepare(*task, WordCounts())


def open_worker(expected: int = 0, **options: Any) -> AbstractAsyncContextManager[Preparer]:
    return worker.open_worker(expected, WordCounts(), **options)


async def number_when_ready(preparer: Preparer) -> int:
    """The process's, once documents go to it."""
    assert isinstance(preparer, WorkerPreparer)
    await preparer.prepare(*document("first.md"))
    assert preparer._start is not None
    started = await preparer._start
    assert started is not None
    return started._process.pid


def runs(number: int) -> bool:
    """One that has ended, and only waits to be collected, has no command line."""
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes() != b""
    except OSError:
        return False


async def prepared_by(preparer: Preparer, path: str) -> str | None:
    return (await preparer.prepare(*document(path))).record.version


async def outcome(preparer: Preparer, path: str, data: bytes) -> Prepared | str:
    try:
        return await preparer.prepare(*document(path, data))
    except DocumentUnreadable as error:
        return f"{error.path}: {error.reason}"


async def test_the_process_makes_the_same_of_a_document_as_a_thread() -> None:
    texts = [("a.md", b"# A\n\n* One\n\n  Two\n"), ("b.md", b"\0"), ("c.rst", b"C\n=\n\nD")]
    texts += [(f"{n}.md", f"# {n}\n\n".encode() + b"word " * 20_000) for n in range(20)]
    async with open_worker(few=0) as preparer:
        await number_when_ready(preparer)
        found = await asyncio.gather(*(outcome(preparer, *text) for text in texts))
    here = ThreadPreparer(WordCounts())
    assert found == [await outcome(here, *text) for text in texts]
    assert isinstance(found[1], str)


async def test_a_few_documents_start_no_process() -> None:
    async with open_worker(few=2, command=("/absent",)) as preparer:
        for _ in range(2):
            assert await preparer.prepare(*document("a.md")) == prepare(*document("a.md"))


async def test_what_comes_before_the_process_is_ready_does_not_wait_for_it(tmp_path: Path) -> None:
    number = tmp_path / "number"
    program = (
        f"import os, pathlib, time; pathlib.Path({str(number)!r}).write_text(str(os.getpid()))"
    )
    never_ready = (sys.executable, "-c", f"{program}; time.sleep(3600)")
    async with open_worker(few=0, command=never_ready) as preparer:
        while not (number.exists() and number.read_text()):
            assert await preparer.prepare(*document("a.md")) == prepare(*document("a.md"))
    assert not runs(int(number.read_text()))


@pytest.mark.parametrize("command", [("/absent/python",), (sys.executable, "-c", "")])
async def test_without_a_process_documents_are_prepared_here(
    command: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    async with open_worker(few=0, command=command) as preparer:
        assert isinstance(preparer, WorkerPreparer)
        for _ in range(3):
            assert await preparer.prepare(*document("a.md")) == prepare(*document("a.md"))
            assert preparer._start is not None
            assert await preparer._start is None
    assert [r.levelno for r in caplog.records if r.name == "core.ingestion.worker"] == [
        logging.WARNING
    ]


async def test_a_document_that_ends_the_process_costs_that_document_alone() -> None:
    names = ["a.md", "b.md", "deadly.md", "c.md", "d.md"]
    async with open_worker(few=0, command=STAND_IN) as preparer:
        number = await number_when_ready(preparer)
        found = await asyncio.gather(
            *(preparer.prepare(*document(name)) for name in names), return_exceptions=True
        )
        assert not runs(number)
        assert await number_when_ready(preparer) != number
    error = found.pop(2)
    assert isinstance(error, DocumentUnreadable)
    assert error.path == "deadly.md"
    assert "the process that reads it ended" in error.reason
    paths = [each.record.path for each in found if isinstance(each, Prepared)]
    assert paths == ["a.md", "b.md", "c.md", "d.md"]


async def test_a_document_that_takes_too_much_memory_costs_that_document_alone() -> None:
    main = "from core.ingestion.worker_process import main"
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({2**28}, {2**28}))"
    command = (sys.executable, "-c", f"{limit}; {main}; main()")
    async with open_worker(few=0, command=command) as preparer:
        number = await number_when_ready(preparer)
        large = await outcome(preparer, "large.html", b"<p>One <b>two</b></p>" * 100_000)
        assert large == "large.html: to read it takes too much memory"
        assert (await preparer.prepare(*document("small.md"))).chunks
        assert await number_when_ready(preparer) == number


async def test_no_document_may_take_more_than_two_gigabytes() -> None:
    async with open_worker(few=0) as preparer:
        number = await number_when_ready(preparer)
        most, _ = resource.prlimit(number, resource.RLIMIT_AS)
    assert most == 2 * 2**30


async def test_a_document_that_takes_too_long_costs_that_document_and_the_process() -> None:
    async with open_worker(few=0, seconds=1, command=STAND_IN) as preparer:
        number = await number_when_ready(preparer)
        endless, *others = await asyncio.gather(
            outcome(preparer, "endless.md", b"# A"),
            *(outcome(preparer, f"{n}.md", b"# A") for n in range(3)),
        )
        assert endless == "endless.md: to read it takes longer than 1 s"
        assert all(isinstance(other, Prepared) for other in others)
        assert not runs(number)
        assert await number_when_ready(preparer) != number


async def test_a_document_may_take_its_time_where_many_wait_for_it() -> None:
    """Each has the time for itself: those before it took theirs."""
    async with open_worker(few=0, seconds=1, command=STAND_IN) as preparer:
        number = str(await number_when_ready(preparer))
        found = await asyncio.gather(*(prepared_by(preparer, f"slow-{n}.md") for n in range(12)))
        assert found == [number] * 12


async def test_a_large_document_waits_for_the_process() -> None:
    large = b"word " * 40_000
    async with open_worker(few=10, command=STAND_IN) as preparer:
        found = await preparer.prepare(*document("a.md", large))
        assert found.record.version == str(await number_when_ready(preparer))


async def test_a_document_that_unpacks_to_a_large_one_waits_for_the_process() -> None:
    packed = docx(extra={"word/media/blank.bmp": bytes(2_000_000)})
    assert len(packed) < 10_000
    async with open_worker() as preparer:
        assert isinstance(preparer, WorkerPreparer)
        for small in (docx("Text."), b"PK no archive"):
            await outcome(preparer, "a.docx", small)
            assert preparer._start is None
        await outcome(preparer, "a.docx", packed)
        assert preparer._start is not None
        assert preparer._start.done()


async def test_a_large_document_is_prepared_here_where_there_is_no_process() -> None:
    task = document("a.md", b"word " * 40_000)
    async with open_worker(few=0, command=("/absent/python",)) as preparer:
        assert await preparer.prepare(*task) == prepare(*task)


async def test_a_few_small_documents_do_not_wait_for_a_large_one(tmp_path: Path) -> None:
    may_end = tmp_path / "may-end"
    text = f"{may_end}\n".encode() + b"word " * 40_000
    async with open_worker(9, few=2, command=STAND_IN) as preparer:
        number = str(await number_when_ready(preparer))
        large = asyncio.create_task(preparer.prepare(*document("patient.md", text)))
        for _ in range(3):  # until it was given to the process
            await asyncio.sleep(0)
        assert [await prepared_by(preparer, f"{n}.md") for n in range(6)] == [None] * 6
        more = [asyncio.create_task(prepared_by(preparer, f"{n}.md")) for n in (6, 7)]
        may_end.touch()
        assert await asyncio.gather(*more) == [number] * 2
        assert (await large).record.version == number


async def test_where_many_are_expected_the_process_is_started_with_the_first() -> None:
    async with open_worker(11, few=10, command=STAND_IN) as preparer:
        number = await number_when_ready(preparer)
        assert await prepared_by(preparer, "b.md") == str(number)


async def test_a_process_that_was_killed_is_started_again() -> None:
    async with open_worker(few=0, command=STAND_IN) as preparer:
        number = await number_when_ready(preparer)
        assert await prepared_by(preparer, "a.md") == str(number)
        os.kill(number, signal.SIGKILL)
        with suppress(DocumentUnreadable):  # the one that finds it gone
            await preparer.prepare(*document("b.md"))
        again = await number_when_ready(preparer)
        assert await prepared_by(preparer, "c.md") == str(again) != str(number)


async def test_it_is_ended_in_the_middle_of_a_document() -> None:
    async with open_worker(few=0, command=STAND_IN) as preparer:
        number = await number_when_ready(preparer)
        waiting = asyncio.create_task(preparer.prepare(*document("endless.md")))
        await asyncio.sleep(0)
        assert runs(number)
        waiting.cancel()
    assert not runs(number)


async def test_it_is_ended_with_what_is_still_asked_of_it() -> None:
    async with open_worker(few=0, command=STAND_IN) as preparer:
        await number_when_ready(preparer)
        waiting = asyncio.create_task(preparer.prepare(*document("endless.md")))
        await asyncio.sleep(0)
    with pytest.raises(DocumentUnreadable):
        await waiting


async def test_it_hears_no_signal_that_a_terminal_sends_to_its_parent() -> None:
    async with open_worker(few=0) as preparer:
        assert os.getsid(await number_when_ready(preparer)) != os.getsid(0)


BOT = """
import asyncio, sys
from tests.core.ingestion.test_worker import document, number_when_ready, open_worker

async def main():
    async with open_worker(few=0, command=sys.argv[1:]) as preparer:
        print(await number_when_ready(preparer), flush=True)
        await asyncio.gather(*(preparer.prepare(*document("a.md")) for _ in range(3)))
        await asyncio.sleep(3600)

asyncio.run(main())
"""
ENDLESS = """
import core.ingestion.worker_process as worker
import sys, time

def never_done(*task):
    print("at work", file=sys.stderr, flush=True)
    time.sleep(60)

worker.prepare = never_done
worker.main()
"""


def test_it_ends_when_its_parent_is_killed_though_in_the_middle_of_a_document() -> None:
    command = [sys.executable, "-c", BOT, sys.executable, "-c", ENDLESS]
    said = subprocess.PIPE
    with subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT) as bot:
        assert bot.stdout is not None
        number = int(bot.stdout.readline())
        assert bot.stdout.readline() == b"at work\n"
        bot.kill()
        patience = time.monotonic() + 20
        while runs(number) and time.monotonic() < patience:
            time.sleep(0.01)
        assert not runs(number)
