"""Everything that people can use beside messages, as one extension of the listener."""

from __future__ import annotations

from collections.abc import Collection

import discord

from adapters.chat.errands import Start
from adapters.chat.expecting import Expecting
from adapters.chat.quota import ReadQuota
from adapters.chat.reactions import Reactions
from adapters.chat.shared_sync import SharedSync
from adapters.chat.syncing import EVERY
from adapters.discord.api import DiscordApi
from adapters.discord.app import Extension
from adapters.discord.asking import Asking
from adapters.discord.command_sync import CommandSync
from adapters.discord.commands import apologising, command_tree
from adapters.discord.components import Presses, answer_button
from adapters.discord.expecting import ExpectedSections
from adapters.discord.housekeeping import Housekeeping, ReadOverview
from adapters.discord.mapping import PLATFORM
from adapters.discord.policy import DiscordPolicy
from adapters.discord.quota import Quota
from adapters.discord.reingest import Reingest
from adapters.discord.under_way import UnderWay
from adapters.discord.whereabouts import Whereabouts
from core.answering.dispatcher import Dispatcher
from core.conversation.archive import Archive
from core.conversation.feedback import Feedback
from core.conversation.history import History
from core.conversation.postings import Postings
from core.conversation.presence import Presence
from core.conversation.registrations import Registrations
from core.conversation.traces import Traces
from core.model import Question


def surfaces(
    api: DiscordApi,
    dispatcher: Dispatcher,
    presence: Presence,
    archive: Archive,
    traces: Traces,
    postings: Postings,
    feedback: Feedback,
    history: History,
    registrations: Registrations,
    sync: SharedSync,
    overview: ReadOverview,
    quota: ReadQuota,
    *,
    admins: Collection[str] = (),
    every: float = EVERY,
) -> Extension:
    """Commands, those of a message's menu, and buttons.

    `admins` are the ids of people and roles who may sync; without any, those who may manage the
    server. What a sync shows is renewed `every` so many seconds.
    """

    async def submit(question: Question) -> bool:
        accepted = await dispatcher.submit(question)
        if accepted and question.session.platform == PLATFORM:
            presence.join(question.session)
        return accepted

    async def extend(client: discord.Client, start: Start, policy: DiscordPolicy) -> None:
        reactions = Reactions(archive, traces, feedback, dispatcher.cancel)
        sections = ExpectedSections(Expecting(archive, feedback))
        under_way, presses = UnderWay(), Presses(reactions, sections, postings, policy)
        client.add_dynamic_items(answer_button(presses.act, under_way.note))
        reads_all = client.intents.message_content and policy.follow_ups
        tree = command_tree(
            client,
            Asking(api, submit, policy, Whereabouts(api, archive, presence).roles_of),
            Housekeeping(dispatcher, history, overview, reads_all=reads_all),
            Quota(quota),
            Reingest(api, sync, start, admins, every=every),
        )
        registered = CommandSync(tree, registrations)
        tree.error(apologising(lambda: start(registered.repair())))
        tree.interaction_check = under_way.note  # type: ignore[method-assign] # its hook for it
        start(under_way.keep())
        start(registered.run())

    return extend
