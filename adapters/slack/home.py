"""The app's own surfaces: its home, and the suggestions and titles of its conversations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from slack_bolt.app.async_app import AsyncApp

from adapters.chat.status_texts import next_sync, source_lines
from adapters.chat.suggestions import suggestions
from adapters.slack.api import SlackApi
from adapters.slack.blocks import button
from adapters.slack.rendering import TRY
from core.errors import ServiceError
from core.ingestion.overview import Overview
from core.model import AnswerEvent, Question, Turn
from core.ports import Responder

ReadOverview: TypeAlias = Callable[[], Awaitable[Overview | None]]
Json: TypeAlias = Mapping[str, Any]

MOST_SUGGESTIONS = 4
"""As many as Slack shows."""

_LONGEST_THREAD_TITLE = 80
_LONGEST_VALUE = 2000
_LONGEST_SPOKEN = 75
_PROMPTS_TITLE = "Ask the docs, for example:"
_NOTHING_YET = "No docs were brought in yet."
_HOW = (
    "Mention me in a channel, write to me in *Messages*, or use `/ask` for an answer that only "
    "you see."
)

log = logging.getLogger(__name__)


class Home:
    """Listens to people who open the app."""

    def __init__(self, api: SlackApi, overview: ReadOverview, questions: Sequence[str]) -> None:
        self._api = api
        self._overview = overview
        self._questions = questions

    def register(self, app: AsyncApp) -> None:
        """Has Bolt call us."""
        app.event("app_home_opened")(self.opened)

    async def opened(self, event: Json) -> None:
        """The home, or with the tab `messages` the conversation of the agent view."""
        try:
            overview = await self._overview()
            if event.get("tab") == "messages":
                await self._suggest(overview, event["channel"])
            else:
                view = home_view(overview, self._suggestions(overview))
                await self._api.call("views.publish", user_id=event["user"], view=view)
        except ServiceError as exc:
            log.warning("The home of %s could not be shown. %s", event.get("user"), exc)

    async def _suggest(self, overview: Overview | None, channel: str) -> None:
        prompts = [{"title": q, "message": q} for q in self._suggestions(overview)]
        if prompts:
            await self._api.call(
                "assistant.threads.setSuggestedPrompts",
                patience=0,
                title=_PROMPTS_TITLE,
                prompts=prompts,
                channel_id=channel,
            )

    def _suggestions(self, overview: Overview | None) -> list[str]:
        return list(self._questions)[:MOST_SUGGESTIONS] or suggestions(overview, MOST_SUGGESTIONS)


class NamingResponder:
    """Shows answers as `shown` does; a direct conversation is named by its first question."""

    def __init__(self, api: SlackApi, shown: Responder) -> None:
        self._api = api
        self._shown = shown

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """No answer waits for a name, or fails without one."""
        if not _opens_conversation(turn.question):
            await self._shown.respond(turn, events)
            return
        naming = asyncio.create_task(self._name(turn.question))
        try:
            await self._shown.respond(turn, events)
        finally:
            naming.cancel()

    async def retract(self, turn: Turn) -> None:
        """As `shown` does."""
        await self._shown.retract(turn)

    async def _name(self, question: Question) -> None:
        try:
            await self._api.call(
                "assistant.threads.setTitle",
                patience=0,
                channel_id=question.session.channel,
                thread_ts=question.session.thread,
                title=_shortened(question.text, _LONGEST_THREAD_TITLE),
            )
        except ServiceError as exc:
            log.debug("A conversation has no title. %s", exc)


def _opens_conversation(question: Question) -> bool:
    session = question.session
    return session.channel.startswith("D") and session.thread == question.message_id


def home_view(overview: Overview | None, questions: Sequence[str]) -> dict[str, Any]:
    """The app's home: what is served, what to ask, and how."""
    blocks = [_header("Ask the docs"), _section(_HOW)]
    if questions:
        blocks += [_header("For example"), *map(_example, questions)]
    return {"type": "home", "blocks": [*blocks, _header("What I know"), *_served(overview)]}


def _served(overview: Overview | None) -> list[dict[str, Any]]:
    if overview is None:
        return [_section(_NOTHING_YET)]
    state = [f"{overview.documents} docs, last changed {_when(overview.since)}."]
    if overview.synced is not None:
        state.append(f"Last synced {_when(overview.synced)}.")
    if (due := next_sync(overview)) is not None:
        state.append(f"The next sync is due {_when(due)}.")
    listed = [f"• {line}" for line in source_lines(overview)] + list(overview.budgets)
    return [_section(" ".join(state)), *([_plain("\n".join(listed))] if listed else [])]


def _when(moment: datetime) -> str:
    """In the reader's own time zone."""
    fallback = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}}, {{time}}|{fallback}>"


def _example(question: str) -> dict[str, Any]:
    ask = button("Ask", TRY, question[:_LONGEST_VALUE], spoken=f"Ask: {question}"[:_LONGEST_SPOKEN])
    return {**_plain(question), "accessory": ask}


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _plain(text: str) -> dict[str, Any]:
    """Text from elsewhere: nothing in it means anything to Slack."""
    return {"type": "section", "text": {"type": "plain_text", "text": text[:3000]}}


def _shortened(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
