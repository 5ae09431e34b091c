"""A stand-in Discord on a loopback socket: a server whose people a test plays.

`open_discord()` gives a `DiscordGuild`, which a client reaches at `api_url` and `gateway_url`;
see `discord_client` for how `discord.py` is pointed there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.support import discord_events as events
from tests.support import discord_people as people
from tests.support.dated import dated
from tests.support.discord_gateway import PRIVILEGED, Gateway
from tests.support.discord_interactions import (
    PATIENCE,
    Interaction,
    Interactions,
    chosen,
)
from tests.support.discord_messages import Call, change, remove
from tests.support.discord_permissions import EVERYBODY, PERMISSIONS, bits
from tests.support.discord_rest import TOKEN, RestApi
from tests.support.discord_state import Channel, Discord, Guild, Json, Kind, Message, User
from tests.support.looking import until

ALICE, BOB, ADMIN = "1000000000000000001", "1000000000000000002", "1000000000000000003"
GUILD = "1000000000000000010"
_COMMAND, _COMPONENT, _FORM = 2, 3, 5


class DiscordGuild:
    """A server with Alice, Bob, an administrator, `#general` and a forum, which the bot is in.

    `discord` is its state, `gateway` the websocket's end, `rest` the REST API; `faults` is what
    goes wrong there, `rates` what it limits. Ids are snowflakes as text everywhere.
    """

    token = TOKEN

    def __init__(self) -> None:
        self.discord = Discord(enabled=PRIVILEGED)
        self.gateway = Gateway(self.discord, TOKEN)
        self.discord.emit = self.gateway.emit
        self._interactions = Interactions(self.discord)
        self.rest = RestApi(self.discord, self.gateway, self._interactions)
        self.faults, self.rates = self.rest.faults, self.rest.rates
        self.url = ""
        for user, name in ((ALICE, "alice"), (BOB, "bob"), (ADMIN, "admin")):
            self.discord.users[user] = User(user, name)
        self.add_guild(GUILD, "Stand-in")
        self.general = self.add_channel("general")
        self.forum = self.add_channel("help", kind=Kind.FORUM)

    @property
    def api_url(self) -> str:
        """The base address of the REST API, without a slash at its end."""
        return f"{self.url}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/gateway/"

    @property
    def bot(self) -> str:
        """The bot's user id."""
        return self.discord.bot

    @property
    def calls(self) -> list[Call]:
        """Every REST request, in order."""
        return self.rest.calls

    @property
    def interactions(self) -> list[Interaction]:
        return self._interactions.all

    def called(self, operation: str) -> list[Call]:
        """The requests of one operation, by its name in Discord's API: `create_message`, …"""
        return [call for call in self.calls if call.operation == operation]

    def add_user(self, user: str, name: str, *, guild: str | None = GUILD) -> str:
        self.discord.users[user] = User(user, name)
        if guild is not None:
            self.discord.guilds[guild].members[user] = []
        return user

    def add_guild(self, guild: str, name: str) -> str:
        """A server with everyone in it, whose administrator has a role that manages it."""
        members: dict[str, list[str]] = {user: [] for user in self.discord.users}
        made = Guild(guild, name, "1000000000000000099", members)
        staff = str(int(guild) + 1)
        made.roles = {
            guild: ("@everyone", EVERYBODY),
            staff: ("staff", PERMISSIONS["MANAGE_GUILD"]),
        }
        made.members[ADMIN] = [staff]
        self.discord.guilds[guild] = made
        self.discord.emit(
            "GUILD_CREATE", events.guild_created(self.discord, made, with_members=True)
        )
        return guild

    def add_channel(self, name: str, *, kind: Kind = Kind.TEXT, guild: str = GUILD) -> str:
        made = Channel(self.discord.old_id(), name, kind, guild)
        self.discord.channels[made.id] = made
        self.discord.emit("CHANNEL_CREATE", events.channel(self.discord, made))
        return made.id

    def deny(self, channel: str, *permissions: str) -> None:
        """What the bot may not do in a channel and its threads; all else, it may."""
        bits(permissions)
        place = self.discord.channels[channel]
        place.denied = set(permissions)
        self.discord.emit("CHANNEL_UPDATE", events.channel(self.discord, place))

    def advance(self, seconds: float) -> None:
        """Sets the clock of Discord forward, or back before anything was said."""
        self.discord.ahead += seconds
        self.discord.touch()

    def direct(self, user: str = ALICE) -> str:
        """The channel of the direct messages between a person and the bot."""
        return self.discord.direct(user).id

    def open_direct(self, user: str) -> str:
        """The same, which the person opens now."""
        return self.discord.open_direct(user, self.discord.new_id()).id

    def upload(self, name: str, content: bytes, mimetype: str = "text/plain") -> Json:
        """A file to attach to a message."""
        made = self.discord.new_id()
        self.discord.files[made] = (mimetype, content)
        url = f"{self.url}/attachments/{made}/{name}"
        what = {"id": made, "filename": name, "size": len(content), "content_type": mimetype}
        return what | {"url": url, "proxy_url": url}

    async def say(self, channel: str, text: str, *, user: str = ALICE, **how: Any) -> str:
        """A person's message in a channel, a thread or a direct conversation; its id.

        `reply_to` is the message that it replies to, whose author is notified unless `ping` is
        false; `files` are attachments from `upload`.
        """
        await asyncio.sleep(0)  # many people at once do not hold up who answers them
        return people.say(self.discord, channel, text, user=user, **how).id

    async def mention(self, channel: str, text: str, **how: Any) -> str:
        """`@Docent text`; takes what `say` takes."""
        return await self.say(channel, f"<@{self.bot}> {text}", **how)

    async def dm(self, user: str, text: str, **how: Any) -> str:
        """A direct message to the bot, in `direct(user)`."""
        return await self.say(self.direct(user), text, user=user, **how)

    async def post(self, title: str, text: str, *, user: str = ALICE, forum: str = "") -> str:
        """A post in a forum: the id of its thread, which is its first message's too."""
        return people.post(self.discord, forum or self.forum, title, text, user=user).id

    async def edit(self, message_id: str, text: str) -> None:
        """A person changes what they wrote."""
        people.edit(self.discord, self.discord.message(message_id), text)

    async def unfurl(self, message_id: str) -> None:
        """Discord shows a link's preview: a change that nobody made, with the same text."""
        message = self.discord.message(message_id)
        message.embeds = [{"type": "link", "url": "https://example.org", "title": "A page"}]
        change(self.discord, message)

    async def delete(self, *message_ids: str) -> None:
        """A message is deleted; several of one channel are in bulk, by a moderator."""
        remove(self.discord, [self.discord.message(each) for each in message_ids])

    async def archive(self, thread: str, *, locked: bool = False) -> None:
        """A thread goes into the archive; a moderator may lock it too."""
        place = self.discord.channels[thread]
        place.archived, place.locked = True, locked
        self.discord.emit("THREAD_UPDATE", events.channel(self.discord, place))

    async def press(
        self,
        message_id: str,
        custom_id: str,
        user: str = ALICE,
        *,
        values: Sequence[str] = (),
        seconds: float = PATIENCE,
    ) -> Interaction:
        """A button, or a menu with the `values` chosen; returns with the first response to it."""
        source = self.discord.message(message_id)
        assert source.viewer in {None, user}, "only one person sees this message"
        data = people.pressed(source, custom_id, values)
        return await self._start(_COMPONENT, user, source.channel, data, seconds, source=source)

    async def command(
        self,
        name: str,
        options: Mapping[str, object] | None = None,
        user: str = ALICE,
        channel: str | None = None,
        *,
        overridden: bool = False,
        seconds: float = PATIENCE,
    ) -> Interaction:
        """A slash command that is registered, in `#general` or another channel or `direct(user)`.

        `overridden` is for a server whose settings let everyone use it, whatever it asks for.
        """
        place = self.discord.channels[channel or self.general]
        found = chosen(self.discord, name, place.guild, people.SLASH)
        allowed = overridden or people.may_use(self.discord, place, found, user)
        assert allowed, f"Discord does not offer /{name} to this person"
        data = people.commanded(self.discord, place, found, options or {})
        return await self._start(_COMMAND, user, place.id, data, seconds)

    async def context_menu(
        self, name: str, message_id: str, user: str = ALICE, *, seconds: float = PATIENCE
    ) -> Interaction:
        """A command from the menu of a message."""
        message = self.discord.message(message_id)
        place = self.discord.channels[message.channel]
        found = chosen(self.discord, name, place.guild, people.ON_MESSAGE)
        data = people.chosen_on(self.discord, place, found, message)
        return await self._start(_COMMAND, user, place.id, data, seconds)

    async def submit(
        self, opened: Interaction, values: Mapping[str, str], *, seconds: float = PATIENCE
    ) -> Interaction:
        """The form that an interaction opened, with what was written in its fields."""
        data = people.filled(opened.callback, values)
        more = {} if opened.source is None else {"source": opened.source}
        return await self._start(_FORM, opened.user, opened.channel, data, seconds, **more)

    def messages(self, channel: str) -> list[Message]:
        """What everyone sees in a channel, a thread or a direct conversation, oldest first."""
        return self.discord.in_channel(channel)

    def answers(self, channel: str) -> list[Message]:
        """The bot's own messages there; not those by which Discord tells of a thread."""
        found = self.messages(channel)
        return [m for m in found if m.author == self.bot and m.type in {0, 19, 20, 23}]

    def whispers(self, user: str = ALICE) -> list[Message]:
        """What only this person was shown and still sees."""
        found = self.discord.messages.values()
        return [m for m in found if m.viewer == user and not m.deleted]

    async def until(self, met: Callable[[], object], seconds: float = 30.0) -> None:
        """Returns once `met` is true of the state; looks again whenever that changes."""
        await until(
            met, self.discord.waiting, lambda: [call.operation for call in self.calls], seconds
        )

    async def answered(
        self, channel: str, *, count: int = 1, seconds: float = 30.0
    ) -> list[Message]:
        """Waits for `count` messages of the bot in a channel, or in a thread by its id."""
        await self.until(lambda: len(self.answers(channel)) >= count, seconds)
        return self.answers(channel)

    async def connected(self, seconds: float = 30.0) -> None:
        """Waits for a session that is connected."""
        await self.until(lambda: self.gateway.live, seconds)

    def drop_gateway(self) -> None:
        """Breaks every connection without a word; what comes meanwhile is sent on a resume."""
        self.gateway.drop()

    async def _start(
        self, kind: int, user: str, channel: str, data: Json, seconds: float, **more: Message
    ) -> Interaction:
        place = self.discord.channels[channel]
        made = self._interactions.start(kind, user, place, data, **more)
        return await self._interactions.responded(made, seconds)


@asynccontextmanager
async def open_discord(port: int = 0) -> AsyncIterator[DiscordGuild]:
    """A Discord that listens on the loopback.

    At the end no request may have been made that Discord's own description of its API refuses.
    """
    server = DiscordGuild()
    server.rest.schemas.prepare()
    app = web.Application(client_max_size=2**24)
    app.on_response_prepare.append(dated(server.discord.now))
    app.add_routes([*server.gateway.routes(), *server.rest.routes()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    host, bound = runner.addresses[0][:2]
    server.url = f"http://{host}:{bound}"
    server.gateway.url = server.gateway_url
    try:
        yield server
        assert not server.rest.violations, "\n".join(server.rest.violations)
    finally:
        server.drop_gateway()
        await runner.cleanup()
