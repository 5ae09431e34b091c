"""The bot's own way of a question: inbox, dispatcher, assistant, store; all but a platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from pydantic import SecretStr

from bench.arrivals import Arrival, Seen
from bench.conversations import PLATFORM, session, write_history
from bot.app import open_app
from bot.memory import settle
from bot.parts import App
from bot.settings import Settings
from bot.settings.groups import (
    CohereSettings,
    DatabaseSettings,
    DocentSettings,
    DocsSettings,
    OpenRouterSettings,
    QdrantSettings,
)
from core.answering.dispatcher import Dispatcher
from core.conversation.inbox import Inbox
from core.model import (
    Answer,
    Answered,
    AnswerEvent,
    AnswerStatus,
    ModelEvent,
    ModelFinished,
    ModelText,
    Prompt,
    Question,
    Queued,
    Turn,
)
from core.ports import ChatModel


def settings_for(addresses: Mapping[str, str], docs: Path) -> Settings:
    """Every service at its stand-in."""
    return Settings.model_validate(
        {
            "docent": DocentSettings(data_dir=docs.parent / "data"),
            "docs": DocsSettings(folder=docs),
            # Not validated: a database behind a socket in a folder has no host in its address.
            "database": DatabaseSettings.model_construct(url=SecretStr(addresses["postgres"])),
            "qdrant": QdrantSettings.model_validate({"url": addresses["qdrant"]}),
            "cohere": CohereSettings.model_validate(
                {"api_key": "stand-in", "base_url": addresses["cohere"]}
            ),
            "openrouter": OpenRouterSettings.model_validate(
                {"api_key": "stand-in", "base_url": addresses["openrouter"]}
            ),
        }
    )


class WatchedModel:
    """A ChatModel that notes when the first and the last of an answer were in our hands."""

    def __init__(self, model: ChatModel, asking: Mapping[str, Seen]) -> None:
        self._model = model
        self._asking = asking

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """The model's events. A prompt without passages asks for no answer."""
        clock = asyncio.get_running_loop().time
        seen = self._asking.get(prompt.question) if prompt.passages else None
        async with aclosing(self._model.stream(prompt)) as events:
            async for event in events:
                if seen and isinstance(event, ModelText):
                    seen.first = seen.first or clock()
                    seen.last = clock()
                elif seen and isinstance(event, ModelFinished):
                    seen.last = clock()
                yield event


class WatchedInbox:
    """An Inbox that tells who waits for it that an answer is stored."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.stored: dict[UUID, asyncio.Future[None]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inbox, name)

    async def finish(self, turn: Turn, answered: Answered) -> None:
        """The inbox's own."""
        await self._inbox.finish(turn, answered)
        done = self.stored.pop(turn.id, None)
        if done and not done.done():
            done.set_result(None)


class Docent:
    """Asks, and is the platform that the answers are shown on."""

    def __init__(self, app: App, inbox: WatchedInbox, asking: dict[str, Seen]) -> None:
        self.app = app
        self.dispatcher: Dispatcher
        self._inbox = inbox
        self._asking = asking
        self._done: dict[str, asyncio.Future[None]] = {}

    async def ingest(self) -> int:
        """A sync."""
        report = await self.app.syncer.sync(self.app.sources)
        assert not report.failed
        return report.documents

    async def remember(self, turns: int) -> None:
        """Writes the turns, straight into the tables."""
        await write_history(self.app.database, turns)

    async def ask(self, arrival: Arrival, seen: Seen) -> None:
        """Returns when the answer is stored."""
        text = arrival.text
        key = session(arrival.conversation)
        self._asking[text] = seen
        done = self._done[text] = asyncio.get_running_loop().create_future()
        person = f"U{arrival.conversation}"
        await self.dispatcher.submit(
            Question(key, f"asked-{arrival.n}", person, text, self.app.scope)
        )
        try:
            await done
        finally:
            del self._asking[text], self._done[text]
        seen.stored = asyncio.get_running_loop().time()

    async def respond(self, turn: Turn, events: AsyncIterator[AnswerEvent]) -> None:
        """Reads, as a platform that takes no time to show."""
        text = turn.question.text
        async for event in events:
            if isinstance(event, Queued) and text in self._asking:
                self._asking[text].queued = True
            elif isinstance(event, Answered) and event.answer.status is not AnswerStatus.ANSWERED:
                self._fail(text, event.answer)
        if done := self._done.get(text):
            self._inbox.stored[turn.id] = done

    def _fail(self, text: str, answer: Answer) -> None:
        """A service that came too late is a failure here, whatever its reader got instead."""
        done = self._done.get(text)
        if done and not done.done():
            done.set_exception(RuntimeError(f"{answer.status} {answer.rungs}: {answer.text[:80]}"))

    async def retract(self, turn: Turn) -> None:
        """Nobody takes a question back."""


@asynccontextmanager
async def open_docent(addresses: Mapping[str, str], docs: Path) -> AsyncIterator[Docent]:
    """As `docent run` opens it, with one more look at what the models send."""
    settings = settings_for(addresses, docs)
    asking: dict[str, Seen] = {}
    async with AsyncExitStack() as stack:
        watch = partial(WatchedModel, asking=asking)
        app = await stack.enter_async_context(open_app(settings, watch=watch))
        inbox = WatchedInbox(app.inbox)
        docent = Docent(app, inbox, asking)
        app = replace(app, inbox=cast("Inbox", inbox))
        docent.dispatcher = await stack.enter_async_context(app.dispatcher({PLATFORM: docent}))
        settle()
        yield docent
