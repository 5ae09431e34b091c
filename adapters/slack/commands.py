"""What people ask for by name: `/ask`, `/reingest`, and the shortcut on a message.

Slack never delivers these again. So a question is stored before it is acknowledged, and whatever
fails is said at once.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.chat.errands import Start
from adapters.chat.handing_in import Submit, hand_in
from adapters.chat.policy import ChannelPolicy
from adapters.chat.shared_sync import SharedSync
from adapters.chat.wording import failed
from adapters.slack.api import SlackApi
from adapters.slack.manifest import ASK, ASK_ABOUT_THIS, REINGEST
from adapters.slack.mapping import PLATFORM
from adapters.slack.places import IN_TIME, Places
from adapters.slack.private import private_question
from adapters.slack.reingest import may_reingest, reingest
from adapters.slack.rendering import notice
from adapters.slack.response_url import respond
from adapters.slack.text import plain
from core.errors import DocentError, ServiceError
from core.model import Question, SessionKey

Json: TypeAlias = Mapping[str, Any]

PATIENCE = 2.5
"""Seconds for all that is done before the acknowledgement, which Slack awaits for three."""

IN_THREAD = "The answer comes in the message's thread."
ASKED_BEFORE = "This message was asked before: the answer is in its thread."
NO_TEXT = "There is no text in this message that I could look up."
USAGE = f"Write your question after the command, like `{ASK} How do I …?`"
REFUSED = (
    "Only admins of this workspace, and the people named in `SLACK_ADMINS`, may bring the docs in "
    "again. Please ask one of them."
)

log = logging.getLogger(__name__)


class Commands:
    """Listens to the commands and the shortcut."""

    def __init__(
        self,
        api: SlackApi,
        submit: Submit,
        sync: SharedSync,
        start: Start,
        places: Places,
        policy: ChannelPolicy,
        *,
        admins: Collection[str] = (),
    ) -> None:
        self._api = api
        self._submit = submit
        self._sync = sync
        self._start = start
        self._places = places
        self._policy = policy
        self._admins = admins

    def register(self, app: AsyncApp) -> None:
        """Has Bolt call us."""
        app.command(ASK)(self.ask)
        app.command(REINGEST)(self.reingest)
        app.shortcut({"type": "message_action", "callback_id": ASK_ABOUT_THIS})(self.ask_about)

    async def ask(self, ack: AsyncAck, command: Json) -> None:
        """`/ask question`."""
        text = plain(str(command.get("text") or ""), self._api.identity.user)
        if not text:
            await ack(USAGE)
            return
        question = self._private(command["channel_id"], command["user_id"], command, text)
        accepted = await hand_in(self._submit, question, patience=PATIENCE - IN_TIME)
        await ack(accepted if isinstance(accepted, str) else "")

    async def reingest(self, ack: AsyncAck, command: Json) -> None:
        """`/reingest [source]`."""
        await ack()
        self._start(self._reingest(command))

    async def ask_about(self, ack: AsyncAck, shortcut: Json) -> None:
        """The shortcut on a message: answers in its thread, or privately where we may not post."""
        message, channel = shortcut["message"], shortcut["channel"]["id"]
        person, url = shortcut["user"]["id"], shortcut["response_url"]
        text = plain(str(message.get("text") or ""), self._api.identity.user)
        said: str | None = NO_TEXT
        if text and await self._places.may_post(channel):
            question = self._public(channel, person, message, text)
            accepted = await hand_in(self._submit, question, patience=PATIENCE - IN_TIME)
            said = _said(accepted=accepted)
        elif text:
            private = self._private(channel, person, shortcut, text)
            accepted = await hand_in(self._submit, private, patience=PATIENCE - IN_TIME)
            said = accepted if isinstance(accepted, str) else None
        await ack()
        if said is not None:
            await _tell(url, said, message.get("thread_ts"))

    def _private(self, channel: str, person: str, payload: Json, text: str) -> Question:
        return private_question(
            self._api.identity.team,
            channel,
            payload["response_url"],
            payload["trigger_id"],
            person,
            text,
            self._policy.scope_in(channel),
        )

    def _public(self, channel: str, person: str, message: Json, text: str) -> Question:
        ts = str(message["ts"])
        thread = str(message.get("thread_ts") or ts)
        session = SessionKey(PLATFORM, self._api.identity.team, channel, thread)
        return Question(session, ts, person, text, self._policy.scope_in(channel))

    async def _reingest(self, command: Json) -> None:
        person, url = command["user_id"], command["response_url"]
        source = str(command.get("text") or "").strip() or None
        try:
            allowed = await may_reingest(self._api, person, self._admins)
            log.log(
                logging.INFO if allowed else logging.WARNING,
                "%s by %s of %s was %s.",
                REINGEST,
                person,
                repr(source) if source else "all sources",
                "allowed" if allowed else "refused",
            )
            if not allowed:
                await _tell(url, REFUSED)
                return
            await reingest(self._api, self._sync, person, command["channel_id"], source)
        except DocentError as exc:
            log.warning("%s by %s failed. %s", REINGEST, person, exc)
            await _tell(url, failed(exc))


def _said(*, accepted: bool | str) -> str:
    if isinstance(accepted, str):
        return accepted
    return IN_THREAD if accepted else ASKED_BEFORE


async def _tell(url: str, text: str, thread: str | None = None) -> None:
    """Says it to the person alone; they can do without when Slack is away."""
    try:
        await respond(url, notice(text), thread=thread)
    except ServiceError as exc:
        log.warning("A person was not told: %s %s", text, exc)
