"""The Slack adapter at work on a stand-in workspace, with answers that a test decides on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp
import uvicorn

from adapters.chat.policy import ChannelPolicy
from adapters.chat.writing import Rhythm
from adapters.slack.api import SlackApi, open_slack_api
from adapters.slack.app import Transport, open_slack
from adapters.slack.catchup import Window
from adapters.slack.manifest import EVENTS_PATH
from adapters.slack.pacing import Pacing
from adapters.slack.responder import SlackResponder
from adapters.slack.subscriptions import SOON
from adapters.slack.transport import Asgi
from core.answering.dispatcher import Dispatcher, DispatcherSettings, open_dispatcher
from core.answering.stopping import Stop
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.inbox import Inbox
from core.conversation.postings import Postings
from core.conversation.presence import Presence
from core.model import AnswerEvent, PassagesFound, Question, Replaced, Searching, TextDelta
from core.ports import Database
from tests.support.answers import answer, answered
from tests.support.desk import until
from tests.support.slack_server import SlackWorkspace

QUICK = Rhythm(again=0.01)
DISPATCH = DispatcherSettings(running=16, retry_pauses=(0.05, 0.2), drain=5.0)


@dataclass
class Answers:
    """Says back what was asked. `claims` makes an answer longer, each awaiting a `step`.

    A claim that begins with `=` replaces the whole text. One that is `silent` needs a step before
    its first word, by which it has `found` what to say or not; one that is `slow` takes its time
    for each claim.
    """

    claims: list[str] = field(default_factory=list)
    silent: bool = False
    found: bool = False
    slow: bool = False
    asked: list[Question] = field(default_factory=list)
    steps: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def step(self, times: int = 1) -> None:
        """Lets so many more claims out."""
        for _ in range(times):
            self.steps.release()

    async def until_waiting(self) -> None:
        """Returns once every step was used up, and what came of it had its time."""
        await until(self.steps.locked)
        await asyncio.sleep(5 * QUICK.again)

    async def answer(
        self, question: Question, stop: Stop | None = None
    ) -> AsyncGenerator[AnswerEvent, None]:
        self.asked.append(question)
        yield Searching()
        if self.found:
            yield PassagesFound(())
        if self.silent:
            await self.steps.acquire()
        text = f"You asked: {question.text}"
        yield TextDelta(text)
        for claim in self.claims:
            await asyncio.sleep(0.2 if self.slow else 0)
            await self.steps.acquire()
            text = claim[1:] if claim.startswith("=") else text + claim
            yield Replaced(text) if claim.startswith("=") else TextDelta(claim)
        yield answered(answer(text))


async def about_to_post(database: Database) -> None:
    """Returns once an answer may be posted at any moment."""
    async with asyncio.timeout(30):
        while not await database.fetch("SELECT FROM postings"):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


class Workspace(Protocol):
    """Where a workspace is, and what it takes to work there."""

    @property
    def api_url(self) -> str: ...
    @property
    def bot_token(self) -> str: ...
    @property
    def app_token(self) -> str: ...
    @property
    def signing_secret(self) -> str: ...


@dataclass
class Bot:
    """The parts of a running bot."""

    api: SlackApi
    answers: Answers
    dispatcher: Dispatcher


@asynccontextmanager
async def open_bot(
    workspace: Workspace,
    database: Database,
    *,
    answers: Answers | None = None,
    policy: ChannelPolicy | None = None,
    http: bool = False,
    pacing: Callable[[], Pacing] = lambda: Pacing(posting_interval=0.0),
    rhythm: Rhythm = QUICK,
    settings: DispatcherSettings = DISPATCH,
    window: Window | None = None,
    worker: str = "ours",
    shared: bool = False,
    soon: float = SOON,
) -> AsyncIterator[Bot]:
    """A bot that answers in the workspace, over Socket Mode unless told otherwise."""
    answers = answers or Answers()
    transport = Transport(None if http else workspace.app_token, workspace.signing_secret)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(
            open_slack_api(workspace.bot_token, base_url=workspace.api_url, pacing=pacing())
        )
        archive = Archive(database)
        responder = SlackResponder(api, Postings(database), archive, rhythm=rhythm)
        inbox = Inbox(database, worker=worker, lease_seconds=6.0)
        dispatcher = await stack.enter_async_context(
            open_dispatcher(inbox, answers, {"slack": responder}, settings)
        )
        asgi = await stack.enter_async_context(
            open_slack(
                api,
                dispatcher,
                Presence(database, shared=shared),
                Cursors(database),
                archive,
                transport=transport,
                policy=policy,
                window=window,
                soon=soon,
            )
        )
        if asgi is not None:
            assert isinstance(workspace, SlackWorkspace)
            await stack.enter_async_context(delivering(workspace, asgi))
        await dispatcher.resume()
        yield Bot(api, answers, dispatcher)


async def was_here(workspace: Workspace, database: Database) -> None:
    """A bot has been in the workspace, and seen to all that there was."""
    async with open_bot(workspace, database):
        await known_to_have_been_here(database)


async def known_to_have_been_here(database: Database) -> None:
    """Returns once a bot that starts later looks for what was said in between."""
    async with asyncio.timeout(30):
        while not await database.fetch("SELECT FROM cursors"):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


@asynccontextmanager
async def delivering(workspace: SlackWorkspace, asgi: Asgi) -> AsyncIterator[None]:
    """The application behind uvicorn, to which the workspace sends its signed requests."""
    config = uvicorn.Config(asgi, port=0, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.005)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        async with aiohttp.ClientSession() as client:
            workspace.use_http(f"http://{host}:{port}{EVENTS_PATH}", client)
            yield
    finally:
        server.should_exit = True
        await serving
