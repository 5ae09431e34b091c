"""The Web API methods of the stand-in Slack beside `chat.*`, and the table of them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.support import slack_chat as chat
from tests.support.slack_events import presented
from tests.support.slack_limits import VIEW_BLOCKS, check_blocks
from tests.support.slack_state import Channel, Json, Message, Refused, Slack, identifier, order

Method = Callable[[Slack, Json], Json]


def auth_test(slack: Slack, arguments: Json) -> Json:
    return {
        "url": "https://stand-in.slack.com/",
        "team": "Stand-in",
        "user": "docent",
        "team_id": slack.team,
        "user_id": slack.bot_user,
        "bot_id": slack.bot_id,
        "is_enterprise_install": False,
    }


def bots_info(slack: Slack, arguments: Json) -> Json:
    bot = {"id": slack.bot_id, "app_id": slack.app_id, "user_id": slack.bot_user, "name": "docent"}
    return {"bot": bot | {"deleted": False}}


def team_info(slack: Slack, arguments: Json) -> Json:
    return {"team": {"id": slack.team, "name": "Stand-in", "domain": "stand-in"}}


def history(slack: Slack, arguments: Json) -> Json:
    """Top-level messages of a conversation, the latest first, a page at a time."""
    _readable(slack, arguments["channel"])
    found = [m for m in slack.in_channel(arguments["channel"]) if m.thread_ts in {None, m.ts}]
    return _page(slack, [m for m in reversed(found) if _within(m, arguments)], arguments)


def replies(slack: Slack, arguments: Json) -> Json:
    """A thread with its parent, the oldest first, a page at a time."""
    _readable(slack, arguments["channel"])
    slack.message(arguments["channel"], arguments["ts"], "thread_not_found")
    found = slack.thread(arguments["channel"], arguments["ts"])
    kept = [m for m in found if m.ts == arguments["ts"] or _within(m, arguments)]
    return _page(slack, kept, arguments)


def conversations_info(slack: Slack, arguments: Json) -> Json:
    return {"channel": _described(slack, slack.channel(arguments["channel"]))}


def conversations_list(slack: Slack, arguments: Json) -> Json:
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
    wanted = {kinds[kind.strip()] for kind in arguments.get("types", "public_channel").split(",")}
    found = [_described(slack, c) for c in slack.channels.values() if c.kind in wanted]
    return {"channels": found, "response_metadata": {"next_cursor": ""}}


def users_conversations(slack: Slack, arguments: Json) -> Json:
    """Those that the bot is in, a page at a time."""
    listed: list[Json] = conversations_list(slack, arguments)["channels"]
    ours = [channel for channel in listed if channel["is_member"]]
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
    following = str(start + limit) if start + limit < len(ours) else ""
    page = ours[start : start + limit]
    return {"channels": page, "response_metadata": {"next_cursor": following}}


def conversations_open(slack: Slack, arguments: Json) -> Json:
    users = str(arguments.get("users", "")).split(",")
    if users[0] not in slack.users:
        raise Refused("user_not_found")
    return {"channel": {"id": slack.direct(users[0]).id}}


def members(slack: Slack, arguments: Json) -> Json:
    return {"members": slack.channel(arguments["channel"]).members, "response_metadata": {}}


def users_info(slack: Slack, arguments: Json) -> Json:
    if arguments["user"] not in slack.users:
        raise Refused("user_not_found")
    return {"user": slack.users[arguments["user"]]}


def users_list(slack: Slack, arguments: Json) -> Json:
    return {"members": list(slack.users.values()), "response_metadata": {"next_cursor": ""}}


def set_status(slack: Slack, arguments: Json) -> Json:
    slack.channel(arguments["channel_id"])
    slack.message(arguments["channel_id"], arguments["thread_ts"], "thread_not_found")
    slack.statuses.append(arguments)
    slack.touch()
    return {}


def set_title(slack: Slack, arguments: Json) -> Json:
    slack.titles[arguments["channel_id"], arguments.get("thread_ts")] = arguments["title"]
    slack.touch()
    return {}


def set_prompts(slack: Slack, arguments: Json) -> Json:
    if not 1 <= len(arguments["prompts"]) <= 4:
        raise Refused("invalid_arguments")
    slack.prompts.append(arguments)
    slack.touch()
    return {}


def show_view(slack: Slack, arguments: Json) -> Json:
    """`views.publish`, `views.open` and `views.update`: the view is kept with who asked for it."""
    check_blocks(arguments["view"]["blocks"], VIEW_BLOCKS)
    slack.views.append(arguments)
    slack.touch()
    return {"view": arguments["view"] | {"id": identifier("V"), "team_id": slack.team}}


def add_reaction(slack: Slack, arguments: Json) -> Json:
    message = slack.message(arguments["channel"], arguments["timestamp"])
    people = message.reactions.setdefault(arguments["name"], [])
    if slack.bot_user in people:
        raise Refused("already_reacted")
    people.append(slack.bot_user)
    slack.touch()
    return {}


def remove_reaction(slack: Slack, arguments: Json) -> Json:
    message = slack.message(arguments["channel"], arguments["timestamp"])
    if slack.bot_user not in message.reactions.get(arguments["name"], []):
        raise Refused("no_reaction")
    message.reactions[arguments["name"]].remove(slack.bot_user)
    slack.touch()
    return {}


def files_info(slack: Slack, arguments: Json) -> Json:
    if arguments["file"] not in slack.files:
        raise Refused("file_not_found")
    return {"file": slack.files[arguments["file"]][0]}


def permalink(slack: Slack, arguments: Json) -> Json:
    message = slack.message(arguments["channel"], arguments["message_ts"])
    where = f"{message.channel}/p{message.ts.replace('.', '')}"
    address = f"https://stand-in.slack.com/archives/{where}"
    return {"channel": message.channel, "permalink": address}


def _readable(slack: Slack, channel: str) -> None:
    if slack.bot_user not in slack.channel(channel).members:
        raise Refused("not_in_channel")


def _within(message: Message, arguments: Json) -> bool:
    oldest, latest = arguments.get("oldest"), arguments.get("latest")
    at, inclusive = order(message.ts), arguments.get("inclusive")
    after = not oldest or at > order(oldest) or (inclusive and at == order(oldest))
    before = not latest or at < order(latest) or (inclusive and at == order(latest))
    return bool(after and before)


def _page(slack: Slack, found: Sequence[Message], arguments: Json) -> Json:
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
    more = start + limit < len(found)
    page: Json = {
        "messages": [_read(slack, message, arguments) for message in found[start : start + limit]],
        "has_more": more,
    }
    return page | ({"response_metadata": {"next_cursor": str(start + limit)}} if more else {})


def _read(slack: Slack, message: Message, arguments: Json) -> Json:
    """A message of history, which tells its metadata only when asked for it."""
    told = bool(arguments.get("include_all_metadata"))
    shown = presented(slack, message).items()
    return {key: value for key, value in shown if told or key != "metadata"}


def _described(slack: Slack, channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_archived": channel.archived,
        "is_ext_shared": channel.external,
        "is_shared": channel.external,
        "is_member": slack.bot_user in channel.members,
    }


METHODS: dict[str, tuple[Method, str | None]] = {
    "auth.test": (auth_test, None),
    "bots.info": (bots_info, "users:read"),
    "team.info": (team_info, "team:read"),
    "chat.postMessage": (chat.post_message, "chat:write"),
    "chat.update": (chat.update, "chat:write"),
    "chat.delete": (chat.delete, "chat:write"),
    "chat.postEphemeral": (chat.post_ephemeral, "chat:write"),
    "chat.startStream": (chat.start_stream, "chat:write"),
    "chat.appendStream": (chat.append_stream, "chat:write"),
    "chat.stopStream": (chat.stop_stream, "chat:write"),
    "chat.getPermalink": (permalink, None),
    "assistant.threads.setStatus": (set_status, "chat:write"),
    "assistant.threads.setTitle": (set_title, "assistant:write"),
    "assistant.threads.setSuggestedPrompts": (set_prompts, "assistant:write"),
    "conversations.history": (history, "channels:history"),
    "conversations.replies": (replies, "channels:history"),
    "conversations.info": (conversations_info, "channels:read"),
    "conversations.list": (conversations_list, "channels:read"),
    "users.conversations": (users_conversations, "channels:read"),
    "conversations.open": (conversations_open, "im:write"),
    "conversations.members": (members, "channels:read"),
    "users.info": (users_info, "users:read"),
    "users.list": (users_list, "users:read"),
    "views.publish": (show_view, None),
    "views.open": (show_view, None),
    "views.update": (show_view, None),
    "reactions.add": (add_reaction, "reactions:write"),
    "reactions.remove": (remove_reaction, "reactions:write"),
    "files.info": (files_info, "files:read"),
}
"""Each method with the scope that it needs; for conversations, the one of a public channel."""
