"""Platforms run side by side, and end together."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, cast

import pytest

from bot.parts import App
from bot.platforms import Announce, Platform, run_platforms
from core.errors import AccessDenied

APP = cast("App", None)


def platform(ended: list[str], name: str, fault: Exception | None = None) -> Platform:
    async def run(app: App, stop: asyncio.Event, announce: Announce) -> None:
        announce(name)
        if fault is not None:
            raise fault
        try:
            await stop.wait()
        finally:
            ended.append(name)

    return run


async def test_all_run_until_they_are_stopped() -> None:
    ended: list[str] = []
    up: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()
    both = [platform(ended, "one"), platform(ended, "two")]
    running = asyncio.create_task(run_platforms(APP, both, stop, up.put_nowait))
    assert {await up.get(), await up.get()} == {"one", "two"}
    assert ended == []
    stop.set()
    await running
    assert sorted(ended) == ["one", "two"]


async def test_without_a_platform_it_waits_to_be_stopped() -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(run_platforms(APP, [], stop, print))
    await asyncio.sleep(0)
    assert not running.done()
    stop.set()
    await running


async def test_what_is_loaded_is_left_alone_by_the_garbage_collector() -> None:
    stop = asyncio.Event()
    stop.set()
    try:
        await run_platforms(APP, [], stop, print)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("nested", [False, True])
async def test_one_that_fails_ends_the_others_and_says_why(*, nested: bool) -> None:
    ended: list[str] = []
    denied = AccessDenied("Slack", "no")
    fault: Any = ExceptionGroup("", [denied]) if nested else denied
    both = [platform(ended, "one"), platform(ended, "two", fault)]
    with pytest.raises(AccessDenied, match="Slack: no"):
        await run_platforms(APP, both, asyncio.Event(), lambda _: None)
    assert ended == ["one"]
