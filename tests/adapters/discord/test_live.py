"""The messages of a growing answer: which of them are sent, and when none is."""

from __future__ import annotations

from uuid import uuid4

import pytest

from adapters.discord.live import LiveMessages
from adapters.discord.rendering import Message
from core.errors import LeaseLost, RateLimited, ServiceUnavailable
from core.model import Question, SessionKey, Turn

LONG = "word " * 500
WHOLE = [Message("So it is.")]


class Parts:
    """Notes which parts are put and dropped; each put fails with the next of the `faults`."""

    def __init__(self, *faults: Exception) -> None:
        self.taken_up = False
        self.faults = list(faults)
        self.there: dict[int, str] = {}
        self.prepared: list[int] = []
        self.put_parts: list[int] = []

    async def prepare(self, part: int) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.prepared.append(part)

    async def put(self, message: Message, part: int) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.put_parts.append(part)
        self.there[part] = message.text

    async def drop_from(self, part: int) -> None:
        self.there = {n: text for n, text in self.there.items() if n < part}


def turn() -> Turn:
    question = Question(SessionKey("discord", "1", "2", "3"), "4", "5", "How?")
    return Turn(uuid4(), question, uuid4(), attempt=1)


async def test_only_the_message_that_grew_is_sent_again() -> None:
    parts = Parts()
    live = LiveMessages(parts, turn())
    assert await live.show(LONG)
    assert await live.show(LONG + "and more")
    assert parts.put_parts == [0, 1, 1]


async def test_what_is_no_longer_needed_is_dropped() -> None:
    parts = Parts()
    live = LiveMessages(parts, turn())
    await live.show(LONG)
    await live.finish(WHOLE)
    assert parts.there == {0: "So it is."}


async def test_what_an_earlier_attempt_left_is_dropped_at_the_end() -> None:
    parts = Parts()
    parts.there, parts.taken_up = {1: "Of the attempt before."}, True
    await LiveMessages(parts, turn()).finish(WHOLE)
    assert parts.there == {0: "So it is."}


async def test_a_renewal_waits_while_discord_has_no_time_to_spare() -> None:
    parts, busy = Parts(), True
    live = LiveMessages(parts, turn(), spare=lambda: not busy)
    assert not await live.show("So")
    assert parts.there == {}
    busy = False
    assert await live.show("So it")
    assert parts.there == {0: "So it"}


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        (RateLimited("Discord", "too often"), "So it"),
        (ServiceUnavailable("Discord", "away"), None),
    ],
    ids=["a rate limit only delays", "any other fault has it stand still"],
)
async def test_after_a_fault_the_end_is_whole_all_the_same(
    fault: Exception, shown: str | None
) -> None:
    parts = Parts(fault)
    live = LiveMessages(parts, turn())
    assert await live.show("So")
    assert await live.show("So it")
    assert parts.there.get(0) == shown
    await live.finish(WHOLE)
    assert parts.there == {0: "So it is."}


async def test_whoever_lost_the_lease_shows_nothing_more() -> None:
    live = LiveMessages(Parts(LeaseLost("taken over")), turn())
    with pytest.raises(LeaseLost):
        await live.show("So")


async def test_what_can_be_done_before_the_first_text_is_done_ahead() -> None:
    parts = Parts()
    await LiveMessages(parts, turn()).prepare()
    assert parts.prepared == [0]


async def test_what_could_not_be_done_ahead_is_done_with_the_first_text() -> None:
    parts = Parts(ServiceUnavailable("PostgreSQL", "is away."))
    live = LiveMessages(parts, turn())
    await live.prepare()
    assert await live.show("It does.")
    assert parts.there == {0: "It does."}


async def test_nothing_is_done_ahead_for_a_turn_that_is_lost() -> None:
    with pytest.raises(LeaseLost):
        await LiveMessages(Parts(LeaseLost("It ran out.")), turn()).prepare()
