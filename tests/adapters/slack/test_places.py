"""Where the bot may speak up by itself."""

from __future__ import annotations

import pytest

from adapters.chat.policy import ChannelPolicy
from adapters.slack.api import SlackApi
from adapters.slack.places import Places
from tests.support.slack_faults import Fault
from tests.support.slack_server import SlackWorkspace


@pytest.mark.parametrize(
    ("kind", "bot", "external", "may_post", "admits"),
    [
        ("channel", True, False, True, True),
        ("channel", False, False, False, True),
        ("group", False, False, False, True),
        ("channel", True, True, False, False),
        ("im", True, False, True, True),
        ("im", True, True, False, False),
    ],
)
async def test_it_posts_where_it_is_and_is_allowed_to(
    workspace: SlackWorkspace,
    api: SlackApi,
    *,
    kind: str,
    bot: bool,
    external: bool,
    may_post: bool,
    admits: bool,
) -> None:
    channel = workspace.add_channel("place", kind=kind, bot=bot, external=external)
    places = Places(api, ChannelPolicy())
    assert await places.may_post(channel) is may_post
    assert await places.admits(channel) is admits


async def test_of_a_channel_that_cannot_be_seen_the_id_decides(api: SlackApi) -> None:
    places = Places(api, ChannelPolicy(blocked=frozenset({"C0BLOCKED"})))
    assert not await places.may_post("C0UNSEEN")
    assert await places.admits("C0UNSEEN")
    assert not await places.admits("C0BLOCKED")


async def test_a_slow_slack_is_not_waited_for(workspace: SlackWorkspace, api: SlackApi) -> None:
    workspace.faults.add(Fault("conversations.info", delay=30.0))
    places = Places(api, ChannelPolicy())
    assert not await places.may_post(workspace.general)
