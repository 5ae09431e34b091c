"""Channels, threads and servers of the stand-in Discord, as REST gives and changes them."""

from __future__ import annotations

from tests.support import discord_events as events
from tests.support.discord_messages import Call, add, ours
from tests.support.discord_permissions import demand
from tests.support.discord_state import (
    Channel,
    Discord,
    Flag,
    Guild,
    Json,
    Kind,
    Message,
    Refused,
)

_THREAD_CREATED, _THREAD_STARTER = 18, 21


def get_my_user(discord: Discord, call: Call) -> Json:
    return events.user(discord.users[discord.bot]) | {"email": None, "verified": True}


def get_user(discord: Discord, call: Call) -> Json:
    if call.parts["user_id"] not in discord.users:
        raise Refused(10013)
    return events.user(discord.users[call.parts["user_id"]])


def get_application(discord: Discord, call: Call) -> Json:
    return events.application(discord)


def create_dm(discord: Discord, call: Call) -> Json:
    if (person := str(call.body["recipient_id"])) not in discord.users:
        raise Refused(10013)
    return events.channel(discord, discord.direct(person))


def get_channel(discord: Discord, call: Call) -> Json:
    place = discord.channel(call.parts["channel_id"])
    demand(discord, place)
    return events.channel(discord, place)


def update_channel(discord: Discord, call: Call) -> Json:
    """Renames, archives or locks a thread; other people's may be opened, else need a permission."""
    place = discord.channel(call.parts["channel_id"])
    open_to_all = not call.body.get("locked") and not place.locked
    own = place.owner == discord.bot or call.body == {"archived": False}
    demand(discord, place, *([] if own and open_to_all else ["MANAGE_THREADS"]))
    place.name = call.body.get("name", place.name)
    place.archived = call.body.get("archived", place.archived)
    place.locked = call.body.get("locked", place.locked)
    place.archive_minutes = call.body.get("auto_archive_duration", place.archive_minutes)
    discord.emit("THREAD_UPDATE", events.channel(discord, place))
    discord.touch()
    return events.channel(discord, place)


def create_thread_from_message(discord: Discord, call: Call) -> Json:
    """A thread of the message's own id, in which Discord shows that message first."""
    parent = discord.channel(call.parts["channel_id"])
    message = discord.message(call.parts["message_id"], parent.id)
    if parent.kind not in {Kind.TEXT, Kind.ANNOUNCEMENT}:
        raise Refused(50024)
    demand(discord, parent, "CREATE_PUBLIC_THREADS", "READ_MESSAGE_HISTORY")
    if message.id in discord.channels:
        raise Refused(160004)
    kind = Kind.THREAD if parent.kind is Kind.TEXT else Kind.ANNOUNCEMENT_THREAD
    thread = open_thread(discord, parent, call.body, discord.bot, message.id, kind)
    starter = Message(discord.new_id(), thread.id, message.author, discord.now())
    starter.type = _THREAD_STARTER
    starter.reference = {
        "message_id": message.id,
        "channel_id": parent.id,
        "guild_id": parent.guild,
    }
    add(discord, starter)
    message.flags |= Flag.HAS_THREAD
    discord.emit("MESSAGE_UPDATE", events.posted(discord, message))
    return events.channel(discord, thread)


def create_thread(discord: Discord, call: Call) -> Json:
    """A thread that begins with nothing, which its channel tells; or a post in a forum."""
    parent = discord.channel(call.parts["channel_id"])
    if parent.kind is Kind.FORUM:
        demand(discord, parent, "SEND_MESSAGES")
        thread = open_thread(discord, parent, call.body, discord.bot)
        first = ours(discord, thread, call.body["message"])
        first.id = thread.id
        shown = events.message(discord, add(discord, first))
        return events.channel(discord, thread) | {"message": shown}
    kind = Kind(call.body.get("type", Kind.PRIVATE_THREAD))
    private = kind is Kind.PRIVATE_THREAD
    demand(discord, parent, f"CREATE_{'PRIVATE' if private else 'PUBLIC'}_THREADS")
    thread = open_thread(discord, parent, call.body, discord.bot, kind=kind)
    if not private:
        told = Message(discord.new_id(), parent.id, discord.bot, discord.now(), thread.name)
        told.type, told.reference = _THREAD_CREATED, {"channel_id": thread.id}
        add(discord, told)
    return events.channel(discord, thread)


def open_thread(
    discord: Discord,
    parent: Channel,
    body: Json,
    owner: str,
    thread: str | None = None,
    kind: Kind = Kind.THREAD,
) -> Channel:
    """A new thread, of which the event tells."""
    made = Channel(thread or discord.new_id(), body["name"], kind, parent.guild)
    made.parent, made.owner, made.created = parent.id, owner, discord.now()
    made.archive_minutes = body.get("auto_archive_duration") or made.archive_minutes
    discord.channels[made.id] = made
    discord.emit("THREAD_CREATE", events.channel(discord, made) | {"newly_created": True})
    discord.touch()
    return made


def thread_membership(discord: Discord, call: Call) -> None:
    """Joining or leaving, which changes nothing that the bot sees of a public thread."""
    demand(discord, discord.channel(call.parts["channel_id"]))


def get_active_guild_threads(discord: Discord, call: Call) -> Json:
    guild = _guild(discord, call)
    return _listed(discord, [c for c in discord.threads(guild.id) if not c.archived])


def list_public_archived_threads(discord: Discord, call: Call) -> Json:
    place = discord.channel(call.parts["channel_id"])
    demand(discord, place, "READ_MESSAGE_HISTORY")
    threads = discord.threads(place.guild or "")
    return _listed(discord, [c for c in threads if c.archived and c.parent == place.id])


def get_guild(discord: Discord, call: Call) -> Json:
    return events.guild(discord, _guild(discord, call))


def list_guild_channels(discord: Discord, call: Call) -> list[Json]:
    guild = _guild(discord, call)
    found = [c for c in discord.channels.values() if c.guild == guild.id and not c.thread]
    return [events.channel(discord, each) for each in found]


def list_guild_roles(discord: Discord, call: Call) -> list[Json]:
    return events.roles(_guild(discord, call))


def get_guild_member(discord: Discord, call: Call) -> Json:
    guild, person = _guild(discord, call), call.parts["user_id"]
    if person not in guild.members:
        raise Refused(10013)
    return events.whole_member(discord, guild, person)


def _listed(discord: Discord, threads: list[Channel]) -> Json:
    found = [events.channel(discord, each) for each in threads]
    return {"threads": found, "members": [], "has_more": False}


def _guild(discord: Discord, call: Call) -> Guild:
    found = discord.guilds.get(call.parts["guild_id"])
    if found is None:
        raise Refused(10004)
    return found
