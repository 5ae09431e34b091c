"""The Slack adapter at work on a stand-in workspace, with answers that a test decides on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from adapters.slack.api import SlackApi, open_slack_api
from adapters.slack.app import Transport, open_slack
from adapters.slack.catchup import Window
from adapters.slack.pacing import Pacing
from adapters.slack.policy import ChannelPolicy
from adapters.slack.responder import SlackResponder
from adapters.slack.transport import Asgi
from adapters.slack.writing import Rhythm
from core.answering.dispatcher import Dispatcher, DispatcherSettings, open_dispatcher
from core.answering.stopping import Stop
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.inbox import Inbox
from core.conversation.postings import Postings
from core.conversation.presence import Presence
from core.model import AnswerEvent, Question, Searching, TextDelta
from core.ports import Database
from tests.support.answers import answer, answered
from tests.support.slack_server import SlackWorkspace

QUICK = Rhythm(first=0.01, again=0.01)
DISPATCH = DispatcherSettings(running=64, retry_pauses=(0.05, 0.2), drain=5.0)


@dataclass
class Answers:
    """Says back what was asked. `claims` makes an answer longer, each awaiting a `step`."""

    claims: list[str] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    steps: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def step(self, times: int = 1) -> None:
        """Lets so many more claims out."""
        for _ in range(times):
            self.steps.release()

    async def answer(
        self, question: Question, stop: Stop | None = None
    ) -> AsyncGenerator[AnswerEvent, None]:
        self.asked.append(question)
        yield Searching()
        text = f"You asked: {question.text}"
        yield TextDelta(text)
        for claim in self.claims:
            await self.steps.acquire()
            text += claim
            yield TextDelta(claim)
        yield answered(answer(text))


@dataclass
class Bot:
    """The parts of a running bot."""

    api: SlackApi
    answers: Answers
    dispatcher: Dispatcher
    archive: Archive
    asgi: Asgi | None


@asynccontextmanager
async def open_bot(
    workspace: SlackWorkspace,
    database: Database,
    *,
    answers: Answers | None = None,
    policy: ChannelPolicy | None = None,
    transport: Transport | None = None,
    pacing: Callable[[], Pacing] = lambda: Pacing(posting_interval=0.0),
    rhythm: Rhythm = QUICK,
    settings: DispatcherSettings = DISPATCH,
    window: Window | None = None,
    worker: str = "ours",
) -> AsyncIterator[Bot]:
    """A bot that answers in the workspace, over Socket Mode unless told otherwise."""
    answers = answers or Answers()
    transport = transport or Transport(app_token=workspace.app_token)
    async with open_slack_api(
        workspace.bot_token, base_url=workspace.api_url, pacing=pacing()
    ) as api:
        archive = Archive(database)
        responder = SlackResponder(api, Postings(database), archive, rhythm=rhythm)
        inbox = Inbox(database, worker=worker, lease_seconds=6.0)
        async with (
            open_dispatcher(inbox, answers, {"slack": responder}, settings) as dispatcher,
            open_slack(
                api,
                dispatcher,
                Presence(database),
                Cursors(database),
                transport=transport,
                policy=policy,
                window=window,
            ) as asgi,
        ):
            await dispatcher.resume()
            yield Bot(api, answers, dispatcher, archive, asgi)
