"""What people do in the stand-in Discord: they write, press, choose commands, fill in forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support import discord_events as events
from tests.support.discord_channels import open_thread
from tests.support.discord_limits import pings
from tests.support.discord_messages import add, change, unarchive
from tests.support.discord_permissions import granted
from tests.support.discord_state import Channel, Discord, Json, Message, walk

SLASH, ON_USER, ON_MESSAGE = 1, 2, 3
_REPLY = 19


def say(
    discord: Discord,
    channel: str,
    text: str,
    *,
    user: str,
    reply_to: str | None = None,
    ping: bool = True,
    files: Sequence[Json] = (),
    message_id: str | None = None,
) -> Message:
    """A person's message, which takes a thread out of the archive."""
    place = discord.channels[channel]
    assert not place.locked, "a person cannot write in a locked thread"
    unarchive(discord, place)
    message = Message(message_id or discord.new_id(), channel, user, discord.now(), text)
    message.attachments = list(files)
    _written(discord, message, text)
    if reply_to is not None:
        original = discord.message(reply_to, channel)
        message.type, message.reference = _REPLY, {"message_id": reply_to, "channel_id": channel}
        if ping and original.author not in message.mentions:
            message.pinged.add(original.author)
            message.mentions.append(original.author)
    return add(discord, message)


def edit(discord: Discord, message: Message, text: str) -> None:
    """A person changes what they wrote."""
    message.content, message.edited_at = text, discord.now()
    _written(discord, message, text)
    change(discord, message)


def post(discord: Discord, forum: str, title: str, text: str, *, user: str) -> Message:
    """A forum's post: a thread whose first message has the thread's id."""
    thread = open_thread(discord, discord.channels[forum], {"name": title}, user)
    return say(discord, thread.id, text, user=user, message_id=thread.id)


def pressed(message: Message, custom_id: str, values: Sequence[str]) -> Json:
    """The data of a button that was pressed, or of a menu in which something was chosen."""
    found = [each for each in walk(message.components) if each.get("custom_id") == custom_id]
    there = [each.get("custom_id") for each in walk(message.components)]
    assert found, f"no component {custom_id!r}; there are {there}"
    assert not found[0].get("disabled"), f"{custom_id!r} is disabled"
    chosen = {"values": list(values)} if values else {}
    return {"custom_id": custom_id, "component_type": found[0]["type"], "id": 1} | chosen


def commanded(
    discord: Discord, place: Channel, command: Json, options: Mapping[str, object]
) -> Json:
    """The data of a slash command with its options, which it has to have."""
    known = {each["name"]: each for each in command.get("options") or ()}
    assert set(options) <= set(known), f"/{command['name']} has the options {sorted(known)}"
    missing = [name for name, each in known.items() if each.get("required") and name not in options]
    assert not missing, f"/{command['name']} needs {missing}"
    given = [{"name": n, "type": known[n]["type"], "value": v} for n, v in options.items()]
    return _named(place, command) | ({"options": given} if given else {})


def chosen_on(discord: Discord, place: Channel, command: Json, message: Message) -> Json:
    """The data of a command from the menu of a message, whose text comes with it."""
    resolved = {"messages": {message.id: events.message(discord, message)}}
    return _named(place, command) | {"target_id": message.id, "resolved": resolved}


def filled(form: Json, values: Mapping[str, str]) -> Json:
    """The data of a form with what was written in its fields, by their `custom_id`."""
    rows = [_row(row, values) for row in form["components"]]
    return {"custom_id": form["custom_id"], "components": rows}


def may_use(discord: Discord, place: Channel, command: Json, user: str) -> bool:
    """Whether Discord offers a member this command, as its default permissions say."""
    needed = command.get("default_member_permissions")
    if place.guild is None or needed is None:
        return True
    has = granted(discord.guilds[place.guild], user)
    return int(needed) != 0 and has & int(needed) == int(needed)


def _written(discord: Discord, message: Message, text: str) -> None:
    message.versions.append(text)
    message.pinged = pings(text, None)
    message.mentions = [each for each in sorted(message.pinged) if each in discord.users]


def _named(place: Channel, command: Json) -> Json:
    own = {"id": command["id"], "name": command["name"], "type": command["type"]}
    return own | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _row(row: Json, values: Mapping[str, str]) -> Json:
    """An action row or a label of a form, as it comes back."""
    if "component" in row:
        return {"type": row["type"], "id": 1, "component": _field(row["component"], values)}
    fields = [_field(each, values) for each in row.get("components", ())]
    return {"type": row["type"], "id": 1, "components": fields}


def _field(component: Json, values: Mapping[str, str]) -> Json:
    name = component["custom_id"]
    return {"type": component["type"], "id": 2, "custom_id": name, "value": values.get(name, "")}
