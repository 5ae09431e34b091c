"""What a dead service costs those who ask, and how it is found to be back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.breakers.breaker import BreakerSettings, State
from core.breakers.guard import Breakers, Guard, open_breakers
from core.errors import ServiceUnavailable

SETTINGS = BreakerSettings(failures=2, pause=0.0, longest_pause=0.0, patience=0.05)


class Service:
    """Answers, or does not: it is `down`, or it `hangs`."""

    def __init__(self) -> None:
        self.down = True
        self.hangs = asyncio.Event()
        self.hangs.set()
        self.calls = 0

    async def ask(self) -> str:
        self.calls += 1
        await self.hangs.wait()
        if self.down:
            raise ServiceUnavailable("Service", "it is down.")
        return "answer"


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def breakers() -> AsyncIterator[Breakers]:
    async with open_breakers(SETTINGS) as opened:
        yield opened


async def fail(guard: Guard, service: Service, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(ServiceUnavailable):
            await guard.call(service.ask)


async def test_while_it_is_closed_a_call_is_a_call(breakers: Breakers, service: Service) -> None:
    service.down = False
    assert await breakers.guard("Service").call(service.ask) == "answer"
    assert service.calls == 1


async def test_while_it_is_open_nothing_is_asked(service: Service) -> None:
    async with open_breakers(BreakerSettings(failures=2, pause=3600.0)) as breakers:
        guard = breakers.guard("Service")
        await fail(guard, service, 10)
    assert service.calls == 2


async def test_a_service_that_is_back_answers_the_first_who_asks(
    breakers: Breakers, service: Service
) -> None:
    guard = breakers.guard("Service")
    await fail(guard, service, 2)
    service.down = False
    assert await guard.call(service.ask) == "answer"
    assert guard.breaker.state is State.CLOSED


async def test_a_service_that_hangs_is_probed_beside_those_who_ask(
    breakers: Breakers, service: Service
) -> None:
    guard = breakers.guard("Service")
    await fail(guard, service, 2)
    service.hangs.clear()
    service.down = False
    async with asyncio.timeout(5):
        await fail(guard, service, 3)
    assert service.calls == 3, "one probe for all of them"

    service.hangs.set()
    async with asyncio.timeout(5):
        while guard.breaker.state is not State.CLOSED:  # noqa: ASYNC110 - the probe tells the breaker alone
            await asyncio.sleep(0)
    assert await guard.call(service.ask) == "answer"


async def test_a_caller_who_goes_away_does_not_take_the_probe_along(
    breakers: Breakers, service: Service
) -> None:
    guard = breakers.guard("Service")
    await fail(guard, service, 2)
    service.hangs.clear()
    impatient = asyncio.create_task(guard.call(service.ask))
    while service.calls < 3:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    service.down = False
    service.hangs.set()
    assert await guard.call(service.ask) == "answer"
    assert service.calls == 4


async def test_a_call_that_was_cancelled_says_nothing_of_the_service(
    breakers: Breakers, service: Service
) -> None:
    guard = breakers.guard("Service")
    service.hangs.clear()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await guard.call(service.ask)
    assert guard.breaker.state is State.CLOSED


async def test_a_probe_ends_with_the_block(service: Service) -> None:
    before = asyncio.all_tasks()
    async with open_breakers(SETTINGS) as breakers:
        guard, idle = breakers.guard("Service"), breakers.guard("Another")
        await fail(guard, service, 2)
        service.hangs.clear()
        await fail(guard, service)
        assert asyncio.all_tasks() != before
    assert asyncio.all_tasks() == before
    assert idle.breaker.state is State.CLOSED


async def test_how_all_stand_is_told_from_memory(breakers: Breakers, service: Service) -> None:
    well, ill = breakers.guard("Embedding"), breakers.guard("Reranking")
    service.down = False
    await well.call(service.ask)
    service.down = True
    await fail(ill, service, 2)
    assert [(each.name, each.state, each.reason) for each in breakers.all] == [
        ("Embedding", State.CLOSED, ""),
        ("Reranking", State.HALF_OPEN, "Service: it is down."),
    ]
    assert service.calls == 3
