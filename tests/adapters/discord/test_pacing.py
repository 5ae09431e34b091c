"""Discord takes fifty requests a second of a bot, and no more are made."""

from __future__ import annotations

import pytest

from adapters.discord.pacing import A_SECOND, AT_ONCE, Pacing

ALLOWED = 50


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_no_second_has_more_requests_than_discord_takes(time: Time) -> None:
    pacing = Pacing(clock=time)
    moments = [time.now + pacing.reserve() for _ in range(500)]
    busiest = max(sum(m <= other < m + 1.0 for other in moments) for m in moments)
    assert busiest <= ALLOWED


def test_a_machine_that_stalls_for_a_tenth_of_a_second_keeps_to_it_as_well(time: Time) -> None:
    pacing, awake = Pacing(clock=time), time.now + 0.1
    moments = [time.now + pacing.reserve() for _ in range(500)]
    sent = [max(moment, awake) for moment in moments]
    busiest = max(sum(m <= other < m + 1.0 for other in sent) for m in sent)
    assert busiest <= ALLOWED


def test_some_go_at_once_and_the_rest_at_their_rate(time: Time) -> None:
    pacing = Pacing(clock=time)
    waits = [pacing.reserve() for _ in range(AT_ONCE + 40)]
    assert max(waits[:AT_ONCE]) == pytest.approx(0.0)
    assert waits[-1] == pytest.approx(40 / A_SECOND)


def test_after_a_pause_some_go_at_once_again(time: Time) -> None:
    pacing = Pacing(clock=time)
    for _ in range(100):
        pacing.reserve()
    time.now += 10.0
    assert max(pacing.reserve() for _ in range(AT_ONCE)) == pytest.approx(0.0)


def test_nothing_is_to_spare_while_others_wait(time: Time) -> None:
    pacing = Pacing(clock=time)
    assert pacing.spare()
    for _ in range(AT_ONCE):
        pacing.reserve()
    assert not pacing.spare()
    time.now += AT_ONCE / A_SECOND + 0.001
    assert pacing.spare()
