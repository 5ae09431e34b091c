"""Who asks for a sync while one runs follows that one."""

from __future__ import annotations

import asyncio

import pytest

from adapters.chat.shared_sync import SharedSync
from core.errors import ServiceUnavailable
from core.ingestion.report import SyncProgress
from tests.support.desk import until
from tests.support.slack_surfaces import PlayedSync, moment, report


def nothing(_: SyncProgress) -> None:
    """Looks away."""


async def test_a_second_caller_sees_where_the_first_ones_sync_is_and_how_it_ends() -> None:
    played = PlayedSync(moments=[moment(3)])
    seen: list[SyncProgress] = []
    shared = SharedSync(played)
    assert not shared.running
    first = asyncio.create_task(shared("handbook", nothing))
    await until(lambda: shared.running)
    second = asyncio.create_task(shared("another", seen.append))
    await until(lambda: bool(seen))
    assert played.tell is not None
    played.tell(moment(4))
    played.go.set()
    assert await first == await second == report()
    assert [now.documents for now in seen] == [3, 4]
    assert played.asked == ["handbook"]


async def test_the_next_one_is_a_sync_of_its_own() -> None:
    played = PlayedSync()
    played.go.set()
    shared = SharedSync(played)
    await shared(None, nothing)
    await shared("handbook", nothing)
    assert played.asked == [None, "handbook"]
    assert not shared.running


async def test_what_fails_fails_for_all_and_is_over() -> None:
    played = PlayedSync(end=ServiceUnavailable("Qdrant", "it is away"))
    shared = SharedSync(played)
    first = asyncio.create_task(shared(None, nothing))
    await until(lambda: shared.running)
    second = asyncio.create_task(shared(None, nothing))
    await asyncio.sleep(0)
    played.go.set()
    for each in (first, second):
        with pytest.raises(ServiceUnavailable):
            await each
    assert not shared.running


async def test_a_follower_that_leaves_does_not_end_the_sync() -> None:
    played = PlayedSync()
    shared = SharedSync(played)
    first = asyncio.create_task(shared(None, nothing))
    await until(lambda: shared.running)
    second = asyncio.create_task(shared(None, nothing))
    await asyncio.sleep(0)
    second.cancel()
    played.go.set()
    assert await first == report()


async def test_when_the_first_is_cancelled_so_is_who_follows() -> None:
    played = PlayedSync()
    shared = SharedSync(played)
    first = asyncio.create_task(shared(None, nothing))
    await until(lambda: shared.running)
    second = asyncio.create_task(shared(None, nothing))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first, second})
    assert first.cancelled()
    assert second.cancelled()
