"""A command that is told to end leaves nothing running, wherever it is just then."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.command import Shell
from tests.support.http_server import Exchange, serving
from tests.support.postgres import server_folder

PAGE = "# The kitchen\n\nThe coffee machine is cleaned every Friday by the last one.\n"
PATIENCE = 240.0
DOCS = {"DOCS_FOLDER": "docs"}
ENDINGS = [(signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a space in its name, as people have them."""
    with server_folder() as made:
        folder = made / "my clone"
        (folder / "docs").mkdir(parents=True)
        (folder / "docs" / "kitchen.md").write_text(PAGE, "utf-8")
        yield folder


def _postmaster(folder: Path) -> Path:
    """The server's process, as the system shows it."""
    lines = (folder / ".docent" / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
    return Path("/proc") / lines[0]


def _runs(process: Path) -> bool:
    """One that has ended, and only waits to be collected, has no command line."""
    try:
        return (process / "cmdline").read_bytes() != b""
    except OSError:
        return False


def _nothing_is_left(folder: Path, postmaster: Path) -> bool:
    data = folder / ".docent" / "postgres" / "data"
    left = (data / "postmaster.pid", data / ".s.PGSQL.5432")
    return not _runs(postmaster) and not any(path.exists() for path in left)


@asynccontextmanager
async def _running(shell: Shell, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    line = [sys.executable, "-m", "bot", *arguments]
    process = await asyncio.create_subprocess_exec(
        *line, cwd=shell.folder, env=shell.environment(), stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(PATIENCE):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(("number", "code"), ENDINGS)
@pytest.mark.parametrize(
    ("arguments", "service"),
    [
        (("ask", "Who cleans the coffee machine?"), "OPENROUTER"),
        (("sync",), "COHERE"),
    ],
)
async def test_a_command_in_the_middle_of_its_work(
    folder: Path, arguments: tuple[str, ...], service: str, number: signal.Signals, code: int
) -> None:
    asked = asyncio.Event()

    async def keep_waiting(exchange: Exchange) -> None:
        asked.set()
        await exchange.gone.wait()

    async with serving(keep_waiting) as server:
        keys = {f"{service}_API_KEY": "key", f"{service}_BASE_URL": server.url}
        async with _running(Shell(folder, DOCS | keys), *arguments) as process:
            await asked.wait()
            postmaster = _postmaster(folder)
            process.send_signal(number)
            said = await process.communicate()
    assert process.returncode == code
    assert b"Traceback" not in b"".join(said)
    assert _nothing_is_left(folder, postmaster)


@pytest.mark.parametrize(("number", "code"), ENDINGS)
async def test_a_chat_that_waits_for_the_next_line_of_a_pipe(
    folder: Path, number: signal.Signals, code: int
) -> None:
    async with _running(Shell(folder, DOCS), "run") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"Who cleans the coffee machine?\n")
        await process.stdout.readuntil(b"kitchen")
        postmaster = _postmaster(folder)
        process.send_signal(number)
        errors = (await process.communicate())[1]
    assert process.returncode == code, errors
    assert b"Traceback" not in errors
    assert b"Fatal" not in errors
    assert _nothing_is_left(folder, postmaster)


def _read_until(terminal: int, text: bytes) -> None:
    seen = b""
    while text not in seen:
        assert select.select([terminal], [], [], PATIENCE)[0], seen
        seen += os.read(terminal, 4096)


async def _terminal_chat(folder: Path) -> tuple[asyncio.subprocess.Process, int]:
    """A chat that waits for a line in a terminal of its own."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        # The terminal becomes that of the new session with its first open.
        *("setsid", "--ctty", sys.executable, "-m", "bot", "chat"),
        cwd=folder,
        env={**Shell(folder, DOCS).environment(), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    await asyncio.to_thread(_read_until, ours, "›".encode())
    return process, ours


@pytest.mark.parametrize(("number", "code"), ENDINGS)
async def test_a_chat_that_waits_for_a_person(
    folder: Path, number: signal.Signals, code: int
) -> None:
    process, terminal = await _terminal_chat(folder)
    postmaster = _postmaster(folder)
    process.send_signal(number)
    async with asyncio.timeout(PATIENCE):
        assert await process.wait() == code
    os.set_blocking(terminal, False)
    assert b"Traceback" not in os.read(terminal, 100_000)
    os.close(terminal)
    assert _nothing_is_left(folder, postmaster)


async def test_a_chat_whose_terminal_is_closed(folder: Path) -> None:
    process, terminal = await _terminal_chat(folder)
    postmaster = _postmaster(folder)
    os.close(terminal)
    async with asyncio.timeout(PATIENCE):
        assert await process.wait() == 129
    assert _nothing_is_left(folder, postmaster)


async def test_the_next_sync_after_a_kill_starts_at_once(folder: Path) -> None:
    asked = asyncio.Event()

    async def keep_waiting(exchange: Exchange) -> None:
        asked.set()
        await exchange.gone.wait()

    async with serving(keep_waiting) as server:
        keys = {"COHERE_API_KEY": "key", "COHERE_BASE_URL": server.url}
        async with _running(Shell(folder, DOCS | keys), "sync") as process:
            await asked.wait()
            process.kill()
            await process.wait()
    result = await asyncio.to_thread(
        Shell(folder, DOCS).run, "ask", "Who cleans the coffee machine?"
    )
    assert result.returncode == 0, result.stderr
    assert "every Friday" in result.stdout
    assert "may have been killed" not in result.stderr
