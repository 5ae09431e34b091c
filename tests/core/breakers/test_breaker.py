"""When a service is asked, told from how its calls ended."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.breakers.breaker import Breaker, BreakerSettings, State
from core.errors import (
    AccessDenied,
    MalformedReply,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)

DOWN = ServiceUnavailable("Cohere", "did not answer in time.", hint="Look at its status page.")
SETTINGS = BreakerSettings(failures=2, pause=10.0, longest_pause=40.0)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("Reranking", SETTINGS, clock=clock)


def standing(breaker: Breaker) -> State:
    """Its state, which the clock alone can change."""
    return breaker.state


def opened(breaker: Breaker) -> None:
    for _ in range(SETTINGS.failures):
        breaker.failed(DOWN)


def test_it_begins_closed(breaker: Breaker) -> None:
    breaker.check()
    assert (breaker.state, breaker.reason) == (State.CLOSED, "")


def test_a_single_failure_does_not_open_it(breaker: Breaker) -> None:
    breaker.failed(DOWN)
    breaker.check()
    assert (breaker.state, breaker.reason) == (State.CLOSED, "")


def test_failures_that_are_not_in_a_row_do_not_open_it(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.failed(DOWN)
        breaker.succeeded()
    assert standing(breaker) is State.CLOSED


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (DOWN, State.OPEN),
        (RateLimited("Cohere", "too often."), State.OPEN),
        (MalformedReply("Cohere", "odd."), State.OPEN),
        (AccessDenied("Cohere", "the key was not accepted."), State.OPEN),
        (RequestRejected("Cohere", "the text is too long."), State.CLOSED),
        (QuotaExceeded("Cohere", "the plan is spent."), State.CLOSED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_shows_that_a_service_is_away_opens_it(
    breaker: Breaker, error: ServiceError, state: State
) -> None:
    for _ in range(SETTINGS.failures):
        breaker.failed(error)
    assert breaker.state is state


def test_a_refused_request_was_answered(breaker: Breaker) -> None:
    breaker.failed(DOWN)
    breaker.failed(RequestRejected("Cohere", "the text is too long."))
    breaker.failed(DOWN)
    assert standing(breaker) is State.CLOSED


def test_while_it_is_open_the_last_failure_is_said_again(breaker: Breaker) -> None:
    opened(breaker)
    with pytest.raises(ServiceUnavailable) as refused:
        breaker.check()
    assert refused.value is not DOWN
    assert str(refused.value) == breaker.reason == "Cohere: did not answer in time."
    assert refused.value.hint == DOWN.hint


def test_after_the_pause_it_is_half_open_and_still_lets_no_call_through(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += 9.9
    assert standing(breaker) is State.OPEN
    clock.now += 0.1
    assert standing(breaker) is State.HALF_OPEN
    with pytest.raises(ServiceUnavailable):
        breaker.check()


def test_a_probe_that_succeeds_closes_it_as_if_nothing_had_been(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += 10
    breaker.succeeded()
    assert standing(breaker) is State.CLOSED
    breaker.failed(DOWN)
    assert standing(breaker) is State.CLOSED
    breaker.failed(DOWN)
    clock.now += 10
    assert standing(breaker) is State.HALF_OPEN


def test_each_probe_that_fails_doubles_the_pause_up_to_the_longest(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    pauses = []
    for _ in range(4):
        began = clock.now
        while standing(breaker) is State.OPEN:
            clock.now += 1
        pauses.append(clock.now - began)
        breaker.failed(DOWN)
    assert pauses == [10, 20, 40, 40]


def test_calls_that_were_under_way_when_it_opened_do_not_prolong_the_pause(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    for _ in range(16):
        breaker.failed(DOWN)
    clock.now += 10
    assert standing(breaker) is State.HALF_OPEN


def test_a_late_answer_closes_it(breaker: Breaker) -> None:
    opened(breaker)
    breaker.succeeded()
    breaker.check()


def test_a_service_that_names_a_time_is_left_alone_until_then_and_then_asked(
    breaker: Breaker, clock: Clock
) -> None:
    breaker.failed(RateLimited("Cohere", "too often.", retry_after=30))
    clock.now += 29
    assert standing(breaker) is State.OPEN
    clock.now += 1
    assert standing(breaker) is State.CLOSED
    breaker.check()
    breaker.failed(DOWN)
    assert standing(breaker) is State.CLOSED, "to be told when is no failure"


def test_no_service_can_ask_to_be_left_alone_for_good(breaker: Breaker, clock: Clock) -> None:
    breaker.failed(RateLimited("Cohere", "too often.", retry_after=1e12))
    clock.now += 3601
    assert standing(breaker) is State.CLOSED


def test_it_is_logged_when_it_opens_and_when_it_closes(
    breaker: Breaker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    opened(breaker)
    breaker.succeeded()
    breaker.succeeded()
    assert [record.getMessage() for record in caplog.records] == [
        "Reranking: not asked for 10 seconds. Cohere: did not answer in time.",
        "Reranking: it answers again.",
    ]


Step = st.sampled_from(["success", "failure", "rejected", "spent", "named"]) | st.floats(0, 60)


@given(st.lists(Step, max_size=60))
def test_it_is_open_after_failures_alone_and_never_for_good(steps: list[str | float]) -> None:
    clock = Clock()
    breaker = Breaker("Reranking", SETTINGS, clock=clock)
    outcomes = {
        "failure": DOWN,
        "rejected": RequestRejected("Cohere", "no."),
        "spent": QuotaExceeded("Cohere", "spent."),
        "named": RateLimited("Cohere", "too often.", retry_after=15),
    }
    for step in steps:
        if isinstance(step, float):
            clock.now += step
        elif step == "success":
            breaker.succeeded()
        else:
            breaker.failed(outcomes[step])
        if step in {"success", "rejected"}:
            assert standing(breaker) is State.CLOSED
        assert bool(breaker.reason) == (breaker.state is not State.CLOSED)
    clock.now += SETTINGS.longest_pause
    assert breaker.state is not State.OPEN
