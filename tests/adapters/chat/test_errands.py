"""Errands go on after their command, and end with the adapter."""

from __future__ import annotations

import asyncio

import pytest

from adapters.chat.errands import open_errands


async def test_an_errand_runs_beside_whoever_started_it() -> None:
    done = asyncio.Event()

    async def errand() -> None:
        done.set()

    async with open_errands() as start:
        start(errand())
        await asyncio.wait_for(done.wait(), 30)


async def test_what_still_runs_at_the_end_is_cancelled_and_awaited() -> None:
    cleaned = []

    async def errand() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    async with open_errands() as start:
        start(errand())
        await asyncio.sleep(0)
    assert cleaned == ["up"]


async def test_one_that_fails_is_logged_and_harms_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    went_on = asyncio.Event()

    async def fails() -> None:
        raise RuntimeError("no luck")

    async def goes_on() -> None:
        await asyncio.sleep(0.01)
        went_on.set()

    async with open_errands() as start:
        start(fails())
        start(goes_on())
        await asyncio.wait_for(went_on.wait(), 30)
    assert "no luck" in caplog.text
