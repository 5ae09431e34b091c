"""A server that never gets on with it keeps nobody waiting for longer than they want to."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import SourceUnavailable
from core.ingestion.sources.git import GitSource
from core.ingestion.sources.git_fetching import fetch
from core.ingestion.sources.git_mirror import GitFailed, Mirror
from tests.support.connections import Serve, accepting
from tests.support.git_server import Repository, open_git_daemon
from tests.support.stuck_git import StuckGit, install_ssh, open_stuck_git

ROOT = Path(__file__).resolve().parents[4]
SCHEMES = ("git", "ssh", "http")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mirrors" / "docs"


@pytest.fixture
async def stuck() -> AsyncIterator[StuckGit]:
    async with open_stuck_git() as opened:
        yield opened


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (programs := tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return install_ssh(programs)


def _is_known(number: Path) -> bool:
    """Whether the process of that number is there, be it only for somebody to collect it."""
    return number.exists() and Path("/proc", number.read_text("utf-8")).exists()


def _source(url: str, folder: Path, *, timeout: float = 60, within: float = 600) -> GitSource:
    return GitSource("docs", Mirror(url, folder, timeout=timeout), shown=url, within=within)


async def _refusal(source: GitSource) -> str:
    with pytest.raises(SourceUnavailable) as refused:
        await source.entries()
    return f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_server_that_says_nothing_is_left(folder: Path, ssh: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/docs.git"
        said = await _refusal(_source(url, folder, timeout=0.2))
    assert said == (
        f"The repository {url} of source 'docs' cannot be read: it did not answer within 0.2 s. "
        "Sync again when its server is well."
    )


def _up_to_a_pack(port: int, stopped: asyncio.Event) -> Serve:
    """What passes on connections to that port, and of an answer what comes before a pack."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, upstream = await asyncio.open_connection("127.0.0.1", port)
        asking = asyncio.create_task(_pass_on(reader, upstream))
        passed = b""
        while b"PACK" not in passed and (data := await answers.read(50)):
            writer.write(data)
            passed += data
        stopped.set()
        await asking
        await asyncio.Event().wait()  # who asks has said all, and waits for the rest

    return serve


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)
    writer.close()


async def test_a_server_that_stops_within_a_pack_is_left_and_what_was_fetched_stays(
    tmp_path: Path, folder: Path
) -> None:
    repository = Repository(tmp_path / "docs.git")
    repository.commit({"a.md": "A"})
    with open_git_daemon(repository) as port:
        source = _source(f"git://127.0.0.1:{port}/", folder)
        [entry] = await source.entries()
        repository.commit({f"{n}.md": f"# {n}\n" * 99 for n in range(99)})
        stopped = asyncio.Event()
        async with accepting(_up_to_a_pack(port, stopped)) as stopping:
            url = f"git://127.0.0.1:{stopping}/"
            said = await _refusal(_source(url, folder, timeout=0.5))
        assert stopped.is_set()
        assert "it did not answer within 0.5 s" in said
        assert (await source.read(entry)).data == b"A"
        assert len(await source.entries()) == 99


async def test_a_server_that_trickles_is_left_in_the_end(stuck: StuckGit, folder: Path) -> None:
    said = await _refusal(_source(stuck.url("git"), folder, within=0.9))
    assert "cannot be read: it was not fetched within 0.015 minutes. Sync again when" in said
    await stuck.left()


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_who_does_not_want_to_wait_does_not_have_to(
    stuck: StuckGit, folder: Path, ssh: Path, scheme: str
) -> None:
    waiting = asyncio.create_task(_source(stuck.url(scheme), folder).entries())
    await stuck.asked()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await stuck.left()
    assert not _is_known(ssh)


BOT = """
import asyncio, sys
from pathlib import Path
from core.ingestion.sources.git_fetching import fetch
from core.ingestion.sources.git_mirror import Mirror

asyncio.run(fetch(Mirror(sys.argv[1], Path(sys.argv[2])), None, within=600))
"""


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_when_who_waits_is_killed_nothing_goes_on_fetching(
    stuck: StuckGit, folder: Path, ssh: Path, scheme: str
) -> None:
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT, stuck.url(scheme), str(folder), cwd=ROOT
    )
    await stuck.asked()
    bot.kill()
    await bot.wait()
    await stuck.left()


async def test_there_is_one_fetch_at_a_time_into_a_folder(
    tmp_path: Path, stuck: StuckGit, folder: Path
) -> None:
    repository = Repository(tmp_path / "docs.git")
    repository.commit({"a.md": "A"})
    first = asyncio.create_task(_source(stuck.url("git"), folder).entries())
    await stuck.asked()
    url = str(repository.path)
    assert "it was not fetched within" in await _refusal(_source(url, folder, within=0.6))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert [entry.path for entry in await _source(url, folder).entries()] == ["a.md"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("/absent/python",), "no process to fetch it could be started (No such file"),
        ((sys.executable, "-c", ""), "the process that fetches it ended, perhaps for lack of"),
    ],
)
async def test_without_a_process_nothing_is_fetched(
    folder: Path, command: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(GitFailed) as refused:
        await fetch(Mirror("docs.git", folder), None, within=60, command=command)
    assert str(refused.value).startswith(reason)
