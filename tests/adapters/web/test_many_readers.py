"""Many people follow their answers at once, some of whom read slowly or leave.

A hundred in the suite, a thousand in `make test-full`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.backends.postgres import Postgres
from tests.support.desk import until
from tests.support.web_server import ASKED, SteppingModel, WebServer, open_web

READERS = 1_000 if "DOCENT_FULL" in os.environ else 100
CLAIMS = ["Whoever drank the last cup cleans the coffee machine [1]."] * 40
MOST_EACH = 250 * 1024
"""Bytes that an open stream may cost: both its ends are in this process, and the answer too."""

NOISE = 8 * 2**20
"""Bytes by which a process grows and shrinks whatever it does."""

_STATM = Path("/proc/self/statm")
_SMALL = 4096


@dataclass
class Reader:
    """A connection on which an answer comes."""

    incoming: asyncio.StreamReader
    outgoing: asyncio.StreamWriter
    got: bytes = b""

    async def read_to_the_end(self) -> bytes:
        self.got += await self.incoming.read()
        return self.got


async def ask(server: WebServer, n: int) -> Reader:
    """Returns once the question is stored."""
    address = urlsplit(server.url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (str(address.hostname), address.port or 0))
    incoming, outgoing = await asyncio.open_connection(sock=sock, limit=_SMALL)
    body = json.dumps({"question": ASKED}).encode()
    head = (
        "POST /api/v1/chat HTTP/1.1",
        f"Host: {address.netloc}",
        "Accept: text/event-stream",
        "Content-Type: application/json",
        f"Idempotency-Key: reader-{n}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    outgoing.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    reader = Reader(incoming, outgoing)
    while b"event: accepted" not in reader.got:
        more = await incoming.read(_SMALL)
        assert more, reader.got
        reader.got += more
    return reader


def resident() -> int:
    gc.collect()
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def crowd(server: WebServer, model: SteppingModel, first: int, readers: int) -> float:
    """Everybody asks; a tenth stops reading, a tenth leaves. Bytes that each costs meanwhile."""
    assert model.steps is not None
    before = resident()
    everybody = [await ask(server, n) for n in range(first, first + readers)]
    stuck, leaving = everybody[0::10], everybody[1::10]
    rest = [reader for n, reader in enumerate(everybody) if n % 10 > 1]
    for reader in leaving:
        reader.outgoing.transport.abort()
    reading = [asyncio.create_task(reader.read_to_the_end()) for reader in rest]
    for _ in range(readers * len(CLAIMS)):
        model.steps.release()
    for text in await asyncio.gather(*reading):
        assert text.count(b"event: answer") == 1
        assert text.count(b"drank the last cup") >= len(CLAIMS)
    each = (resident() - before) / readers
    for reader in stuck:
        assert b"event: answer" in await reader.read_to_the_end()
    for reader in rest + stuck:
        reader.outgoing.close()
        await reader.outgoing.wait_closed()
    return each


async def all_left(database: Postgres, idle: int) -> None:
    """Returns when no answer is made any more, those that nobody reads among them."""
    unfinished = "SELECT FROM turns WHERE status = 'accepted'"
    async with asyncio.timeout(60):
        while await database.fetch(unfinished):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    await until(lambda: len(asyncio.all_tasks()) <= idle, seconds=60)


@pytest.mark.skipif(not _STATM.exists(), reason="only Linux tells the memory of a process so")
@pytest.mark.timeout(1200)
async def test_slow_readers_cost_little_and_nobody_leaves_anything_behind(
    database: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = SteppingModel(CLAIMS, steps=asyncio.Semaphore(0))
    async with open_web(database, tmp_path, model=model) as server:
        idle = len(asyncio.all_tasks())
        await crowd(server, model, 0, 20)
        await all_left(database, idle)
        each = await crowd(server, model, 1_000, READERS)
        await all_left(database, idle)
        stored = await database.fetch("SELECT status, count(*) AS n FROM turns GROUP BY status")
        assert [(row["status"], row["n"]) for row in stored] == [("finished", READERS + 20)]
        model.prompts.clear()
        between, objects = resident(), len(gc.get_objects())
        await crowd(server, model, 3_000, READERS)
        await all_left(database, idle)
        model.prompts.clear()
        left = (resident() - between) / READERS
        held = (len(gc.get_objects()) - objects) / READERS
    told = f"{each / 1024:.0f} KB each; left of each {left / 1024:.1f} KB and {held:.1f} objects"
    with capsys.disabled():
        print(f"\n{READERS} streams: {told}")  # noqa: T201 - the figures
    assert each < MOST_EACH
    assert left * READERS < NOISE + READERS * 8 * 1024
    assert held < 5
