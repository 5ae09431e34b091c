"""What people say in Discord, as values of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import discord

from adapters.chat.attachments import File, is_text

_SPOKEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
_PERSON = re.compile(r"<@!?(\d+)>")
_CODES = re.compile(r"<(?P<kind>@!?|@&|#)(?P<id>\d+)>|<a?:(?P<emoji>\w+):\d+>")
_AUDIENCE = re.compile(r"<@&\d+>|@(?:everyone|here)\b")


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that another one replies to; `text` is empty where it cannot be read."""

    id: str
    author: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message, as far as it matters.

    `guild` is None in a direct conversation. `channel` is what holds it, `parent` the channel of
    that thread, or the same channel; `places` has their ids and names, a category's too, `roles`
    those of the author. `title` is a forum post's, on its first message. `calls_us` and
    `calls_others` tell who is mentioned in the text, `pings_us` a notification alone.
    `revision` is the time of the last edit, empty where there is none; `age` its seconds after
    the message.
    """

    id: str
    channel: str
    author: str
    text: str
    guild: str | None = None
    parent: str = ""
    places: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    spoken: bool = True
    title: str = ""
    calls_us: bool = False
    calls_others: bool = False
    pings_us: bool = False
    reply_to: Quoted | None = None
    files: tuple[File, ...] = ()
    revision: str = ""
    age: float = 0.0

    @property
    def in_thread(self) -> bool:
        """Whether it is in a thread, or in a forum's post."""
        return self.channel != self.parent


def said_of(message: discord.Message, us: int, channel: object | None = None) -> Said:
    """The message as ours; `us` is the bot's user id.

    `channel` is what it is in, where the message itself does not know that.
    """
    channel, edited = channel or message.channel, message.edited_at
    text = _with_our_role_as_us(message, us)
    people = set(_PERSON.findall(text))
    return Said(
        id=str(message.id),
        channel=str(message.channel.id),
        author=str(message.author.id),
        text=plain(text, us, _names(message)),
        guild=None if message.guild is None else str(message.guild.id),
        parent=_parent(channel),
        places=places_of(channel),
        roles=roles_of(message.author),
        spoken=is_spoken(message),
        title=_title(message, channel),
        calls_us=str(us) in people,
        calls_others=bool(people - {str(us)}) or _AUDIENCE.search(text) is not None,
        pings_us=any(user.id == us for user in message.mentions),
        reply_to=_quoted(message, us),
        files=tuple(map(_file, message.attachments)),
        revision="" if edited is None else f"{edited:%Y-%m-%dT%H:%M:%S.%f}",
        age=0.0 if edited is None else (edited - message.created_at).total_seconds(),
    )


def is_spoken(message: discord.Message) -> bool:
    """Whether a person wrote it; every other message is a program's, or a notice of Discord's."""
    author = message.author
    programmed = author.bot or author.system or message.webhook_id is not None
    return message.type in _SPOKEN and not programmed


def plain(text: str, us: int, names: Mapping[str, str]) -> str:
    """The text without our mention, with names instead of Discord's codes.

    `names` has them by code: `@123`, `@&123`, `#123`.
    """
    text = re.sub(rf"[ \t]*<@!?{us}>[ \t]?", " ", text)

    def named(code: re.Match[str]) -> str:
        if code["emoji"]:
            return f":{code['emoji']}:"
        kind = code["kind"].replace("!", "")
        return kind[0] + names.get(f"{kind}{code['id']}", code["id"])

    return _CODES.sub(named, text).strip()


def _with_our_role_as_us(message: discord.Message, us: int) -> str:
    """Discord offers the role that it made for us by our name, and people take it for us."""
    role = None if message.guild is None else message.guild.self_role
    return (
        message.content if role is None else message.content.replace(f"<@&{role.id}>", f"<@{us}>")
    )


def places_of(channel: object) -> frozenset[str]:
    """The ids and `#names` by which the settings may call a channel, a thread's by its parent's.

    Anybody can name a thread: its own name counts for nothing.
    """
    above = getattr(channel, "parent", None)
    whole = channel if above is None else above
    named = [each for each in (whole, getattr(channel, "category", None)) if each is not None]
    ids = {str(getattr(each, "id", "")) for each in (channel, *named)}
    names = {f"#{getattr(each, 'name', '') or ''}" for each in named} - {"#"}
    return frozenset((ids | names) - {""})


def roles_of(author: object) -> frozenset[str]:
    """The ids and `@names` of a member's roles; none of somebody in a direct conversation."""
    if not isinstance(author, discord.Member):
        return frozenset()
    return frozenset(name for role in author.roles for name in (str(role.id), f"@{role.name}"))


def _parent(channel: object) -> str:
    if isinstance(channel, discord.Thread):
        return str(channel.parent_id)
    return str(getattr(channel, "id", ""))


def _title(message: discord.Message, channel: object) -> str:
    if isinstance(channel, discord.Thread) and channel.id == message.id:
        return channel.name
    return ""


def _names(message: discord.Message) -> dict[str, str]:
    people = {f"@{user.id}": user.display_name for user in message.mentions}
    roles = {f"@&{role.id}": role.name for role in message.role_mentions}
    return people | roles | {f"#{each.id}": each.name for each in message.channel_mentions}


def _quoted(message: discord.Message, us: int) -> Quoted | None:
    if message.type is not discord.MessageType.reply or message.reference is None:
        return None
    original = message.reference.resolved
    if isinstance(original, discord.Message):
        text = plain(original.content, us, _names(original))
        return Quoted(str(original.id), str(original.author.id), text)
    return Quoted(str(message.reference.message_id), "")


def _file(attachment: discord.Attachment) -> File:
    text = is_text(attachment.content_type or "")
    return File(attachment.filename, attachment.url, text, attachment.size)
