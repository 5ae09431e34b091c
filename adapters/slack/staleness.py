"""A thread in Slack is told that the docs have changed under an answer."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from adapters.chat.errands import Start
from adapters.chat.links import links_to
from adapters.chat.policy import ChannelPolicy
from adapters.chat.staleness import StaleWatch, notice_of
from adapters.slack.api import SlackApi
from adapters.slack.app import Extension
from adapters.slack.mapping import PLATFORM
from adapters.slack.places import Places
from adapters.slack.posts import Posts
from adapters.slack.rendering import notice
from core.conversation.archive import Archive
from core.conversation.postings import Intents
from core.conversation.staleness import NOTICE, StaleAnswer


def stale_notices(
    api: SlackApi, watch: StaleWatch, intents: Intents, archive: Archive
) -> Extension:
    """Tells threads where the bot still answers, and where what it cited may be named."""

    def extend(_: AsyncApp, start: Start, policy: ChannelPolicy) -> None:
        places = Places(api, policy)

        async def tell(answer: StaleAnswer) -> None:
            channel = answer.turn.question.session.channel
            if policy.may_show(answer.sources, channel) and await places.admits(channel):
                message = notice(notice_of(answer), links_to([answer.section]))
                await Posts(api, intents, archive, answer.turn).put(message, NOTICE)

        start(watch.keep(PLATFORM, tell))

    return extend
