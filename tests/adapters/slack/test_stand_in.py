"""The stand-in Slack is one that Slack's own SDK talks to, over real sockets."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.support.desk import until
from tests.support.slack_server import ALICE, SlackWorkspace, open_workspace


@pytest.fixture
async def slack() -> AsyncIterator[SlackWorkspace]:
    async with open_workspace() as workspace:
        yield workspace


@pytest.fixture
def client(slack: SlackWorkspace) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


class Bot:
    """A Bolt app that keeps each event and answers a mention, connected by Socket Mode."""

    def __init__(self, slack: SlackWorkspace, client: AsyncWebClient) -> None:
        self.slack = slack
        self.app = AsyncApp(client=client, signing_secret=slack.signing_secret)
        self.events: list[dict[str, Any]] = []
        self.app.event("message")(self._keep)
        self.app.event("app_mention")(self._answer)
        self.handler = AsyncSocketModeHandler(self.app, slack.app_token, ping_interval=0.1)

    async def heard(self, number: int) -> list[dict[str, Any]]:
        """The events, once there are that many: Bolt acknowledges before it listens."""
        await self.slack.until(lambda: len(self.events) >= number)
        return self.events

    async def _keep(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self.slack.slack.touch()

    async def _answer(self, event: dict[str, Any], client: AsyncWebClient) -> None:
        await self._keep(event)
        await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="Hi")


@pytest.fixture
async def bot(slack: SlackWorkspace, client: AsyncWebClient) -> AsyncIterator[Bot]:
    bot = Bot(slack, client)
    await bot.handler.connect_async()  # type: ignore[no-untyped-call] # Bolt's
    await slack.connected()
    yield bot
    await bot.handler.close_async()  # type: ignore[no-untyped-call] # Bolt's


async def test_a_mention_reaches_bolt_twice_and_its_answer_stands_in_the_thread(
    slack: SlackWorkspace, bot: Bot
) -> None:
    ts = await slack.mention(slack.general, "hello?")
    answers = await slack.answered(slack.general, ts)
    assert [answer.shown for answer in answers] == ["Hi"]
    assert sorted(event["type"] for event in await bot.heard(2)) == ["app_mention", "message"]
    assert {event["ts"] for event in bot.events} == {ts}
    echoed = slack.deliveries[-1].payload["event"]
    assert (echoed["bot_id"], echoed["thread_ts"]) == (slack.slack.bot_id, ts)


async def test_an_event_that_is_not_acknowledged_comes_again_with_a_count(
    slack: SlackWorkspace, bot: Bot
) -> None:
    slack.courier.retry_after, slack.courier.ack_seconds = (0.0, 0.0), 0.2
    responses = iter([BoltResponse(status=503)])

    async def unwell(next_: Any) -> BoltResponse:
        return next(responses, None) or await next_()

    bot.app.middleware(unwell)
    await slack.dm("hello?")
    [delivery] = slack.deliveries
    await until(lambda: bool(delivery.attempts))
    slack.courier.ack_seconds = 30.0  # for the next one, which is to be acknowledged
    await slack.settled()
    assert [attempt.status for attempt in delivery.attempts] == [None, 200]
    assert len(await bot.heard(1)) == 1


@pytest.mark.parametrize("broken", ["refreshed", "closed", "dropped"])
async def test_bolt_connects_anew_when_the_socket_goes(
    slack: SlackWorkspace, bot: Bot, broken: str
) -> None:
    if broken == "refreshed":
        await slack.socket.refresh()
    elif broken == "closed":
        await slack.socket.close()
    else:
        slack.socket.drop()
    await slack.until(lambda: slack.socket.opened >= 2 and len(slack.socket.connections) == 1)
    await slack.dm("still there?")
    assert [event["text"] for event in await bot.heard(1)] == ["still there?"]


async def test_signed_deliveries_are_tried_again_until_they_are_taken(
    slack: SlackWorkspace,
) -> None:
    seen: list[tuple[bool, str | None, str | None]] = []
    verifier = SignatureVerifier(slack.signing_secret)

    async def take(request: web.Request) -> web.Response:
        signed = verifier.is_valid_request(await request.read(), dict(request.headers))
        number, why = (request.headers.get(f"X-Slack-Retry-{name}") for name in ("Num", "Reason"))
        seen.append((signed, number, why))
        return web.Response(status=500 if len(seen) == 1 else 200)

    app = web.Application()
    app.router.add_post("/slack/events", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        slack.use_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events", session)
        slack.courier.retry_after = (0.0,)
        await slack.dm("hello?")
        await slack.settled()
    await runner.cleanup()
    assert seen == [(True, None, None), (True, "1", "http_error")]


async def test_a_deleted_question_that_has_an_answer_leaves_a_tombstone(
    slack: SlackWorkspace, bot: Bot
) -> None:
    ts = await slack.mention(slack.general, "hello?")
    await slack.answered(slack.general, ts)
    await bot.heard(2)
    await slack.delete(slack.general, ts)
    last = (await bot.heard(3))[-1]
    assert (last["subtype"], last["message"]["subtype"]) == ("message_changed", "tombstone")


async def test_a_button_a_command_and_a_shortcut_are_acknowledged_once(
    slack: SlackWorkspace, bot: Bot, client: AsyncWebClient
) -> None:
    async def answer(ack: Any, respond: Any) -> None:
        await ack()
        await respond("Seen", response_type="ephemeral")

    async def answer_at_once(ack: Any) -> None:
        await ack("At once")

    bot.app.action("stop")(answer)
    bot.app.command("/ask")(answer_at_once)
    bot.app.shortcut("ask_docs")(answer)
    button = {"type": "button", "action_id": "stop", "text": {"type": "plain_text", "text": "Stop"}}
    blocks = [{"type": "actions", "elements": [button]}]
    posted = await client.chat_postMessage(channel=slack.general, text="Stop?", blocks=blocks)
    assert (await slack.press(slack.general, posted["ts"], "stop")).acknowledged
    assert (await slack.command("/ask", "why?")).acknowledged
    assert (await slack.shortcut("ask_docs", slack.general, posted["ts"])).acknowledged
    await slack.until(lambda: len(slack.whispers(ALICE)) == 3)
    assert sorted(whisper.shown for whisper in slack.whispers()) == ["At once", "Seen", "Seen"]


async def test_a_response_address_is_good_for_five_uses(slack: SlackWorkspace, bot: Bot) -> None:
    addresses: list[str] = []

    async def keep(ack: Any, command: dict[str, str]) -> None:
        addresses.append(command["response_url"])
        await ack()

    bot.app.command("/ask")(keep)
    await slack.command("/ask")
    hook = AsyncWebhookClient(addresses[0])
    statuses = [(await hook.send(text=str(number))).status_code for number in range(6)]
    assert statuses == [200] * 5 + [404]
    assert [whisper.shown for whisper in slack.whispers()] == ["0", "1", "2", "3", "4"]


async def test_two_connections_share_the_events(
    slack: SlackWorkspace, bot: Bot, client: AsyncWebClient
) -> None:
    other = Bot(slack, client)
    await other.handler.connect_async()  # type: ignore[no-untyped-call] # Bolt's
    await slack.connected(2)
    for number in range(20):
        await slack.dm(str(number))
    await slack.until(lambda: len(bot.events) + len(other.events) == 20)
    await other.handler.close_async()  # type: ignore[no-untyped-call] # Bolt's
    heard = [event["text"] for event in [*bot.events, *other.events]]
    assert sorted(heard, key=int) == [str(number) for number in range(20)]
    assert bot.events
    assert other.events


async def test_it_runs_in_a_process_of_its_own_and_is_played_over_http() -> None:
    command = (sys.executable, "-m", "tests.support.slack_server", "--port", "0")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    described = json.loads(await process.stdout.readline())
    client = AsyncWebClient(described["bot_token"], base_url=described["api_url"])
    async with aiohttp.ClientSession(described["url"]) as admin:
        mention = {"channel": described["general"], "text": "hello?"}
        async with admin.post("/admin/mention", json=mention) as played:
            ts = await played.json()
        await client.chat_postMessage(channel=described["general"], thread_ts=ts, text="Hi")
        async with admin.get("/admin/state") as shown:
            state = await shown.json()
    process.kill()
    await process.wait()
    assert [message["text"] for message in state["messages"]][-1] == "Hi"
    assert [call["method"] for call in state["calls"]] == ["chat.postMessage"]
