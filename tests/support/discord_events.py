"""Discord's payloads, in the shapes of docs.discord.com/developers/resources."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from tests.support.discord_permissions import allowed, granted
from tests.support.discord_state import Channel, Discord, Guild, Json, Kind, Message, User

GUILD_MEMBERS = 1 << 1
MESSAGE_CONTENT = 1 << 15
_APPLICATION_FLAGS = {GUILD_MEMBERS: 1 << 15, 1 << 8: 1 << 13, MESSAGE_CONTENT: 1 << 19}


def user(person: User) -> Json:
    shown: Json = {
        "id": person.id,
        "username": person.name,
        "global_name": None if person.bot else person.name.title(),
        "discriminator": "0000" if person.bot else "0",
        "avatar": None,
        "public_flags": 0,
    }
    return shown | ({"bot": True} if person.bot else {})


def member(discord: Discord, guild: Guild, person: str) -> Json:
    """A member without the user, as it stands beside one."""
    return {
        "roles": guild.members.get(person, []),
        "nick": None,
        "avatar": None,
        "joined_at": stamp(1_700_000_000.0),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }


def whole_member(discord: Discord, guild: Guild, person: str) -> Json:
    return member(discord, guild, person) | {"user": user(discord.users[person])}


def application(discord: Discord) -> Json:
    flags = sum(flag for intent, flag in _APPLICATION_FLAGS.items() if discord.enabled & intent)
    owner = user(User("1100000000000000003", "owner"))
    return {
        "id": discord.application,
        "name": "Docent",
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "owner": owner,
        "team": None,
        "flags": flags,
        "approximate_guild_count": len(discord.guilds),
    }


def channel(discord: Discord, place: Channel) -> Json:
    """A channel, a thread or a direct conversation."""
    shown: Json = {"id": place.id, "type": int(place.kind), "last_message_id": place.last_message}
    if place.recipient is not None:
        return shown | {"recipients": [user(discord.users[place.recipient])], "flags": 0}
    shown |= {"guild_id": place.guild, "name": place.name, "parent_id": place.parent, "flags": 0}
    if place.thread:
        return shown | _thread(discord, place)
    return shown | {
        "position": 0,
        "topic": None,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "permission_overwrites": [_exception(discord, place)] if place.denied else [],
    }


def _thread(discord: Discord, place: Channel) -> Json:
    found = discord.in_channel(place.id)
    return {
        "owner_id": place.owner,
        "message_count": len(found),
        "total_message_sent": len(found),
        "member_count": 2,
        "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": place.archived,
            "auto_archive_duration": place.archive_minutes,
            "archive_timestamp": stamp(place.created),
            "locked": place.locked,
            "create_timestamp": stamp(place.created),
        },
    }


def _exception(discord: Discord, place: Channel) -> Json:
    """The overwrite that takes from the bot what it may not do in a channel."""
    missing = granted(discord.guilds[place.guild or ""], discord.bot) & ~allowed(
        discord, place, discord.bot
    )
    return {"id": discord.bot, "type": 1, "allow": "0", "deny": str(missing)}


def role(place: Guild, role_id: str, position: int) -> Json:
    name, permissions = place.roles[role_id]
    return {
        "id": role_id,
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": position,
        "permissions": str(permissions),
        "managed": role_id == place.own_role,
        "mentionable": False,
        "flags": 0,
        **({"tags": {"bot_id": Discord.bot}} if role_id == place.own_role else {}),
    }


def roles(place: Guild) -> list[Json]:
    return [role(place, each, position) for position, each in enumerate(place.roles)]


def guild(discord: Discord, place: Guild) -> Json:
    """A server as REST shows it."""
    return {
        "id": place.id,
        "name": place.name,
        "icon": None,
        "owner_id": place.owner,
        "roles": roles(place),
        "emojis": [],
        "stickers": [],
        "features": [],
        "preferred_locale": "en-US",
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "system_channel_flags": 0,
    }


def guild_created(discord: Discord, place: Guild, *, with_members: bool) -> Json:
    """The `GUILD_CREATE` event: with its channels, open threads and members."""
    members = list(place.members) if with_members else [discord.bot]
    places = [c for c in discord.channels.values() if c.guild == place.id and not c.thread]
    return guild(discord, place) | {
        "joined_at": stamp(1_700_000_000.0),
        "large": False,
        "unavailable": False,
        "member_count": len(place.members),
        "members": [whole_member(discord, place, person) for person in members],
        "channels": [channel(discord, each) for each in places],
        "threads": [channel(discord, c) for c in discord.threads(place.id) if not c.archived],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def message(discord: Discord, found: Message, *, deep: bool = True) -> Json:
    """A message as REST shows it; one that it replies to comes with it."""
    shown: Json = {
        "id": found.id,
        "channel_id": found.channel,
        "author": user(discord.users[found.author]),
        "content": found.content,
        "timestamp": stamp(found.at),
        "edited_timestamp": None if found.edited_at is None else stamp(found.edited_at),
        "tts": False,
        "mention_everyone": "everyone" in found.pinged,
        "mentions": [user(discord.users[each]) for each in found.mentions],
        "mention_roles": [],
        "attachments": found.attachments,
        "embeds": found.embeds,
        "components": found.components,
        "pinned": False,
        "type": found.type,
        "flags": found.flags,
    }
    if found.reactions:
        shown["reactions"] = list(_reactions(discord, found))
    if found.author == discord.bot:
        shown["application_id"] = discord.application
    if found.interaction is not None:
        shown["webhook_id"] = discord.application
    if found.id in discord.channels:
        shown["thread"] = channel(discord, discord.channels[found.id])
    return shown | (_reference(discord, found) if deep else {})


def posted(discord: Discord, found: Message) -> Json:
    """The data of `MESSAGE_CREATE` and `MESSAGE_UPDATE`."""
    place = discord.channels[found.channel]
    event = message(discord, found) | {"channel_type": int(place.kind)}
    if found.nonce is not None:
        event["nonce"] = found.nonce
    if place.guild is not None:
        guild_ = discord.guilds[place.guild]
        event |= {"guild_id": place.guild, "member": member(discord, guild_, found.author)}
    return event


def without_content(event: Json) -> Json:
    """What is left of a message for an app that may not read it."""
    empty: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
    return event | empty


def hidden(discord: Discord, event: Json) -> bool:
    """Whether the content of a message is for those with the Message Content intent alone."""
    direct = discord.channels[event["channel_id"]].kind is Kind.DM
    ours = event["author"]["id"] == discord.bot
    mentioned = discord.bot in {each["id"] for each in event["mentions"]}
    return not (direct or ours or mentioned)


def removed(discord: Discord, found: Iterable[Message]) -> tuple[str, Json]:
    """`MESSAGE_DELETE`, or `MESSAGE_DELETE_BULK` for several of one channel."""
    gone = list(found)
    place = discord.channels[gone[0].channel]
    where = {"channel_id": place.id} | ({"guild_id": place.guild} if place.guild else {})
    if len(gone) == 1:
        return "MESSAGE_DELETE", where | {"id": gone[0].id}
    return "MESSAGE_DELETE_BULK", where | {"ids": [each.id for each in gone]}


def _reference(discord: Discord, found: Message) -> Json:
    if found.reference is None:
        return {}
    original = discord.messages.get(found.reference.get("message_id", ""))
    there = original is not None and not original.deleted
    shown = message(discord, original, deep=False) if original and there else None
    return {"message_reference": found.reference, "referenced_message": shown}


def _reactions(discord: Discord, found: Message) -> Iterable[Json]:
    for emoji, people in found.reactions.items():
        yield {
            "emoji": {"id": None, "name": emoji},
            "count": len(people),
            "count_details": {"burst": 0, "normal": len(people)},
            "me": discord.bot in people,
            "me_burst": False,
            "burst_colors": [],
        }


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
