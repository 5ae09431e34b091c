"""A bot in the stand-in Discord with its commands and buttons, and a sync that a test plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.chat.quota import ReadQuota
from adapters.chat.shared_sync import SharedSync
from adapters.chat.staleness import StaleWatch
from adapters.chat.writing import Rhythm
from adapters.discord.api import DiscordApi, open_discord_api
from adapters.discord.app import open_discord
from adapters.discord.credentials import DiscordCredentials
from adapters.discord.mapping import PLATFORM
from adapters.discord.policy import DiscordPolicy
from adapters.discord.private import PLATFORM as PRIVATE
from adapters.discord.private import PrivateResponder
from adapters.discord.responder import DiscordResponder
from adapters.discord.staleness import stale_notices
from adapters.discord.surfaces import surfaces
from core.answering.dispatcher import Dispatcher, DispatcherSettings, open_dispatcher
from core.answering.stopping import Stop
from core.answering.turns import Answerer
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.feedback import Feedback
from core.conversation.history import History
from core.conversation.inbox import Inbox
from core.conversation.limits import Limits
from core.conversation.postings import Postings
from core.conversation.presence import Presence
from core.conversation.registrations import Registrations
from core.conversation.staleness import NoticePostings
from core.conversation.traces import Traces
from core.ingestion.overview import read_overview
from core.model import EVERYTHING, AnswerEvent, Question, TextDelta
from core.ports import Database, Responder
from tests.support.conversations import answered
from tests.support.discord_server import DiscordGuild
from tests.support.slack_bot import DISPATCH, QUICK, Answers
from tests.support.slack_surfaces import PlayedSync, nothing_spent


@dataclass
class Surfaced:
    """The parts of a running bot."""

    api: DiscordApi
    sync: PlayedSync
    dispatcher: Dispatcher


class Stoppable:
    """Says a sentence and then nothing, until it is stopped."""

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        yield TextDelta("The first sentence.")
        async for event in stop.cut(self._silence()):
            yield event
        yield answered("The first sentence.")

    async def _silence(self) -> AsyncGenerator[AnswerEvent, None]:
        await asyncio.Event().wait()
        yield TextDelta("Never said.")


class Cited:
    """Answers from one passage."""

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        event = answered()
        yield TextDelta(event.answer.text)
        yield event


@asynccontextmanager
async def open_surfaces(
    server: DiscordGuild,
    database: Database,
    *,
    commands: int = 7,
    **how: Any,
) -> AsyncIterator[Surfaced]:
    """A bot that listens, with its `commands` registered; takes what `open_on` takes."""
    credentials = DiscordCredentials(server.token, server.api_url)
    async with (
        open_discord_api(credentials, ready=0.05) as api,
        open_on(api, database, **how) as bot,
    ):
        await server.until(lambda: len(server.discord.commands.get(None, ())) >= commands)
        yield bot


@asynccontextmanager
async def open_on(
    api: DiscordApi,
    database: Database,
    *,
    answers: Answerer | None = None,
    sync: PlayedSync | None = None,
    policy: DiscordPolicy | None = None,
    admins: Sequence[str] = (),
    rhythm: Rhythm = QUICK,
    settings: DispatcherSettings = DISPATCH,
    every: float = 0.05,
    quota: ReadQuota = nothing_spent,
    limits: Limits | None = None,
    stale: StaleWatch | None = None,
    dispatching: Callable[..., AbstractAsyncContextManager[Dispatcher]] = open_dispatcher,
) -> AsyncIterator[Surfaced]:
    """A bot with commands and buttons, on a client that is logged in."""
    sync = sync or PlayedSync()
    archive, presence, postings = Archive(database), Presence(database), Postings(database)
    async with AsyncExitStack() as stack:
        responders: dict[str, Responder] = {
            PLATFORM: DiscordResponder(api, postings, archive, rhythm=rhythm),
            PRIVATE: PrivateResponder(api, postings, rhythm=rhythm),
        }
        inbox = Inbox(database, worker="ours", lease_seconds=6.0)
        dispatcher = await stack.enter_async_context(
            dispatching(inbox, answers or Answers(), responders, settings, limits=limits)
        )
        extension = surfaces(
            api,
            dispatcher,
            presence,
            archive,
            Traces(database),
            postings,
            Feedback(database),
            History(database),
            Registrations(database),
            SharedSync(sync),
            partial(read_overview, database, EVERYTHING),
            quota,
            admins=admins,
            every=every,
        )
        await stack.enter_async_context(
            open_discord(
                api,
                dispatcher,
                presence,
                Cursors(database),
                archive,
                policy=policy,
                extensions=[
                    extension,
                    *(
                        [stale_notices(api, stale, NoticePostings(database), archive)]
                        if stale
                        else []
                    ),
                ],
            )
        )
        await dispatcher.resume()
        yield Surfaced(api, sync, dispatcher)
