"""The `chat.*` methods of the stand-in Slack, with the state of each message and stream."""

from __future__ import annotations

import time

from tests.support import slack_events as events
from tests.support.slack_limits import (
    MARKDOWN_CHARACTERS,
    TEXT_CHARACTERS,
    UPDATED_TEXT_CHARACTERS,
    check_blocks,
)
from tests.support.slack_state import Channel, Ephemeral, Json, Message, Refused, Slack


def post_message(slack: Slack, arguments: Json) -> Json:
    channel = _writable(slack, arguments["channel"])
    text, blocks = _content(arguments)
    message = slack.add(
        Message(
            channel.id,
            slack.new_ts(),
            slack.bot_user,
            text=text[:TEXT_CHARACTERS],
            blocks=blocks,
            thread_ts=_thread(slack, channel, arguments),
            bot=True,
            metadata=arguments.get("metadata"),
        )
    )
    slack.emit(events.posted(slack, message))
    return {"channel": channel.id, "ts": message.ts, "message": events.presented(slack, message)}


def update(slack: Slack, arguments: Json) -> Json:
    """Replaces what is given. Blocks that are not named stay, and still hide the text."""
    message = _own(slack, arguments, "cant_update_message")
    if message.streaming:
        raise Refused("streaming_state_conflict")
    if len(arguments.get("text") or "") > UPDATED_TEXT_CHARACTERS:
        raise Refused("msg_too_long")
    text, blocks = _content(arguments)
    before = events.presented(slack, message)
    message.text = text
    if "blocks" in arguments or "markdown_text" in arguments:
        message.blocks, message.streamed = blocks, None
    message.metadata = arguments.get("metadata", message.metadata)
    _edited(slack, message, before)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": events.presented(slack, message),
    }


def delete(slack: Slack, arguments: Json) -> Json:
    message = _own(slack, arguments, "cant_delete_message")
    if message.streaming:
        raise Refused("cant_delete_message")
    remove(slack, message)
    return {"channel": message.channel, "ts": message.ts}


def remove(slack: Slack, message: Message) -> None:
    """Takes a message away. A parent with replies leaves a tombstone, which is a change."""
    before = events.presented(slack, message)
    if slack.replies(message) and message.thread_ts in {None, message.ts}:
        message.subtype, message.user = "tombstone", "USLACKBOT"
        message.text, message.blocks = "This message was deleted.", []
        event = events.changed(slack, message, before)
    else:
        message.deleted = True
        event = events.deleted(slack, message, before)
    slack.touch()
    slack.emit(event)


def post_ephemeral(slack: Slack, arguments: Json) -> Json:
    channel = _writable(slack, arguments["channel"])
    if arguments["user"] not in slack.users:
        raise Refused("user_not_found")
    if channel.kind != "im" and arguments["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    text, blocks = _content(arguments)
    ts, thread = slack.new_ts(), arguments.get("thread_ts")
    slack.ephemerals.append(Ephemeral(channel.id, arguments["user"], text, blocks, ts, thread))
    slack.touch()
    return {"message_ts": ts}


def start_stream(slack: Slack, arguments: Json) -> Json:
    channel = _writable(slack, arguments["channel"])
    if not slack.can_stream:
        raise Refused(slack.stream_refusal)
    if channel.kind != "im":
        for name in ("recipient_team_id", "recipient_user_id"):
            if not arguments.get(name):
                raise Refused(f"missing_{name}")
    thread = _thread(slack, channel, arguments)
    if thread is None:
        raise Refused("invalid_arguments")
    message = Message(channel.id, slack.new_ts(), slack.bot_user, thread_ts=thread, bot=True)
    message.streamed, message.blocks = _streamed(arguments)
    message.stream_ends = time.monotonic() + slack.stream_seconds
    message.stream_idles = time.monotonic() + slack.stream_idle_seconds
    slack.add(message)
    slack.emit(events.posted(slack, message))
    return {"channel": channel.id, "ts": message.ts}


def append_stream(slack: Slack, arguments: Json) -> Json:
    message = _open_stream(slack, arguments)
    added, blocks = _streamed(arguments)
    if not added and not blocks:
        raise Refused("no_text")
    message.streamed = (message.streamed or "") + added
    message.blocks += blocks
    message.stream_idles = time.monotonic() + slack.stream_idle_seconds
    slack.touch()
    return {"channel": message.channel, "ts": message.ts}


def stop_stream(slack: Slack, arguments: Json) -> Json:
    message = _open_stream(slack, arguments)
    added, blocks = _streamed(arguments)
    blocks = [*message.blocks, *blocks, *(arguments.get("blocks") or [])]
    check_blocks(blocks)
    before = events.presented(slack, message)
    message.streamed = (message.streamed or "") + added
    message.blocks, message.stream_ends = blocks, None
    message.metadata = arguments.get("metadata")
    slack.touch()
    slack.emit(events.changed(slack, message, before))
    shown = events.presented(slack, message)
    return {"channel": message.channel, "ts": message.ts, "message": shown}


def _open_stream(slack: Slack, arguments: Json) -> Message:
    message = _own(slack, arguments, "message_not_owned_by_app")
    if not message.streaming:
        raise Refused("message_not_in_streaming_state")
    return message


def _streamed(arguments: Json) -> tuple[str, list[Json]]:
    """The text and the blocks of a call's chunks; tasks and plans are not shown here."""
    text, blocks = arguments.get("markdown_text") or "", []
    for chunk in arguments.get("chunks") or []:
        if chunk["type"] == "markdown_text":
            text += chunk["text"]
        elif chunk["type"] == "blocks":
            blocks += chunk["blocks"]
    if len(text) > MARKDOWN_CHARACTERS:
        raise Refused("msg_too_long")
    check_blocks(blocks)
    return text, blocks


def _content(arguments: Json) -> tuple[str, list[Json]]:
    """The text and the blocks, within Slack's limits; `markdown_text` becomes a block."""
    text, blocks = arguments.get("text") or "", list(arguments.get("blocks") or [])
    markdown = arguments.get("markdown_text")
    if markdown is not None and (text or blocks):
        raise Refused("markdown_text_conflict")
    if markdown:
        if len(markdown) > MARKDOWN_CHARACTERS:
            raise Refused("msg_too_long")
        blocks = [{"type": "markdown", "text": markdown}]
    if not text and not blocks and not arguments.get("attachments"):
        raise Refused("no_text")
    check_blocks(blocks)
    return text, blocks


def _thread(slack: Slack, channel: Channel, arguments: Json) -> str | None:
    thread: str | None = arguments.get("thread_ts")
    if thread is not None:
        parent = slack.message(channel.id, thread, "thread_not_found")
        return parent.thread_ts or parent.ts
    return None


def _own(slack: Slack, arguments: Json, error: str) -> Message:
    slack.channel(arguments["channel"])
    message = slack.message(arguments["channel"], arguments["ts"])
    if not message.bot:
        raise Refused(error)
    return message


def _writable(slack: Slack, channel: str) -> Channel:
    """The conversation, if the app may write there; a person's id opens the direct one."""
    found = slack.direct(channel) if channel in slack.users else slack.channel(channel)
    if found.archived:
        raise Refused("is_archived")
    if slack.bot_user not in found.members:
        raise Refused("not_in_channel")
    return found


def _edited(slack: Slack, message: Message, before: Json) -> None:
    message.edits += 1
    message.edited_ts = slack.new_ts()
    slack.touch()
    slack.emit(events.changed(slack, message, before))
