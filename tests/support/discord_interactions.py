"""Interactions of the stand-in Discord: presses, commands, their tokens and their responses."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import uuid4

from tests.support import discord_events as events
from tests.support.discord_messages import Call, add, apply, change, edit, ours
from tests.support.discord_permissions import allowed
from tests.support.discord_state import Channel, Discord, Flag, Json, Message, Refused

FIRST_SECONDS, TOKEN_SECONDS = 3.0, 15 * 60.0

PATIENCE = 30.0
"""Seconds on the wall for a first response: a busy machine takes some of them away."""


class Response(IntEnum):
    """Discord's types of a first response."""

    MESSAGE = 4
    DEFERRED = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


@dataclass
class Interaction:
    """What a person did, and what came of it.

    `original` is the message that `@original` names, `followups` are those after it. A `response`
    of None is a failed interaction.
    """

    id: str
    token: str
    kind: int
    user: str
    channel: str
    at: float
    data: Json
    source: Message | None = None
    response: Response | None = None
    callback: Json = field(default_factory=dict)
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    began: float = 0.0
    responded: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def messages(self) -> list[Message]:
        """What it was answered with and still stands, in order."""
        own = [] if self.original is self.source else [self.original]
        return [m for m in (*own, *self.followups) if m is not None and not m.deleted]

    @property
    def shown(self) -> str:
        """What a reader sees of its answers; nothing while the bot only thinks."""
        return "\n".join(message.shown for message in self.messages if not message.loading)


@dataclass
class Interactions:
    """Those that there were, in order, and the requests that answer them."""

    discord: Discord
    all: list[Interaction] = field(default_factory=list)

    def start(
        self, kind: int, user: str, place: Channel, data: Json, **more: Message
    ) -> Interaction:
        """Raises the event of a press, a command or a form."""
        discord = self.discord
        made = Interaction(discord.new_id(), uuid4().hex, kind, user, place.id, discord.now(), data)
        made.source, made.began = more.get("source"), self._work()
        self.all.append(made)
        discord.emit("INTERACTION_CREATE", self._described(made, place))
        return made

    async def responded(self, interaction: Interaction, seconds: float) -> Interaction:
        """Waits for the first response, for so long at most."""
        try:
            async with asyncio.timeout(seconds):
                await interaction.responded.wait()
        except TimeoutError:
            pass
        return interaction

    def _work(self) -> float:
        """Seconds that this process worked, and that the clock was set forward.

        What other programs do meanwhile is no fault of the bot's.
        """
        return time.process_time() + self.discord.ahead

    def create_interaction_response(self, discord: Discord, call: Call) -> Json | None:
        found = next((i for i in self.all if i.id == call.parts["interaction_id"]), None)
        if found is None or found.token != call.parts["interaction_token"]:
            raise Refused(10062)
        if found.response is not None:
            raise Refused(40060)
        if self._work() - found.began > FIRST_SECONDS:
            raise Refused(10062)
        body = call.body.get("data") or {}
        self._first(found, Response(call.body["type"]), body)
        found.response, found.callback = Response(call.body["type"]), body
        found.responded.set()
        discord.touch()
        return self._callback(found) if call.query.get("with_response") in {"1", "true"} else None

    def execute_webhook(self, discord: Discord, call: Call) -> Json:
        """A further message; the first one after a deferral takes its place instead."""
        found = self._live(call)
        original = found.original
        if original is not None and original.loading:
            edit(discord, original, call.body)
            return events.message(discord, original)
        found.followups.append(self._posted(found, call.body))
        return events.message(discord, found.followups[-1])

    def get_webhook_message(self, discord: Discord, call: Call) -> Json:
        return events.message(discord, self._named(call))

    def update_webhook_message(self, discord: Discord, call: Call) -> Json:
        message = self._named(call)
        edit(discord, message, call.body)
        return events.message(discord, message)

    def delete_webhook_message(self, discord: Discord, call: Call) -> None:
        message = self._named(call)
        message.deleted = True
        if not message.viewer:
            discord.emit(*events.removed(discord, [message]))
        discord.touch()

    def _first(self, found: Interaction, response: Response, body: Json) -> None:
        if response is Response.MESSAGE:
            found.original = self._posted(found, body)
        elif response is Response.DEFERRED:
            found.original = self._thinking(found, body)
        elif response is Response.DEFERRED_UPDATE:
            found.original = found.source
        elif response is Response.UPDATE and found.source is not None:
            found.original = found.source
            apply(self.discord, found.source, body)
            change(self.discord, found.source)

    def _posted(self, found: Interaction, body: Json) -> Message:
        flags = body.get("flags") or 0
        viewer = found.user if flags & Flag.EPHEMERAL else None
        place = self.discord.channel(found.channel)
        message = ours(self.discord, place, body, viewer=viewer, interaction=found.id)
        message.type = _type(found)
        return add(self.discord, message)

    def _thinking(self, found: Interaction, body: Json) -> Message:
        hidden = (body.get("flags") or 0) & Flag.EPHEMERAL
        viewer = found.user if hidden else None
        now, flags = self.discord.now(), Flag.LOADING | hidden
        message = Message(self.discord.new_id(), found.channel, self.discord.bot, now, flags=flags)
        message.viewer, message.interaction, message.type = viewer, found.id, _type(found)
        return add(self.discord, message)

    def _live(self, call: Call) -> Interaction:
        """The interaction of a token that was answered and has not expired."""
        found = next((i for i in self.all if i.token == call.parts["webhook_token"]), None)
        if found is None or found.response is None:
            raise Refused(10015)
        if self.discord.now() - found.at > TOKEN_SECONDS:
            raise Refused(50027)
        return found

    def _named(self, call: Call) -> Message:
        found, name = self._live(call), call.parts.get("message_id", "@original")
        own = {message.id: message for message in (found.original, *found.followups) if message}
        message = found.original if name == "@original" else own.get(name)
        if message is None or message.deleted:
            raise Refused(10008)
        return message

    def _callback(self, found: Interaction) -> Json:
        described: Json = {"id": found.id, "type": found.kind, "channel_id": found.channel}
        message = found.original
        if message is None:
            return {"interaction": described}
        described |= {
            "response_message_id": message.id,
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.viewer is not None,
        }
        resource = {"type": found.response, "message": events.message(self.discord, message)}
        return {"interaction": described, "resource": resource}

    def _described(self, made: Interaction, place: Channel) -> Json:
        """The data of `INTERACTION_CREATE`."""
        discord = self.discord
        person = events.user(discord.users[made.user])
        shown: Json = {
            "id": made.id,
            "application_id": discord.application,
            "type": made.kind,
            "token": made.token,
            "version": 1,
            "data": made.data,
            "channel_id": place.id,
            "channel": events.channel(discord, place),
            "locale": "en-GB",
            "entitlements": [],
            "authorizing_integration_owners": {"0": place.guild or "0"},
            "context": 0 if place.guild else 1,
            "attachment_size_limit": 10_485_760,
            "app_permissions": str(allowed(discord, place, discord.bot)),
        }
        if made.source is not None:
            shown["message"] = events.message(discord, made.source)
        if place.guild is None:
            return shown | {"user": person}
        guild = discord.guilds[place.guild]
        member = events.whole_member(discord, guild, made.user)
        member["permissions"] = str(allowed(discord, place, made.user))
        where = {"id": guild.id, "locale": "en-US", "features": []}
        more = {"guild_id": guild.id, "guild": where, "guild_locale": "en-US", "member": member}
        return shown | more


def _type(found: Interaction) -> int:
    """The type of the message that answers it: of a command, of a menu's command, plain."""
    return {1: 20, 3: 23}.get(found.data.get("type", 0), 0)


def set_commands(discord: Discord, call: Call) -> list[Json]:
    """Replaces all commands, everywhere or of one server; one of the same name keeps its id."""
    guild = call.parts.get("guild_id")
    before = {(c["type"], c["name"]): c["id"] for c in discord.commands.get(guild, [])}
    discord.commands[guild] = [_registered(discord, guild, each, before) for each in call.body]
    discord.touch()
    return discord.commands[guild]


def list_commands(discord: Discord, call: Call) -> list[Json]:
    return discord.commands.get(call.parts.get("guild_id"), [])


def _registered(
    discord: Discord, guild: str | None, command: Json, before: dict[tuple[int, str], str]
) -> Json:
    kind = command.get("type") or 1
    known = before.get((kind, command["name"]))
    where = {"guild_id": guild} if guild else {}
    own: Json = {
        "id": known or discord.new_id(),
        "application_id": discord.application,
        "version": discord.new_id(),
        "type": kind,
        "description": "",
    }
    needed = command.get("default_member_permissions")
    told = {"default_member_permissions": None if needed is None else str(needed)}
    return own | command | {"type": kind} | told | where


def chosen(discord: Discord, name: str, guild: str | None, kind: int) -> Json:
    """The command as a person finds it: in a server its own ones first."""
    registered = [
        *(discord.commands.get(guild, []) if guild else []),
        *discord.commands.get(None, []),
    ]
    context = 0 if guild else 1
    for command in registered:
        offered = context in (command.get("contexts") or (0, 1))
        if command["name"] == name and command["type"] == kind and offered:
            return command
    raise AssertionError(f"no command {name!r} among {[each['name'] for each in registered]}")
