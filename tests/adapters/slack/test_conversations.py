"""The channels that the bot is in."""

from __future__ import annotations

import pytest

from adapters.slack.api import SlackApi
from adapters.slack.conversations import Conversation, conversations, is_channel_id
from tests.support.slack_server import SlackWorkspace


async def test_all_of_them_are_listed_once_page_by_page(
    workspace: SlackWorkspace, api: SlackApi
) -> None:
    for n in range(449):
        workspace.add_channel(f"room-{n}")
    workspace.add_channel("elsewhere", bot=False)
    direct = workspace.direct()
    found = await conversations(api)
    assert len(workspace.called("users.conversations")) == 3
    assert len({each.id for each in found}) == len(found) == 451
    assert [each.id for each in found if each.direct] == [direct]
    assert "elsewhere" not in {each.name for each in found}


def test_a_message_of_history_is_told_where_it_is() -> None:
    channel = Conversation("C1", "general", direct=False, shared=False)
    assert channel.message({"ts": "1.0"}) == {"ts": "1.0", "channel": "C1"}
    direct = Conversation("D1", "", direct=True, shared=False)
    assert direct.message({"ts": "1.0"})["channel_type"] == "im"


@pytest.mark.parametrize(
    ("channel", "is_id"), [("C0GENERAL", True), ("D01", True), ("general", False), ("#c0", False)]
)
def test_ids_are_told_from_names(channel: str, *, is_id: bool) -> None:
    assert is_channel_id(channel) == is_id
