"""A stand-in Slack on a loopback socket: a workspace whose people a test plays.

`python -m tests.support.slack_server --port 0` runs it in a process of its own; see
`slack_admin` for how to play it from outside.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from tests.support import slack_chat
from tests.support import slack_events as events
from tests.support.dated import dated
from tests.support.looking import until
from tests.support.slack_delivery import Courier, Delivery
from tests.support.slack_http import SIGNING_SECRET, SignedHttp
from tests.support.slack_schemas import misfits
from tests.support.slack_socket import SocketMode
from tests.support.slack_state import Channel, Ephemeral, Json, Message, Slack
from tests.support.slack_web import (
    APP_TOKEN,
    BOT_TOKEN,
    CONFIG_TOKEN,
    Call,
    ResponseAddress,
    WebApi,
)

ALICE, BOB, ADMIN = "U0ALICE", "U0BOB", "U0ADMIN"
_SUBSCRIPTIONS = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


class SlackWorkspace:
    """A workspace with Alice, Bob, an administrator and `#general`, which the bot is in.

    `slack` is its state, `faults` what goes wrong, `courier` how events are delivered and
    acknowledged, `socket` the Socket Mode connections. `subscribed` limits the events that are
    raised (`app_mention`, `message.channels`, …); None is all of them.
    """

    bot_token, app_token, config_token = BOT_TOKEN, APP_TOKEN, CONFIG_TOKEN
    signing_secret = SIGNING_SECRET

    def __init__(self) -> None:
        self.slack = Slack(emit=self.emit)
        self.web = WebApi(self.slack)
        self.socket = SocketMode(self.slack, self.web)
        self.courier = Courier(self.socket.send)
        self.faults = self.web.faults
        self.subscribed: frozenset[str] | None = None
        self.url = ""
        self._shuffle = random.Random(7)  # noqa: S311 - a test's
        for user, name in ((ALICE, "alice"), (BOB, "bob")):
            self.slack.add_user(user, name)
        self.slack.add_user(ADMIN, "admin", is_admin=True)
        self.general = self.add_channel("general")

    @property
    def api_url(self) -> str:
        """The base address for the Web API client, with the slash that it needs."""
        return f"{self.url}/api/"

    @property
    def calls(self) -> list[Call]:
        return self.web.calls

    @property
    def deliveries(self) -> list[Delivery]:
        return self.courier.deliveries

    def called(self, method: str) -> list[Json]:
        """The arguments of each call of a method, in order."""
        return [call.arguments for call in self.calls if call.method == method]

    def advance(self, seconds: float) -> None:
        """Sets the clock of Slack forward, or back before anything was said."""
        self.slack.ahead += seconds

    def use_http(self, url: str, client: aiohttp.ClientSession) -> SignedHttp:
        """Delivers signed to a request address from now on."""
        http = SignedHttp(url, client)
        self.courier.send = http.send
        return http

    def add_channel(
        self, name: str, *, kind: str = "channel", external: bool = False, bot: bool = True
    ) -> str:
        """A conversation with all people in it, and the bot unless told otherwise."""
        people = [user for user in self.slack.users if bot or user != self.slack.bot_user]
        channel = Channel(f"C0{name.upper().replace('-', '')}", name, kind, people, external)
        self.slack.channels[channel.id] = channel
        return channel.id

    def upload(self, name: str, content: bytes, mimetype: str = "text/plain") -> Json:
        """A file to attach to a message; its content is read with the bot's token."""
        described = events.file(self.url, name, len(content), mimetype)
        self.slack.files[described["id"]] = (described, content)
        return described

    async def post(
        self,
        channel: str,
        text: str,
        *,
        user: str = ALICE,
        thread_ts: str | None = None,
        files: Sequence[Json] = (),
    ) -> str:
        """A person's message. One that mentions the bot raises `app_mention` and `message`."""
        message = Message(channel, self.slack.new_ts(), user, text, thread_ts=thread_ts)
        message.files, message.subtype = list(files), "file_share" if files else None
        self.slack.add(message)
        raised = [events.posted(self.slack, message)]
        direct = self.slack.channels[channel].kind == "im"
        if f"<@{self.slack.bot_user}>" in text and not direct:
            raised.append(events.mentioned(self.slack, message))
            self._shuffle.shuffle(raised)
        for event in raised:
            self.emit(event)
        return message.ts

    async def mention(self, channel: str, text: str, **how: Any) -> str:
        """`@Docent text`; takes what `post` takes."""
        return await self.post(channel, f"<@{self.slack.bot_user}> {text}", **how)

    async def reply(self, channel: str, thread_ts: str, text: str, **how: Any) -> str:
        """A message in a thread, without a mention."""
        return await self.post(channel, text, thread_ts=thread_ts, **how)

    async def dm(self, text: str, *, user: str = ALICE, **how: Any) -> str:
        """A direct message to the bot, in `direct(user)`."""
        return await self.post(self.direct(user), text, user=user, **how)

    def direct(self, user: str = ALICE) -> str:
        return self.slack.direct(user).id

    async def edit(self, channel: str, ts: str, text: str) -> None:
        message = self.slack.message(channel, ts)
        before = events.presented(self.slack, message)
        message.text, message.edited_ts = text, self.slack.new_ts()
        message.edits += 1
        self._changed(message, before)

    async def unfurl(self, channel: str, ts: str) -> None:
        """Slack shows a link's preview: a change that nobody made, with the same text."""
        message = self.slack.message(channel, ts)
        before = events.presented(self.slack, message)
        message.attachments = [{"id": 1, "title": "A page", "from_url": "https://example.org"}]
        self._changed(message, before)

    async def delete(self, channel: str, ts: str) -> None:
        """A person deletes a message; one with replies leaves a tombstone, as in Slack."""
        slack_chat.remove(self.slack, self.slack.message(channel, ts))

    async def press(
        self, channel: str, ts: str, action_id: str, *, user: str = ALICE, value: str | None = None
    ) -> Delivery:
        """A button of a posted or ephemeral message; returns when acknowledged or given up.

        `value` chooses between buttons that share an action, such as the thumbs.
        """
        whispered = next((e for e in self.slack.ephemerals if e.ts == ts), None)
        original = whispered or self.slack.message(channel, ts)
        action = events.action(original.blocks, action_id, value)
        shown = events.whispered(whispered) if whispered else self._presented(channel, ts)
        payload = events.pressed(self.slack, shown, channel, user, action)
        address = ResponseAddress(channel, user, original.thread_ts, original)
        return await self._interact("interactive", payload, address)

    async def choose(self, ts: str, action_id: str, label: str, *, user: str = ALICE) -> Delivery:
        """An option of a menu in a message that only this person sees."""
        whispered = next(e for e in self.whispers(user) if e.ts == ts)
        action = events.chosen(whispered.blocks, action_id, label)
        channel, shown = whispered.channel, events.whispered(whispered)
        payload = events.pressed(self.slack, shown, channel, user, action)
        address = ResponseAddress(channel, user, whispered.thread_ts, whispered)
        return await self._interact("interactive", payload, address)

    async def submit(self, values: Json, *, user: str = ALICE) -> Delivery:
        """The form that was opened last, with what was written in its fields."""
        payload = events.submitted(self.slack, self.slack.views[-1]["view"], user, values)
        delivery = self.courier.start("interactive", payload)
        await delivery.ended.wait()
        return delivery

    async def press_home(self, action_id: str, value: str, *, user: str = ALICE) -> None:
        """A button of the home that was shown last."""
        view = self.slack.views[-1]["view"]
        action = events.action(view["blocks"], action_id, value)
        payload = events.pressed_on_home(self.slack, view, user, action)
        await self.courier.start("interactive", payload).ended.wait()

    async def command(
        self, name: str, text: str = "", *, channel: str | None = None, user: str = ALICE
    ) -> Delivery:
        """A slash command; what acknowledges it is shown to the person alone."""
        where = channel or self.general
        payload = events.command(self.slack, name, text, where, user)
        return await self._interact("slash_commands", payload, ResponseAddress(where, user))

    async def shortcut(
        self, callback_id: str, channel: str, ts: str, *, user: str = ALICE
    ) -> Delivery:
        """A message shortcut, chosen on a message."""
        message = self.slack.message(channel, ts)
        payload = events.shortcut(self.slack, message, user, callback_id)
        address = ResponseAddress(channel, user, message.thread_ts)
        return await self._interact("interactive", payload, address)

    async def open_home(self, user: str = ALICE, tab: str = "home") -> None:
        """A person opens the app: its home, or with `messages` the agent's conversation."""
        channel, ts = self.direct(user), self.slack.new_ts()
        event = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab}
        self.emit(event | {"event_ts": ts})

    def thread(self, channel: str, ts: str) -> list[Message]:
        """What a reader sees in a thread, its first message included, oldest first."""
        return self.slack.thread(channel, ts)

    def answers(self, channel: str, ts: str) -> list[Message]:
        """The bot's messages in a thread."""
        return [message for message in self.thread(channel, ts) if message.bot]

    def whispers(self, user: str = ALICE) -> list[Ephemeral]:
        """What only this person was shown."""
        return [ephemeral for ephemeral in self.slack.ephemerals if ephemeral.user == user]

    async def until(self, met: Callable[[], object], seconds: float = 30.0) -> None:
        """Returns once `met` is true of the state; looks again whenever that changes."""
        await until(met, self.slack.waiting, lambda: [call.method for call in self.calls], seconds)

    async def answered(
        self, channel: str, ts: str, *, count: int = 1, seconds: float = 30.0
    ) -> list[Message]:
        """Waits for `count` messages of the bot in a thread of which none streams any more."""

        def complete() -> bool:
            found = self.answers(channel, ts)
            return len(found) >= count and all(m.stream_ends is None for m in found)

        await self.until(complete, seconds)
        return self.answers(channel, ts)

    async def connected(self, connections: int = 1, seconds: float = 30.0) -> None:
        """Waits for that many Socket Mode connections."""
        await self.until(lambda: len(self.socket.connections) >= connections, seconds)

    async def settled(self) -> None:
        """Waits until each event was acknowledged or given up."""
        await self.courier.settled()

    def expire_streams(self) -> None:
        """Ends every open stream, as Slack does after some minutes."""
        for message in self.slack.messages.values():
            message.stream_idles = 0.0
        self.slack.touch()

    def emit(self, event: Json) -> None:
        """Delivers an event if the app is subscribed to it and in the conversation."""
        channel = self.slack.channels[event["channel"]]
        kind = event["type"]
        if kind == "message":
            kind = f"message.{_SUBSCRIPTIONS[channel.kind]}"
        wanted = self.subscribed is None or kind in self.subscribed
        if wanted and self.slack.bot_user in channel.members:
            self.courier.start("events_api", events.callback(self.slack, event))

    def _changed(self, message: Message, before: Json) -> None:
        self.slack.touch()
        self.emit(events.changed(self.slack, message, before))

    def _presented(self, channel: str, ts: str) -> Json:
        return events.presented(self.slack, self.slack.message(channel, ts))

    async def _interact(self, kind: str, payload: Json, address: ResponseAddress) -> Delivery:
        payload["response_url"] = self.web.response_url(address)
        delivery = self.courier.start(kind, payload)
        await delivery.ended.wait()
        reply = {"text": delivery.reply} if isinstance(delivery.reply, str) else delivery.reply
        if reply and kind == "slash_commands":
            self.web.respond(address, reply, "acknowledgement")
        return delivery


@asynccontextmanager
async def open_workspace(
    port: int = 0, routes: Callable[[SlackWorkspace], Sequence[web.RouteDef]] = lambda _: ()
) -> AsyncIterator[SlackWorkspace]:
    """A workspace that listens on the loopback; `routes` adds others beside Slack's own.

    At the end each call that was made is held against Slack's own types of it.
    """
    workspace = SlackWorkspace()
    app = web.Application(client_max_size=2**24)
    app.on_response_prepare.append(dated(workspace.slack.now))
    app.add_routes([*workspace.web.routes(), *workspace.socket.routes(), *routes(workspace)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    host, bound = runner.addresses[0][:2]
    workspace.url = workspace.web.url = f"http://{host}:{bound}"
    try:
        yield workspace
        found = misfits(workspace.calls)
        assert not found, "\n".join(found)
    finally:
        await workspace.courier.stop()
        await workspace.socket.close()
        await runner.cleanup()


if __name__ == "__main__":
    from tests.support.slack_admin import main

    main()
