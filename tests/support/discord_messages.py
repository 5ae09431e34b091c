"""Messages of the stand-in Discord: posting, editing, deleting, reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support import discord_events as events
from tests.support.discord_limits import check_message, pings
from tests.support.discord_permissions import PERMISSIONS, allowed, demand, demand_sending
from tests.support.discord_state import (
    Channel,
    Discord,
    Flag,
    Json,
    Message,
    Refused,
    invalid,
)

NONCE_SECONDS = 300.0
_OURS = Flag.SUPPRESS_EMBEDS | Flag.EPHEMERAL | Flag.COMPONENTS_V2 | 1 << 12
_DEFAULT, _REPLY = 0, 19
_MOST_LISTED = 100
_MAJOR = ("channel_id", "guild_id", "webhook_token", "interaction_token")


@dataclass
class Call:
    """One REST request as it came, with what it got; `error` is Discord's code where it failed."""

    operation: str
    parts: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    at: float = 0.0
    status: int = 0
    error: int | None = None

    @property
    def major(self) -> str:
        """The channel, server or webhook that has a rate limit of its own."""
        return next((self.parts[name] for name in _MAJOR if name in self.parts), "")

    @property
    def arguments(self) -> Json:
        """Parts of the path, the query and the body together."""
        return self.parts | self.query | (self.body if isinstance(self.body, dict) else {})


def create_message(discord: Discord, call: Call) -> Json:
    """Posts; the same nonce in a few minutes, where it is enforced, gives what it gave."""
    place = discord.channel(call.parts["channel_id"])
    demand_sending(discord, place)
    _check_reference(discord, place, call.body.get("message_reference"))
    message = ours(discord, place, call.body)
    if (before := _again(discord, call.body)) is not None:
        return events.posted(discord, before)
    unarchive(discord, place)
    return events.posted(discord, add(discord, message))


def ours(discord: Discord, place: Channel, body: Json, **more: Any) -> Message:
    """The bot's message that a request describes, not yet posted."""
    message = Message(discord.new_id(), place.id, discord.bot, discord.now(), body=body, **more)
    if original := body.get("message_reference"):
        message.type = _REPLY
        message.reference = {"message_id": str(original["message_id"]), "channel_id": place.id}
        message.reference |= {"guild_id": place.guild} if place.guild else {}
    message.nonce = body.get("nonce")
    apply(discord, message, body)
    return message


def apply(discord: Discord, message: Message, body: Json) -> None:
    """Changes what the request names, after a look at what would come out of it."""
    asked = (body.get("flags") or 0) & _OURS
    kept = message.flags & ~Flag.SUPPRESS_EMBEDS if "flags" in body else message.flags
    flags = kept | asked
    whole = {
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": message.attachments,
    } | {key: value for key, value in body.items() if key in _PARTS}
    check_message(whole, flags)
    message.content = whole["content"] or ""
    message.embeds, message.components = whole["embeds"] or [], whole["components"] or []
    message.attachments = [_attached(each) for each in whole["attachments"] or []]
    message.flags = flags
    notified = pings(message.shown, body.get("allowed_mentions"))
    message.pinged = notified | _replied(discord, message, body.get("allowed_mentions"))
    message.mentions = [each for each in sorted(message.pinged) if each in discord.users]
    message.versions.append(message.shown)


def add(discord: Discord, message: Message) -> Message:
    """Puts a message in its place and raises the event, unless one person alone sees it."""
    discord.messages[message.id] = message
    if not message.viewer:
        place = discord.channels[message.channel]
        place.last_message = message.id
        discord.emit("MESSAGE_CREATE", events.posted(discord, message))
    discord.touch()
    return message


def change(discord: Discord, message: Message) -> None:
    """Raises the event of a changed message."""
    if not message.viewer:
        discord.emit("MESSAGE_UPDATE", events.posted(discord, message))
    discord.touch()


def remove(discord: Discord, messages: Sequence[Message]) -> None:
    for message in messages:
        message.deleted = True
    discord.emit(*events.removed(discord, messages))
    discord.touch()


def update_message(discord: Discord, call: Call) -> Json:
    place, message = _found(discord, call)
    demand(discord, place)
    if message.author != discord.bot:
        raise Refused(50005)
    if place.archived:
        raise Refused(50083)
    edit(discord, message, call.body)
    return events.message(discord, message)


def edit(discord: Discord, message: Message, body: Json) -> None:
    """The bot's change of one of its messages, which stops saying that it thinks."""
    apply(discord, message, body)
    message.flags &= ~Flag.LOADING
    message.edited_at = discord.now()
    change(discord, message)


def delete_message(discord: Discord, call: Call) -> None:
    place, message = _found(discord, call)
    manages = [] if message.author == discord.bot else ["MANAGE_MESSAGES"]
    demand(discord, place, *manages)
    remove(discord, [message])


def get_message(discord: Discord, call: Call) -> Json:
    place, message = _found(discord, call)
    demand(discord, place, "READ_MESSAGE_HISTORY")
    return read(discord, message)


def list_messages(discord: Discord, call: Call) -> list[Json]:
    """The latest first; with `after`, those that came next, of which the latest first too."""
    place = discord.channel(call.parts["channel_id"])
    demand(discord, place)
    limit = int(call.query.get("limit", "50"))
    if not 1 <= limit <= _MOST_LISTED:
        code = "NUMBER_TYPE_COERCE" if limit < 1 else "NUMBER_TYPE_MAX"
        raise invalid("limit", code, "int value should be between 1 and 100.")
    if not allowed(discord, place, discord.bot) & PERMISSIONS["READ_MESSAGE_HISTORY"]:
        return []
    found = _page(discord.in_channel(place.id), call.query, limit)
    return [read(discord, message) for message in reversed(found)]


def trigger_typing_indicator(discord: Discord, call: Call) -> None:
    place = discord.channel(call.parts["channel_id"])
    demand_sending(discord, place)
    discord.typing.append(place.id)
    discord.touch()


def add_my_message_reaction(discord: Discord, call: Call) -> None:
    place, message = _found(discord, call)
    demand(discord, place, "READ_MESSAGE_HISTORY", "ADD_REACTIONS")
    people = message.reactions.setdefault(call.parts["emoji_name"], [])
    if discord.bot not in people:
        people.append(discord.bot)
    discord.touch()


def delete_my_message_reaction(discord: Discord, call: Call) -> None:
    _, message = _found(discord, call)
    people = message.reactions.get(call.parts["emoji_name"], [])
    if discord.bot in people:
        people.remove(discord.bot)
    discord.touch()


def read(discord: Discord, message: Message) -> Json:
    """A message as REST gives it to an app that may, or may not, read what people write."""
    shown = events.message(discord, message)
    if discord.enabled & events.MESSAGE_CONTENT or not events.hidden(discord, shown):
        return shown
    return events.without_content(shown)


def unarchive(discord: Discord, place: Channel) -> None:
    """A message takes a thread out of the archive."""
    if place.archived:
        place.archived = False
        discord.emit("THREAD_UPDATE", events.channel(discord, place))


_PARTS = frozenset({"content", "embeds", "components", "attachments"})


def _found(discord: Discord, call: Call) -> tuple[Channel, Message]:
    place = discord.channel(call.parts["channel_id"])
    message = discord.message(call.parts["message_id"], place.id)
    if message.viewer is not None:
        raise Refused(10008)
    return place, message


def _page(found: list[Message], query: dict[str, str], limit: int) -> list[Message]:
    """The messages asked for, oldest first."""
    if "around" in query:
        middle = sum(int(m.id) < int(query["around"]) for m in found)
        first = max(0, middle - limit // 2)
        return found[first : first + limit]
    if "after" in query:
        return [m for m in found if int(m.id) > int(query["after"])][:limit]
    if "before" in query:
        found = [m for m in found if int(m.id) < int(query["before"])]
    return found[-limit:]


def _again(discord: Discord, body: Json) -> Message | None:
    if not body.get("enforce_nonce") or body.get("nonce") is None:
        return None
    since = discord.now() - NONCE_SECONDS
    for message in discord.messages.values():
        if message.nonce == body["nonce"] and message.author == discord.bot and message.at > since:
            return message
    return None


def _attached(described: Json) -> Json:
    url = f"https://cdn.discord.invalid/{described['id']}"
    return {"size": 1, "url": url, "proxy_url": url, "filename": "file"} | described


def _check_reference(discord: Discord, place: Channel, reference: Json | None) -> None:
    if not reference:
        return
    if not allowed(discord, place, discord.bot) & PERMISSIONS["READ_MESSAGE_HISTORY"]:
        raise Refused(160002)
    found = discord.messages.get(str(reference["message_id"]))
    gone = found is None or found.deleted or found.channel != place.id
    if gone and reference.get("fail_if_not_exists", True):
        code = "MESSAGE_REFERENCE_UNKNOWN_MESSAGE"
        raise invalid("message_reference", code, "Unknown message")


def _replied(discord: Discord, message: Message, allowed_mentions: Json | None) -> set[str]:
    """The author of the message that it replies to, whom a reply notifies unless told not to."""
    original = discord.messages.get((message.reference or {}).get("message_id", ""))
    if original is None or (allowed_mentions and not allowed_mentions.get("replied_user")):
        return set()
    return {original.author}
