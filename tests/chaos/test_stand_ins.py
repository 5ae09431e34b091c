"""What ails the stand-ins is met as the real thing would be, and is over when it ends."""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest
from aiohttp import web

from core.backends.qdrant import open_qdrant
from core.errors import RequestRejected
from tests.chaos.ailments import TROUBLES
from tests.support.clocks import LIBRARY, Clock, left_behind, sweep
from tests.support.front import Front, Papers, open_fronts
from tests.support.https_server import OPENSSL, make_certificate
from tests.support.points import MODEL, point, request, sparse, texts, unit
from tests.support.qdrant_server import serving as serving_qdrant

Ask: TypeAlias = Callable[[], Awaitable[str]]

TELL_THE_TIME = "import time\nwhile input(): print(time.time(), time.monotonic(), flush=True)"


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    if OPENSSL is None:
        pytest.skip("openssl makes the certificates")
    made = []
    for name in ("trusted", "unknown"):
        (tmp_path / name).mkdir()
        made.append(make_certificate(tmp_path / name, "localhost"))
    application = web.Application()
    application.add_routes([web.get("/", _hello)])
    async with open_fronts(application, Papers(*made)) as (first, _):
        yield first


async def _hello(_: web.Request) -> web.Response:
    return web.Response(text="Hello")


@pytest.fixture
async def said(front: Front, tmp_path: Path) -> AsyncIterator[Ask]:
    trusting = ssl.create_default_context(cafile=tmp_path / "trusted" / "certificate.pem")
    connector = aiohttp.TCPConnector(ssl=trusting)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask() -> str:
            async with session.get(front.url) as response:
                return await response.text()

        yield ask


async def test_where_nobody_listens_who_was_connected_is_cut_off_and_refused(
    front: Front, said: Ask
) -> None:
    assert await said() == "Hello"
    await front.refuse()
    with pytest.raises(aiohttp.ClientConnectorError):
        await said()
    await front.listen()
    assert await said() == "Hello"


async def test_a_certificate_that_nobody_vouches_for_is_shown_to_who_was_connected(
    front: Front, said: Ask
) -> None:
    assert await said() == "Hello"
    assert front.mistrusted == 0
    front.lose_trust()
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await said()
    assert front.mistrusted == 1
    front.regain_trust()
    assert await said() == "Hello"


async def test_a_lost_index_finds_nothing_and_counts_nothing_until_it_is_back(
    tmp_path: Path,
) -> None:
    async with serving_qdrant(tmp_path) as server, open_qdrant(server.url) as index:
        await (await index.writer(MODEL)).write([point("a")])
        looking = request(1, dense=unit(1))
        server.trouble = trouble = replace(TROUBLES["empty"])
        assert (await index.search(looking)).dense == {}
        assert await index.count(MODEL.collection, 1) == 0
        assert trouble.met == 2
        server.trouble = None
        assert await texts(index, (await index.search(looking)).dense) == ["a"]
        assert await index.count(MODEL.collection, 1) == 1


async def test_an_index_at_another_dimension_refuses_vectors_alone(tmp_path: Path) -> None:
    async with serving_qdrant(tmp_path) as server, open_qdrant(server.url) as index:
        await (await index.writer(MODEL)).write([point("a")])
        server.trouble = replace(TROUBLES["at another dimension"])
        with pytest.raises(RequestRejected, match="expected dim"):
            await index.search(request(1, dense=unit(1), terms=sparse(7)))
        found = await index.search(request(1, terms=sparse(7)))
        assert await texts(index, found.sparse) == ["a"]
        assert await index.count(MODEL.collection, 1) == 1


@pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed")
async def test_a_clock_jumps_on_the_wall_while_what_is_monotonic_goes_on(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    clock.set_off(0.0)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", TELL_THE_TIME),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=clock.variables,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for jump in (300.0, -300.0):
            clock.set_off(jump)
            async with asyncio.timeout(60):
                wall = 0.0
                while abs(wall - time.time() - jump) > 60:
                    process.stdin.write(b"again\n")
                    wall, steady = map(float, (await process.stdout.readline()).split())
                    assert abs(steady - time.monotonic()) < 60
    finally:
        process.kill()
        await process.communicate()
        sweep(process.pid)
    assert not [left for left in left_behind(process.pid) if left.exists()]
