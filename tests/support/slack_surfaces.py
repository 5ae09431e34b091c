"""A bot in the stand-in Slack with its commands, buttons and home, and a sync that a test plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from adapters.chat.policy import ChannelPolicy
from adapters.chat.quota import ReadQuota
from adapters.chat.shared_sync import SharedSync
from adapters.chat.staleness import StaleWatch
from adapters.slack.api import SlackApi, open_slack_api
from adapters.slack.app import Transport, open_slack
from adapters.slack.home import NamingResponder
from adapters.slack.mapping import PLATFORM
from adapters.slack.pacing import Pacing
from adapters.slack.private import PLATFORM as PRIVATE
from adapters.slack.private import PrivateResponder
from adapters.slack.responder import SlackResponder
from adapters.slack.staleness import stale_notices
from adapters.slack.surfaces import surfaces
from core.answering.dispatcher import Dispatcher, DispatcherSettings, open_dispatcher
from core.answering.turns import Answerer
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.feedback import Feedback
from core.conversation.inbox import Inbox
from core.conversation.limits import Limits
from core.conversation.postings import Postings
from core.conversation.presence import Presence
from core.conversation.staleness import NoticePostings
from core.conversation.traces import Traces
from core.ingestion.overview import read_overview
from core.ingestion.report import Phase, ProgressListener, SyncProgress, SyncReport
from core.model import EVERYTHING
from core.ports import Database, Responder
from tests.support.slack_bot import DISPATCH, QUICK, Answers, delivering
from tests.support.slack_server import SlackWorkspace


def moment(documents: int, total: int = 40, phase: Phase = Phase.INDEXING) -> SyncProgress:
    """A sync that has done so many documents, one a second."""
    return SyncProgress(phase, documents, total, 2 * documents, documents, documents, documents)


def report(**values: object) -> SyncReport:
    """A sync that added a document, unless told otherwise."""
    usual: dict[str, object] = {
        "generation": 3,
        "added": ("docs/new.md",),
        "changed": (),
        "relabelled": (),
        "removed": (),
        "failed": {},
        "not_synced": (),
        "documents": 40,
        "chunks": 80,
        "written": 2,
        "embedded": 1,
        "reused": 1,
        "closed": 0,
        "seconds": 12.0,
        "dry_run": False,
    }
    return SyncReport(**{**usual, **values})  # type: ignore[arg-type] # a test names the fields


@dataclass
class PlayedSync:
    """Tells `moments`, then waits for `go`, then ends with `end`."""

    moments: list[SyncProgress] = field(default_factory=list)
    end: SyncReport | Exception = field(default_factory=report)
    asked: list[str | None] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    tell: ProgressListener | None = None

    async def __call__(self, source: str | None, progress: ProgressListener) -> SyncReport:
        self.asked.append(source)
        self.tell = progress
        for each in self.moments:
            progress(each)
        await self.go.wait()
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


async def nothing_spent(person: str) -> str:
    """What is left of the budgets."""
    return f"**Nothing** was spent, least of all by {person}."


@dataclass
class Surfaced:
    """The parts of a running bot."""

    api: SlackApi
    sync: PlayedSync
    dispatcher: Dispatcher


@asynccontextmanager
async def open_surfaces(
    workspace: SlackWorkspace,
    database: Database,
    *,
    answers: Answerer | None = None,
    sync: PlayedSync | SharedSync | None = None,
    policy: ChannelPolicy | None = None,
    admins: Sequence[str] = (),
    questions: Sequence[str] = (),
    quota: ReadQuota = nothing_spent,
    limits: Limits | None = None,
    stale: StaleWatch | None = None,
    settings: DispatcherSettings = DISPATCH,
    http: bool = False,
) -> AsyncIterator[Surfaced]:
    """A bot that answers over Socket Mode unless told otherwise."""
    played = sync if isinstance(sync, PlayedSync) else PlayedSync()
    shared = sync if isinstance(sync, SharedSync) else SharedSync(played)
    transport = Transport(None if http else workspace.app_token, workspace.signing_secret)
    archive, presence = Archive(database), Presence(database)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(
            open_slack_api(
                workspace.bot_token,
                base_url=workspace.api_url,
                pacing=Pacing(posting_interval=0.0),
            )
        )
        shown = SlackResponder(api, Postings(database), archive, rhythm=QUICK)
        responders: dict[str, Responder] = {
            PLATFORM: NamingResponder(api, shown),
            PRIVATE: PrivateResponder(api),
        }
        inbox = Inbox(database, worker="ours", lease_seconds=6.0)
        dispatcher = await stack.enter_async_context(
            open_dispatcher(
                inbox,
                answers or Answers(),
                responders,
                settings,
                limits=limits,
            )
        )
        extension = surfaces(
            api,
            dispatcher,
            presence,
            archive,
            Traces(database),
            Feedback(database),
            shared,
            partial(read_overview, database, EVERYTHING),
            quota,
            admins=admins,
            questions=questions,
        )
        asgi = await stack.enter_async_context(
            open_slack(
                api,
                dispatcher,
                presence,
                Cursors(database),
                archive,
                transport=transport,
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
        if asgi is not None:
            await stack.enter_async_context(delivering(workspace, asgi))
        await dispatcher.resume()
        yield Surfaced(api, played, dispatcher)
