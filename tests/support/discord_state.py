"""What a stand-in Discord remembers: people, guilds, channels, messages, commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

Json = dict[str, Any]
EPOCH = 1_420_070_400.0


class Kind(IntEnum):
    """Discord's types of channels."""

    TEXT = 0
    DM = 1
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15


class Flag(IntFlag):
    """Discord's flags of messages."""

    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    COMPONENTS_V2 = 1 << 15


class Refused(Exception):
    """The request fails with Discord's JSON error code."""

    def __init__(self, code: int, message: str = "", errors: Json | None = None) -> None:
        status, usual = ERRORS[code]
        super().__init__(f"{code} {message or usual}")
        self.status, self.code = status, code
        self.body: Json = {"message": message or usual, "code": code}
        if errors:
            self.body["errors"] = errors


ERRORS = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "This thread is locked"),
}
"""The HTTP status and the message of each error code (docs.discord.com, JSON error codes)."""


def invalid(where: str, code: str, message: str) -> Refused:
    """An `Invalid Form Body` that names the field, as Discord does."""
    return Refused(50035, errors={where: {"_errors": [{"code": code, "message": message}]}})


@dataclass
class User:
    """A person or the bot. With `closed` direct messages, the bot cannot write to them."""

    id: str
    name: str
    bot: bool = False
    closed: bool = False


@dataclass
class Message:
    """One message. `versions` are the texts that it had, the present one last.

    `viewer` is the only person who sees an ephemeral one. `body` is the request that made it,
    as it came; `pinged` are the people, roles and `everyone` that it notified.
    """

    id: str
    channel: str
    author: str
    at: float
    content: str = ""
    type: int = 0
    flags: int = 0
    nonce: str | int | None = None
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    reference: Json | None = None
    mentions: list[str] = field(default_factory=list)
    pinged: set[str] = field(default_factory=set)
    body: Json = field(default_factory=dict)
    versions: list[str] = field(default_factory=list)
    edited_at: float | None = None
    viewer: str | None = None
    interaction: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    deleted: bool = False

    @property
    def edits(self) -> int:
        return max(0, len(self.versions) - 1)

    @property
    def loading(self) -> bool:
        """Whether it says that the bot is thinking."""
        return bool(self.flags & Flag.LOADING)

    @property
    def shown(self) -> str:
        """What a reader sees: content, embeds and the texts of its components."""
        embedded = [e.get(key) for e in self.embeds for key in ("title", "description")]
        parts = [self.content, *embedded, *(c.get("content") for c in walk(self.components))]
        return "\n".join(part for part in parts if part)

    @property
    def buttons(self) -> dict[str, str]:
        """The label of each button that can be pressed, by its `custom_id`."""
        return {
            each["custom_id"]: each.get("label") or (each.get("emoji") or {}).get("name") or ""
            for each in walk(self.components)
            if each.get("type") == 2 and "custom_id" in each and not each.get("disabled")
        }


@dataclass
class Channel:
    """A channel, a thread or a direct conversation. `denied` is what the bot may not do there."""

    id: str
    name: str
    kind: Kind = Kind.TEXT
    guild: str | None = None
    recipient: str | None = None
    parent: str | None = None
    owner: str | None = None
    denied: set[str] = field(default_factory=set)
    created: float = 0.0
    archived: bool = False
    locked: bool = False
    archive_minutes: int = 1440
    last_message: str | None = None

    @property
    def thread(self) -> bool:
        return self.kind in {Kind.THREAD, Kind.PRIVATE_THREAD, Kind.ANNOUNCEMENT_THREAD}


@dataclass
class Guild:
    """A server. `members` has the ids of each member's roles, `roles` their permissions.

    `own_role` is the one that Discord made for the bot.
    """

    id: str
    name: str
    owner: str
    members: dict[str, list[str]] = field(default_factory=dict)
    roles: dict[str, tuple[str, int]] = field(default_factory=dict)
    own_role: str | None = None


@dataclass
class Discord:
    """The state of all that one application sees; `emit` takes each event that it raises.

    `enabled` are the privileged intents that the developer portal allows it. `ahead` is how far
    the clock is set forward, in seconds.
    """

    emit: Callable[[str, Json], None] = lambda name, data: None  # noqa: ARG005 - nobody listens
    application: str = "1100000000000000001"
    bot: str = "1100000000000000002"
    enabled: int = 0
    ahead: float = 0.0
    users: dict[str, User] = field(default_factory=dict)
    guilds: dict[str, Guild] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    commands: dict[str | None, list[Json]] = field(default_factory=dict)
    typing: list[str] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    waiting: set[asyncio.Event] = field(default_factory=set)
    _last: int = 0
    _fixed: int = 1_200_000_000_000_000_000

    def __post_init__(self) -> None:
        self.users[self.bot] = User(self.bot, "docent", bot=True)

    def now(self) -> float:
        return time.time() + self.ahead

    def new_id(self) -> str:
        """A snowflake of the clock's time, later than each before it."""
        self._last = max(self._last + 1, int((self.now() - EPOCH) * 1000) << 22)
        return str(self._last)

    def old_id(self) -> str:
        """A snowflake of something that has been there for years."""
        self._fixed += 1 << 22
        return str(self._fixed)

    def channel(self, channel: str) -> Channel:
        found = self.channels.get(channel)
        if found is None:
            raise Refused(10003)
        return found

    def direct(self, user: str) -> Channel:
        """The direct conversation of the bot and a person, opened long ago."""
        for each in self.channels.values():
            if each.recipient == user:
                return each
        return self.open_direct(user, self.old_id())

    def open_direct(self, user: str, channel: str) -> Channel:
        """Their first one, of that id."""
        made = Channel(channel, user, Kind.DM, recipient=user)
        self.channels[made.id] = made
        return made

    def message(self, message: str, channel: str | None = None) -> Message:
        """The message as it is; one that was deleted is not found, nor one from elsewhere."""
        found = self.messages.get(message)
        if found is None or found.deleted or channel not in {None, found.channel}:
            raise Refused(10008)
        return found

    def in_channel(self, channel: str) -> list[Message]:
        """The messages that all can see there, oldest first."""
        found = (m for m in self.messages.values() if m.channel == channel)
        return sorted((m for m in found if not m.deleted and not m.viewer), key=lambda m: int(m.id))

    def threads(self, guild: str) -> list[Channel]:
        return [c for c in self.channels.values() if c.guild == guild and c.thread]

    def touch(self) -> None:
        """Wakes whoever waits for the state to change."""
        for waiter in self.waiting:
            waiter.set()


def walk(components: Iterable[Json]) -> Iterator[Json]:
    """Each component, those within others too, in the order of the screen."""
    for component in components:
        yield component
        yield from walk(component.get("components") or ())
        if accessory := component.get("accessory"):
            yield accessory
