"""Slack's event payloads, in the shapes of docs.slack.dev/reference/events."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from tests.support.slack_state import Ephemeral, Json, Message, Slack, identifier


def presented(slack: Slack, message: Message) -> Json:
    """A message as history and events show it."""
    shown: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text if message.streamed is None else message.streamed,
        "team": slack.team,
        "blocks": _shown_blocks(message),
    }
    if message.bot:
        shown |= {
            "bot_id": slack.bot_id,
            "app_id": slack.app_id,
            "bot_profile": {"id": slack.bot_id, "app_id": slack.app_id, "name": "docent"},
        }
    else:
        shown["client_msg_id"] = str(uuid4())
    optional = {
        "subtype": message.subtype,
        "thread_ts": message.thread_ts,
        "metadata": message.metadata,
        "files": message.files or None,
        "attachments": message.attachments or None,
        "edited": message.edited_ts and {"user": message.user, "ts": message.edited_ts},
        "reactions": [
            {"name": name, "users": users, "count": len(users)}
            for name, users in message.reactions.items()
        ]
        or None,
    }
    return (
        shown | {key: value for key, value in optional.items() if value} | _thread(slack, message)
    )


def _shown_blocks(message: Message) -> list[Json]:
    streamed = [{"type": "markdown", "text": message.streamed}] if message.streamed else []
    return [*streamed, *message.blocks]


def _thread(slack: Slack, message: Message) -> Json:
    if message.thread_ts not in {None, message.ts}:
        parent = slack.messages.get((message.channel, message.thread_ts or ""))
        return {"parent_user_id": parent.user} if parent else {}
    replies = slack.replies(message)
    if not replies:
        return {}
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": list(dict.fromkeys(reply.user for reply in replies)),
        "latest_reply": replies[-1].ts,
    }


def posted(slack: Slack, message: Message) -> Json:
    """The `message` event of a new message."""
    where = {"channel": message.channel, "event_ts": message.ts}
    return presented(slack, message) | where | _kind(slack, message.channel)


def mentioned(slack: Slack, message: Message) -> Json:
    """The `app_mention` event, which carries no channel type."""
    where = {"type": "app_mention", "channel": message.channel, "event_ts": message.ts}
    return presented(slack, message) | where


def changed(slack: Slack, message: Message, previous: Json) -> Json:
    """`message_changed`: an edit, an unfurl, or the tombstone of a parent that has replies."""
    return _hidden(
        slack,
        message.channel,
        subtype="message_changed",
        message=presented(slack, message),
        previous_message=previous,
    )


def deleted(slack: Slack, message: Message, previous: Json) -> Json:
    return _hidden(
        slack,
        message.channel,
        subtype="message_deleted",
        deleted_ts=message.ts,
        previous_message=previous,
    )


def _hidden(slack: Slack, channel: str, **fields: Any) -> Json:
    ts = slack.new_ts()
    event = {"type": "message", "hidden": True, "channel": channel, "ts": ts, "event_ts": ts}
    return event | fields | _kind(slack, channel)


def _kind(slack: Slack, channel: str) -> Json:
    return {"channel_type": slack.channels[channel].kind}


def file(url: str, name: str, size: int, mimetype: str) -> Json:
    """A file as messages describe it, to be read at `url`."""
    known = identifier("F")
    return {
        "id": known,
        "name": name,
        "mimetype": mimetype,
        "filetype": name.rpartition(".")[2],
        "size": size,
        "mode": "snippet" if mimetype == "text/plain" else "hosted",
        "url_private": f"{url}/files/{known}",
        "url_private_download": f"{url}/files/{known}",
    }


def callback(slack: Slack, event: Json) -> Json:
    """The outer `event_callback`, as Events API and Socket Mode both carry it."""
    channel = slack.channels.get(str(event.get("channel")))
    return {
        "token": "verification-token",
        "team_id": slack.team,
        "context_team_id": slack.team,
        "api_app_id": slack.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": identifier("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": slack.team,
                "user_id": slack.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": bool(channel and channel.external),
        "event_context": identifier("4-"),
    }


def person(slack: Slack, user: str) -> Json:
    """The short form of a person in interactive payloads."""
    name = slack.users[user]["name"]
    return {"id": user, "username": name, "name": name, "team_id": slack.team}


def team(slack: Slack) -> Json:
    return {"id": slack.team, "domain": "stand-in"}


def pressed(slack: Slack, message: Json, channel: str, user: str, action: Json) -> Json:
    """`block_actions`: a button on a message that was pressed."""
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel,
        "is_ephemeral": message.get("is_ephemeral", False),
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    where = {"id": channel, "name": slack.channels[channel].name}
    return _press(slack, user, action, container=container, channel=where, message=message)


def pressed_on_home(slack: Slack, view: Json, user: str, action: Json) -> Json:
    """`block_actions`: a button on the app's home, which has no channel and no address."""
    return _press(slack, user, action, container={"type": "view"}, view=view)


def _press(slack: Slack, user: str, action: Json, **where: Json) -> Json:
    return {
        "type": "block_actions",
        "user": person(slack, user),
        "api_app_id": slack.app_id,
        "token": "verification-token",
        "trigger_id": identifier("trigger."),
        "team": team(slack),
        "enterprise": None,
        "is_enterprise_install": False,
        "state": {"values": {}},
        "actions": [action | {"action_ts": slack.new_ts()}],
        **where,
    }


def shortcut(slack: Slack, message: Message, user: str, callback_id: str) -> Json:
    """`message_action`: a message shortcut that was chosen."""
    return {
        "type": "message_action",
        "token": "verification-token",
        "action_ts": slack.new_ts(),
        "team": team(slack),
        "user": person(slack, user),
        "channel": {"id": message.channel, "name": slack.channels[message.channel].name},
        "is_enterprise_install": False,
        "enterprise": None,
        "callback_id": callback_id,
        "trigger_id": identifier("trigger."),
        "message_ts": message.ts,
        "message": presented(slack, message),
    }


def command(slack: Slack, name: str, text: str, channel: str, user: str) -> Json:
    """The form of a slash command."""
    return {
        "token": "verification-token",
        "team_id": slack.team,
        "team_domain": "stand-in",
        "channel_id": channel,
        "channel_name": slack.channels[channel].name,
        "user_id": user,
        "user_name": slack.users[user]["name"],
        "command": name,
        "text": text,
        "api_app_id": slack.app_id,
        "is_enterprise_install": "false",
        "trigger_id": identifier("trigger."),
    }


def action(blocks: Sequence[Json], action_id: str, value: str | None) -> Json:
    """What Slack sends of a pressed element; a feedback element sends its pressed half's value."""
    for block in blocks:
        elements = [*block.get("elements", []), *filter(None, [block.get("accessory")])]
        for element in elements:
            halves = [element.get("positive_button"), element.get("negative_button")]
            values = [h["value"] for h in halves if h] or [element.get("value")]
            if element.get("action_id") == action_id and (value is None or value in values):
                pressed = {"value": value or values[0]} if any(values) else {}
                known = {"action_id": action_id, "block_id": block.get("block_id", "b1")}
                return known | {"type": element["type"], "text": element.get("text")} | pressed
    raise LookupError(f"no button {action_id!r} with value {value!r} in {blocks}")


def chosen(blocks: Sequence[Json], action_id: str, label: str) -> Json:
    """What Slack sends of a menu in which the option with that label was chosen."""
    elements = [element for block in blocks for element in block.get("elements", [])]
    for element in elements:
        if element.get("action_id") == action_id:
            shown = {option["text"]["text"]: option for option in element["options"]}
            about = {"action_id": action_id, "block_id": "b1", "type": element["type"]}
            return about | {"selected_option": shown[label]}
    raise LookupError(f"no menu {action_id!r} in {blocks}")


def submitted(slack: Slack, view: Json, user: str, values: Json) -> Json:
    """`view_submission`: a form with what was written in its fields, by their `block_id`."""
    state = {
        block["block_id"]: {block["element"]["action_id"]: {"value": values[block["block_id"]]}}
        for block in view["blocks"]
        if block["type"] == "input"
    }
    return {
        "type": "view_submission",
        "team": team(slack),
        "user": person(slack, user),
        "api_app_id": slack.app_id,
        "token": "verification-token",
        "trigger_id": identifier("trigger."),
        "view": view | {"id": identifier("V"), "state": {"values": state}},
        "response_urls": [],
        "is_enterprise_install": False,
        "enterprise": None,
    }


def whispered(ephemeral: Ephemeral) -> Json:
    """An ephemeral message as interactive payloads show it."""
    return {
        "type": "message",
        "ts": ephemeral.ts,
        "text": ephemeral.text,
        "blocks": ephemeral.blocks,
        "thread_ts": ephemeral.thread_ts,
        "is_ephemeral": True,
    }
