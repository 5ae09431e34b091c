"""What the bot and people may do in the stand-in Discord."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.discord_state import Channel, Discord, Guild, Refused

PERMISSIONS = {
    "ADMINISTRATOR": 1 << 3,
    "MANAGE_GUILD": 1 << 5,
    "ADD_REACTIONS": 1 << 6,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "USE_APPLICATION_COMMANDS": 1 << 31,
    "MANAGE_THREADS": 1 << 34,
    "CREATE_PUBLIC_THREADS": 1 << 35,
    "CREATE_PRIVATE_THREADS": 1 << 36,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
}
_MANAGING = ("ADMINISTRATOR", "MANAGE_GUILD", "MANAGE_MESSAGES", "MANAGE_THREADS")
EVERYBODY = sum(bit for name, bit in PERMISSIONS.items() if name not in _MANAGING)
EVERYTHING = sum(PERMISSIONS.values())


def bits(names: Iterable[str]) -> int:
    return sum(PERMISSIONS[name] for name in names)


def granted(guild: Guild, user: str) -> int:
    """What a member's roles grant, without the channels' exceptions."""
    if user == guild.owner:
        return EVERYTHING
    found = guild.roles[guild.id][1]
    for role in guild.members.get(user, ()):
        found |= guild.roles[role][1]
    return EVERYTHING if found & PERMISSIONS["ADMINISTRATOR"] else found


def allowed(discord: Discord, channel: Channel, user: str) -> int:
    """What a member may do in a channel. Exceptions are for the bot alone; threads inherit."""
    if channel.guild is None:
        return EVERYBODY
    base = granted(discord.guilds[channel.guild], user)
    if user != discord.bot or base & PERMISSIONS["ADMINISTRATOR"]:
        return base
    where = discord.channels[channel.parent] if channel.thread and channel.parent else channel
    return base & ~bits(where.denied)


def demand(discord: Discord, channel: Channel, *names: str) -> None:
    """Refuses what the bot may not do: `Missing Access` if it cannot even see the channel."""
    has = allowed(discord, channel, discord.bot)
    if not has & PERMISSIONS["VIEW_CHANNEL"]:
        raise Refused(50001)
    if any(not has & PERMISSIONS[name] for name in names):
        raise Refused(50013)


def demand_sending(discord: Discord, channel: Channel) -> None:
    """Refuses what cannot be sent there; a thread in the archive comes out of it instead."""
    if channel.recipient is not None and discord.users[channel.recipient].closed:
        raise Refused(50007)
    demand(discord, channel, "SEND_MESSAGES_IN_THREADS" if channel.thread else "SEND_MESSAGES")
    manages = allowed(discord, channel, discord.bot) & PERMISSIONS["MANAGE_THREADS"]
    if channel.locked and not manages:
        raise Refused(160005)
