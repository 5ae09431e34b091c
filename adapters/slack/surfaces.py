"""Everything that people can use beside messages, as one extension of the listener."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from slack_bolt.async_app import AsyncApp

from adapters.chat.errands import Start
from adapters.chat.expecting import Expecting
from adapters.chat.policy import ChannelPolicy
from adapters.chat.quota import ReadQuota
from adapters.chat.reactions import Reactions
from adapters.chat.shared_sync import SharedSync
from adapters.slack.actions import Actions
from adapters.slack.api import SlackApi
from adapters.slack.app import Extension
from adapters.slack.commands import Commands
from adapters.slack.expecting import ExpectedSections
from adapters.slack.forgetting import Forgetting
from adapters.slack.home import Home, ReadOverview
from adapters.slack.mapping import PLATFORM
from adapters.slack.places import Places
from adapters.slack.quota import Quota
from adapters.slack.trying import Trying
from core.answering.dispatcher import Dispatcher
from core.conversation.archive import Archive
from core.conversation.feedback import Feedback
from core.conversation.presence import Presence
from core.conversation.traces import Traces
from core.model import Question


def surfaces(
    api: SlackApi,
    dispatcher: Dispatcher,
    presence: Presence,
    archive: Archive,
    traces: Traces,
    feedback: Feedback,
    sync: SharedSync,
    overview: ReadOverview,
    quota: ReadQuota,
    *,
    admins: Collection[str] = (),
    questions: Sequence[str] = (),
) -> Extension:
    """Commands, the shortcut, buttons and the app's home.

    `admins` may sync beside those of the workspace; `questions` are suggested instead of some
    that are made from the docs' titles.
    """

    async def submit(question: Question) -> bool:
        accepted = await dispatcher.submit(question)
        if accepted and question.session.platform == PLATFORM:
            presence.join(question.session)
        return accepted

    def extend(app: AsyncApp, start: Start, policy: ChannelPolicy) -> None:
        places = Places(api, policy)
        Commands(api, submit, sync, start, places, policy, admins=admins).register(app)
        reactions = Reactions(archive, traces, feedback, dispatcher.cancel)
        Actions(reactions, places, policy).register(app)
        ExpectedSections(api, Expecting(archive, feedback)).register(app)
        Home(api, overview, questions).register(app)
        Quota(quota, start).register(app)
        Forgetting(dispatcher.forget, start).register(app)
        Trying(api, submit, policy).register(app)

    return extend
