"""Against a Slack that somebody else wrote: its state, its refusals, its signed events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api import SlackApi, open_slack_api
from adapters.slack.api_errors import SlackRefused
from adapters.slack.pacing import Pacing
from adapters.slack.responder import SlackResponder
from adapters.slack.threads import read_thread
from core.conversation.archive import Archive
from core.conversation.inbox import Inbox
from core.conversation.postings import Postings
from core.errors import AccessDenied
from core.model import Question, SessionKey, Turn
from core.ports import Database
from tests.support.answers import answer, events_of, stream
from tests.support.conversations import let_lease_run_out, taken
from tests.support.emulate import MISSING, SCOPES, Emulated, emulate

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture
def workspace() -> Iterator[Emulated]:
    with emulate() as emulated:
        yield emulated


@pytest.fixture
async def person(workspace: Emulated) -> AsyncWebClient:
    """Who asks; they let the bot into their channel first."""
    client = AsyncWebClient(workspace.person_token, base_url=workspace.api_url)
    await client.conversations_invite(channel=workspace.general, users=workspace.bot_user)
    return client


@pytest.fixture
async def api(workspace: Emulated, person: AsyncWebClient) -> AsyncIterator[SlackApi]:
    pacing = Pacing(posting_interval=0.0)
    async with open_slack_api(
        workspace.bot_token, base_url=workspace.api_url, pacing=pacing
    ) as opened:
        yield opened


class Room:
    """A question in the channel, its turn, and who answers it."""

    def __init__(self, api: SlackApi, database: Database, session: SessionKey) -> None:
        self.api = api
        self.session = session
        self.database = database
        self.inbox = Inbox(database, worker="ours")
        self.responder = SlackResponder(api, Postings(database), Archive(database))

    async def take(self) -> Turn:
        """The question's turn, from whoever had it."""
        return await taken(self.inbox, self.session)

    async def answer(self, turn: Turn, text: str) -> None:
        await self.responder.respond(turn, stream(events_of(answer(text))))

    async def answers(self) -> list[str]:
        """What the bot has in the thread."""
        thread = await read_thread(self.api, self.session, after=self.session.thread)
        own = [message for message in thread if message["user"] == self.api.identity.user]
        return ["\n".join(b["text"] for b in m["blocks"] if "text" in b) for m in own]


@pytest.fixture
async def room(
    api: SlackApi, database: Database, workspace: Emulated, person: AsyncWebClient
) -> Room:
    asked = await person.chat_postMessage(channel=workspace.general, text="Do they have defaults?")
    ts = str(asked["ts"])
    session = SessionKey("slack", workspace.team, workspace.general, ts)
    room = Room(api, database, session)
    await room.inbox.accept(Question(session, ts, workspace.person, "Do they have defaults?"))
    return room


async def test_an_answer_is_posted_in_the_thread_where_streams_are_unknown(room: Room) -> None:
    await room.answer(await room.take(), "They can. [1]")
    [posted] = await room.answers()
    assert posted.startswith("They can.")


async def test_an_answer_that_was_posted_and_not_recorded_is_found_and_edited(room: Room) -> None:
    turn = await room.take()
    await room.answer(turn, "They can. [1]")
    forget = "UPDATE postings SET message_id = NULL, completed_at = NULL"
    assert await room.database.execute(forget) == 1
    await let_lease_run_out(room.database, turn)
    await room.answer(await room.take(), "They always can. [1]")
    [posted] = await room.answers()
    assert posted.startswith("They always can.")


async def test_a_retracted_answer_is_gone(room: Room) -> None:
    turn = await room.take()
    await room.answer(turn, "They can. [1]")
    await room.responder.retract(turn)
    assert await room.answers() == []


async def test_a_missing_scope_is_named_in_the_hint() -> None:
    scopes = [scope for scope in SCOPES if scope != "chat:write"]
    with emulate(scopes) as workspace:
        async with open_slack_api(workspace.bot_token, base_url=workspace.api_url) as api:
            with pytest.raises(AccessDenied) as denied:
                await api.post(workspace.general, None, "Hello")
    assert "chat:write" in denied.value.hint


async def test_what_slack_refuses_is_raised_with_its_word_for_it(
    api: SlackApi, workspace: Emulated, person: AsyncWebClient
) -> None:
    theirs = str((await person.chat_postMessage(channel=workspace.general, text="Mine"))["ts"])
    reaction: dict[str, Any] = {"channel": workspace.general, "timestamp": theirs, "name": "eyes"}
    await api.call("reactions.add", **reaction)
    with pytest.raises(SlackRefused) as twice:
        await api.call("reactions.add", **reaction)
    with pytest.raises(SlackRefused) as foreign:
        await api.call("chat.update", channel=workspace.general, ts=theirs, text="Ours")
    with pytest.raises(SlackRefused) as nowhere:
        await api.post("C0NOWHERE", None, "Hello")
    codes = [refused.value.code for refused in (twice, foreign, nowhere)]
    assert codes == ["already_reacted", "cant_update_message", "channel_not_found"]


@asynccontextmanager
async def receiver(handler: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """The address of a server that lets `handler` take what is posted there."""
    app = web.Application()
    app.router.add_post("/slack/events", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("secret", "status", "texts"),
    [(Emulated.signing_secret, 200, ["Hello"]), ("another-secret", 401, [])],
)
async def test_a_message_is_heard_when_its_signature_is_slacks(
    secret: str, status: int, texts: list[str]
) -> None:
    heard: list[str] = []
    statuses: asyncio.Queue[int] = asyncio.Queue()

    async def keep(body: dict[str, Any]) -> BoltResponse:
        heard.append(body["event"]["text"])
        return BoltResponse(status=200)

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T000000001")

    app = AsyncApp(signing_secret=secret, authorize=authorize)
    app.middleware(keep)

    async def take(request: web.Request) -> web.Response:
        asked = AsyncBoltRequest(body=await request.text(), headers=dict(request.headers))
        response = await app.async_dispatch(asked)
        statuses.put_nowait(response.status)
        return web.Response(status=response.status)

    async with receiver(take) as address:
        with emulate(events=address) as workspace:
            person = AsyncWebClient(workspace.person_token, base_url=workspace.api_url)
            await person.chat_postMessage(channel=workspace.general, text="Hello")
            async with asyncio.timeout(30):
                assert await statuses.get() == status
    assert heard == texts
