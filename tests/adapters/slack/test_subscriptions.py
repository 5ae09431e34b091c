"""A subscription that is missing is noticed by what does not arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.chat.errands import Start, open_errands
from adapters.slack.subscriptions import Subscriptions


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    async with open_errands() as started:
        yield started


def event(kind: str, ts: str, **fields: object) -> dict[str, object]:
    return {"type": kind, "channel": "C1", "ts": ts, **fields}


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the subscriptions say; what others leave to be said later is not theirs."""
    return [each.message for each in caplog.records if each.name == Subscriptions.__module__]


async def looked() -> None:
    """Every errand that waits for nothing has ended."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_mention_that_never_comes_as_a_message_is_told_of_once(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    subscriptions = Subscriptions(start, soon=0.0)
    for ts in ("1.0", "2.0"):
        subscriptions.see(event("app_mention", ts))
        await looked()
    assert caplog.text.count("Slack delivers mentions in C1") == 1
    assert "message.channels" in caplog.text


@pytest.mark.parametrize("first", ["app_mention", "message"])
async def test_one_that_comes_as_both_is_as_it_should_be(
    start: Start, caplog: pytest.LogCaptureFixture, first: str
) -> None:
    subscriptions = Subscriptions(start, soon=0.0)
    second = "message" if first == "app_mention" else "app_mention"
    for ts in ("1.0", "2.0"):
        for kind in (first, second):
            subscriptions.see(event(kind, ts))
        await looked()
    assert told(caplog) == []
    subscriptions.see(event("app_mention", "3.0"))
    await looked()
    assert "message.channels" in caplog.text, "it goes on looking"


async def test_a_mention_that_an_edit_made_comes_as_no_message_of_its_own(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    subscriptions = Subscriptions(start, soon=0.0)
    subscriptions.see(event("app_mention", "1.0", edited={"user": "U1", "ts": "2.0"}))
    await looked()
    assert told(caplog) == []


async def test_of_several_instances_none_expects_to_see_the_message_itself(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    subscriptions = Subscriptions(start, soon=0.0, shared=True)
    subscriptions.see(event("app_mention", "1.0"))
    await looked()
    assert told(caplog) == []
