from __future__ import annotations

import pytest

from adapters.slack.pacing import Allowance, Pacing
from core.errors import RateLimited


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pacing(clock: Clock) -> Pacing:
    return Pacing(a_minute={"chat.update": 2, "chat.startStream": 1}, clock=clock)


def test_an_allowance_is_spent_and_comes_back_with_time(clock: Clock) -> None:
    allowance = Allowance(2, clock)
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    clock.now += 29
    assert not allowance.take()
    clock.now += 1
    assert allowance.take()


def test_an_allowance_does_not_grow_beyond_a_minute(clock: Clock) -> None:
    allowance = Allowance(2, clock)
    clock.now += 3600
    assert [allowance.take() for _ in range(3)] == [True, True, False]


def test_messages_of_a_channel_are_a_second_apart(pacing: Pacing, clock: Clock) -> None:
    assert [pacing.reserve_post("C1") for _ in range(3)] == [0.0, 1.0, 2.0]
    assert pacing.reserve_post("C2") == 0.0
    clock.now += 10
    assert pacing.reserve_post("C1") == 0.0


def test_channels_that_were_long_unused_are_forgotten(pacing: Pacing) -> None:
    for n in range(1001):
        pacing.reserve_post(f"C{n}")
    assert pacing.reserve_post("C0") == 0.0
    assert pacing.reserve_post("C1000") == 1.0


def test_a_method_that_was_closed_is_not_spared_a_call(pacing: Pacing, clock: Clock) -> None:
    pacing.close("chat.update", 30)
    pacing.close("chat.update", 5)
    assert not pacing.spare("chat.update")
    assert pacing.wait("chat.update") == 30
    clock.now += 31
    assert pacing.spare("chat.update")


def test_a_channel_that_refused_a_stream_is_not_asked_for_a_while(
    pacing: Pacing, clock: Clock
) -> None:
    pacing.refuse_streams("C1", 600)
    assert not pacing.streams("C1")
    assert pacing.streams("C2")
    assert not pacing.streams("C2"), "one a minute is all there is"
    clock.now += 601
    assert pacing.streams("C1")


async def test_whoever_has_no_patience_is_told_how_long_it_takes(pacing: Pacing) -> None:
    pacing.close("chat.update", 30)
    with pytest.raises(RateLimited) as caught:
        await pacing.until_open("chat.update", patience=0)
    assert caught.value.retry_after == 30
    await pacing.until_open("chat.postMessage", patience=0)
