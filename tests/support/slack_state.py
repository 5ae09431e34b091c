"""What a stand-in Slack workspace remembers: people, conversations, messages, views."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

Json = dict[str, Any]


class Refused(Exception):
    """The call fails with Slack's error code, as `{"ok": false, "error": …}`."""

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.body: Json = {"ok": False, "error": error, **details}


@dataclass
class Message:
    """One message. `edits` counts the changes of a finished text, not a stream's appends."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    bot: bool = False
    edited_ts: str | None = None
    edits: int = 0
    deleted: bool = False
    subtype: str | None = None
    metadata: Json | None = None
    files: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    streamed: str | None = None
    stream_ends: float | None = None
    stream_idles: float = 0.0

    @property
    def streaming(self) -> bool:
        """Whether its stream is open: neither stopped nor expired."""
        if self.stream_ends is None:
            return False
        return time.monotonic() < min(self.stream_ends, self.stream_idles)

    @property
    def shown(self) -> str:
        """What a reader sees: the blocks' text where there are blocks, which hide the `text`."""
        parts = [self.streamed] if self.streamed else []
        parts += list(_block_texts(self.blocks))
        return "\n".join(parts) if parts else self.text


@dataclass
class Ephemeral:
    """A message that only one person sees; `source` is the method or the response address."""

    channel: str
    user: str
    text: str
    blocks: list[Json]
    ts: str
    thread_ts: str | None = None
    source: str = "chat.postEphemeral"

    @property
    def shown(self) -> str:
        return "\n".join(_block_texts(self.blocks)) or self.text


@dataclass
class Channel:
    """A conversation. `kind` is Slack's `channel_type`: channel, group, im or mpim."""

    id: str
    name: str
    kind: str = "channel"
    members: list[str] = field(default_factory=list)
    external: bool = False
    archived: bool = False


@dataclass
class Slack:
    """The whole state of one workspace with one app; `emit` takes each event that it raises.

    `ahead` is how far its clock is set forward, in seconds.
    """

    emit: Callable[[Json], None] = lambda event: None  # noqa: ARG005 - nobody listens yet
    team: str = "T0STANDIN"
    bot_user: str = "U0DOCENT"
    bot_id: str = "B0DOCENT"
    app_id: str = "A0DOCENT"
    can_stream: bool = True
    stream_refusal: str = "channel_type_not_supported"
    stream_seconds: float = 300.0
    stream_idle_seconds: float = 30.0
    channels: dict[str, Channel] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    ephemerals: list[Ephemeral] = field(default_factory=list)
    views: list[Json] = field(default_factory=list)
    statuses: list[Json] = field(default_factory=list)
    titles: dict[tuple[str, str | None], str] = field(default_factory=dict)
    prompts: list[Json] = field(default_factory=list)
    files: dict[str, tuple[Json, bytes]] = field(default_factory=dict)
    waiting: set[asyncio.Event] = field(default_factory=set)
    ahead: float = 0.0
    _last: int = 0

    def __post_init__(self) -> None:
        self.add_user(self.bot_user, "docent", is_bot=True)

    def now(self) -> float:
        return time.time() + self.ahead

    def new_ts(self) -> str:
        """A timestamp of Slack's form, later than each before it."""
        self._last = max(self._last + 1, int(self.now() * 10**6))
        return f"{self._last // 10**6}.{self._last % 10**6:06d}"

    def add_user(self, user: str, name: str, **attributes: Any) -> None:
        plain = {"is_bot": False, "is_admin": False, "is_owner": False, "deleted": False}
        profile = {"display_name": name, "real_name": name.title(), "team": self.team}
        self.users[user] = {
            "id": user,
            "team_id": self.team,
            "name": name,
            "real_name": name.title(),
            "tz": "Europe/London",
            "profile": profile,
            **plain,
            **attributes,
        }

    def channel(self, channel: str) -> Channel:
        if channel not in self.channels:
            raise Refused("channel_not_found")
        return self.channels[channel]

    def direct(self, user: str) -> Channel:
        """The direct conversation of the app and a person, opened on first use."""
        name = "D" + user[1:]
        return self.channels.setdefault(name, Channel(name, user, "im", [user, self.bot_user]))

    def message(self, channel: str, ts: str, error: str = "message_not_found") -> Message:
        """The message as it is; one that was deleted is not found."""
        found = self.messages.get((channel, ts))
        if found is None or found.deleted:
            raise Refused(error)
        return found

    def add(self, message: Message) -> Message:
        self.messages[message.channel, message.ts] = message
        self.touch()
        return message

    def in_channel(self, channel: str) -> list[Message]:
        """Every message that can be seen there, oldest first, replies too."""
        found = (m for (place, _), m in self.messages.items() if place == channel)
        return sorted((m for m in found if not m.deleted), key=lambda m: order(m.ts))

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The parent and its replies, oldest first."""
        return [m for m in self.in_channel(channel) if ts in {m.ts, m.thread_ts}]

    def replies(self, message: Message) -> list[Message]:
        return [m for m in self.thread(message.channel, message.ts) if m.ts != message.ts]

    def touch(self) -> None:
        """Wakes whoever waits for the state to change."""
        for waiter in self.waiting:
            waiter.set()


def order(ts: str) -> tuple[int, int]:
    """Sorts timestamps by their time; as text, a longer second would come first."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds), int(fraction.ljust(6, "0") or 0)


def identifier(prefix: str) -> str:
    """An id of Slack's form that nothing else has."""
    return prefix + uuid4().hex[:10].upper()


def _block_texts(blocks: Iterable[Json]) -> Iterable[str]:
    for block in blocks:
        if block.get("type") == "table":
            yield from (" | ".join(_cell(cell) for cell in row) for row in block["rows"])
            continue
        text = block.get("text")
        if text is not None:
            yield text if isinstance(text, str) else text["text"]
        if block.get("type") in {"context", "rich_text"}:
            yield from (_cell(element) for element in block["elements"])


def _cell(cell: Json) -> str:
    if "elements" in cell:
        return "".join(_cell(element) for element in cell["elements"])
    return str(cell.get("text", cell.get("url", "")))
