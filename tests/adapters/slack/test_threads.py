"""What Slack keeps of a thread, and the order of its messages."""

from __future__ import annotations

import pytest

from adapters.slack.api import SlackApi
from adapters.slack.threads import MOST_READ, later, read_thread, seconds_between
from core.model import SessionKey
from tests.support.slack_server import SlackWorkspace


@pytest.mark.parametrize(
    ("ts", "other", "is_later"),
    [
        ("1700000000.000200", "1700000000.000100", True),
        ("1700000000.000100", "1700000000.000100", False),
        ("1700000001.000000", "999999999.999999", True),
        ("1700000000.000100", "0", True),
        ("1700000000.1", "1700000000.000002", True),
    ],
)
def test_messages_are_ordered_by_their_time(ts: str, other: str, *, is_later: bool) -> None:
    assert later(ts, other) == is_later


def test_the_time_between_messages_is_in_seconds() -> None:
    assert seconds_between("1700000000.000000", "1700000060.500000") == 60.5
    assert seconds_between("1700000060.500000", "1700000000.000000") == -60.5


async def test_a_long_thread_is_read_from_its_beginning_and_not_without_end(
    workspace: SlackWorkspace, api: SlackApi
) -> None:
    general = workspace.general
    ts = await workspace.post(general, "0")
    replies = [await workspace.reply(general, ts, str(n)) for n in range(1, MOST_READ + 50)]
    session = SessionKey("slack", workspace.slack.team, general, ts)
    read = await read_thread(api, session)
    assert [m["text"] for m in read] == [str(n) for n in range(MOST_READ)]
    rest = await read_thread(api, session, after=replies[-3])
    assert [m["ts"] for m in rest] == replies[-2:]
    assert {m["channel"] for m in rest} == {general}
