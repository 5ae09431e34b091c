"""Discord's rate limits are looked through now and then, not for each answer."""

from __future__ import annotations

import asyncio

import pytest
from discord.http import HTTPClient

from adapters.discord.buckets import EVERY, sweep_seldom
from tests.support.quick_clock import QuickClock

MANY = 300
"""From 256 on, discord.py looks for those that it can forget."""


def used_long_ago(http: HTTPClient, count: int) -> None:
    for n in range(count):
        http.get_ratelimit(f"old-{n}")._last_request -= 3600


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


async def test_limits_that_were_long_unused_are_forgotten_after_a_while(clock: QuickClock) -> None:
    http = HTTPClient(asyncio.get_running_loop())
    sweep_seldom(http, clock.now)
    used_long_ago(http, MANY)
    http.get_ratelimit("new")
    assert len(http._buckets) == MANY + 1
    await clock.sleep(EVERY)
    http.get_ratelimit("newer")
    assert set(http._buckets) == {"new", "newer"}


async def test_they_are_not_looked_through_again_at_once(clock: QuickClock) -> None:
    http = HTTPClient(asyncio.get_running_loop())
    sweep_seldom(http, clock.now)
    await clock.sleep(EVERY)
    http.get_ratelimit("new")
    used_long_ago(http, MANY)
    http.get_ratelimit("newer")
    assert len(http._buckets) == MANY + 2
