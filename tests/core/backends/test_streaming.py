"""When a reply that comes in pieces is looked at."""

from __future__ import annotations

import asyncio
from typing import cast

import aiohttp
from aiohttp.base_protocol import BaseProtocol

from core.backends.streaming import BRISK, Lingering, Slices
from tests.support.desk import until

FOR_EVER = 3600.0


def reply() -> aiohttp.StreamReader:
    loop = asyncio.get_running_loop()
    return aiohttp.StreamReader(BaseProtocol(loop), 2**16, loop=loop)


async def test_what_is_short_is_never_waited_for() -> None:
    slices = Slices(reply(), FOR_EVER)

    async with asyncio.timeout(10):
        for _ in range(BRISK - 1):
            await slices.wait()


async def test_the_end_of_a_long_reply_is_seen_at_once() -> None:
    content = reply()
    slices = Slices(content, FOR_EVER)
    for _ in range(BRISK - 1):
        await slices.wait()
    waiting = asyncio.create_task(slices.wait())
    await asyncio.sleep(0)
    assert not waiting.done()

    content.feed_eof()

    async with asyncio.timeout(10):
        await waiting
        await slices.wait()


async def test_a_long_reply_is_looked_at_again_after_a_while() -> None:
    slices = Slices(reply(), 0.01)

    async with asyncio.timeout(10):
        for _ in range(BRISK + 2):
            await slices.wait()


class Whole:
    """In place of a response that was read up to its last word."""

    closed = False

    def close(self) -> None:
        self.closed = True


async def test_a_reply_may_linger_for_its_time() -> None:
    whole, lingering = Whole(), Lingering(0.01)
    lingering.add(cast("aiohttp.ClientResponse", whole))
    assert not whole.closed
    await until(lambda: whole.closed)
    lingering.close()


async def test_what_still_lingers_is_closed_with_the_rest() -> None:
    both, lingering = [Whole(), Whole()], Lingering(FOR_EVER)
    for each in both:
        lingering.add(cast("aiohttp.ClientResponse", each))
    lingering.close()
    assert all(each.closed for each in both)
