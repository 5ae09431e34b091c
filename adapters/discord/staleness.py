"""A thread in Discord is told that the docs have changed under an answer."""

from __future__ import annotations

import discord

from adapters.chat.errands import Start
from adapters.chat.links import links_to
from adapters.chat.staleness import StaleWatch, notice_of
from adapters.discord.api import DiscordApi
from adapters.discord.app import Extension
from adapters.discord.mapping import DIRECT, PLATFORM
from adapters.discord.messages import places_of
from adapters.discord.policy import DiscordPolicy
from adapters.discord.posts import Posts
from adapters.discord.rendering import notice
from core.conversation.archive import Archive
from core.conversation.postings import Intents
from core.conversation.staleness import NOTICE, StaleAnswer


def stale_notices(
    api: DiscordApi, watch: StaleWatch, intents: Intents, archive: Archive
) -> Extension:
    """Tells threads where the bot still answers, and where what it cited may be named."""

    async def extend(client: discord.Client, start: Start, policy: DiscordPolicy) -> None:
        async def tell(answer: StaleAnswer) -> None:
            posts = Posts(api, intents, archive, answer.turn, in_private=False)
            if await _may_tell(api, policy, answer) and not (await posts.spot()).note:
                await posts.put(notice(notice_of(answer), links_to([answer.section])), NOTICE)

        async def keep() -> None:
            await client.wait_until_ready()
            await watch.keep(PLATFORM, tell)

        start(keep())

    return extend


async def _may_tell(api: DiscordApi, policy: DiscordPolicy, answer: StaleAnswer) -> bool:
    session = answer.turn.question.session
    places = places_of(await api.channel(session.channel))
    admitted = session.workspace == DIRECT or policy.admits_channel(places)
    return admitted and policy.may_show(answer.sources, places)
