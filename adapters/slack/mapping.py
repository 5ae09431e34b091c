"""What an event of Slack's means to us. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters.chat.attachments import File, is_text
from adapters.chat.incoming import Asked, Deleted, Edited, Ignored, Incoming
from adapters.chat.policy import ChannelPolicy
from adapters.slack.api import Identity
from adapters.slack.text import calls_others, people, plain
from adapters.slack.threads import seconds_between
from core.model import Message, Question, SessionKey

PLATFORM = "slack"

TakesPart = Callable[[SessionKey], bool]
Json: TypeAlias = Mapping[str, Any]

_ELSEWHERE = Ignored("not in this channel")
_UNADDRESSED = Ignored("without a mention")

_SAID = frozenset({None, "file_share", "me_message", "thread_broadcast"})
"""The subtypes of messages that a person wrote; every other one is a notice of Slack's."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who we are, what holds where, and which sessions we take part in."""

    us: Identity
    policy: ChannelPolicy
    takes_part: TakesPart


def incoming(event: Json, place: Place, *, shared: bool = False) -> Incoming:
    """What a `message` or `app_mention` event is to us.

    `shared` is the delivery's `is_ext_shared_channel`. The same message gives the same question,
    whichever of the two events brings it.
    """
    channel = str(event.get("channel", ""))
    if not place.policy.admits(channel, shared=shared, direct=_direct(event)):
        return _ELSEWHERE
    subtype = event.get("subtype")
    if subtype == "message_changed":
        return _changed(event, place)
    if subtype == "message_deleted":
        return _deleted(event.get("previous_message"), event, place)
    return said(event, place)


def said(message: Json, place: Place) -> Incoming:
    """What a message is to us; it has its channel, and no more need be known of how it came."""
    if message.get("subtype") not in _SAID or not message.get("ts"):
        return Ignored("a notice of Slack's")
    if message.get("bot_id") or not message.get("user") or message["user"] == place.us.user:
        return Ignored("not from a person")
    if (why := _not_for_us(message, place)) is not None:
        return why
    return _asked(message, place)


def from_history(message: Json, place: Place, *, shared: bool) -> Incoming:
    """What a message of a channel's history is to us, which shows it as it is by now."""
    now, revision = incoming(message, place, shared=shared), _edit_of(message)
    if not revision or now == _ELSEWHERE:
        return now
    return _edited(message, revision, place, ours=place.takes_part(session_of(message, place)))


def session_of(message: Json, place: Place) -> SessionKey:
    """The conversation that a message belongs to: its thread, or the one that it opens."""
    thread = str(message.get("thread_ts") or message["ts"])
    return SessionKey(PLATFORM, place.us.team, str(message["channel"]), thread)


def thread_of(event: Json, place: Place) -> SessionKey | None:
    """The thread that the event's message is in, if it is in one."""
    inner = event.get("message") or event.get("previous_message")
    message = _placed(inner, event) if isinstance(inner, Mapping) else event
    return session_of(message, place) if message.get("thread_ts") else None


def spoken(messages: Sequence[Json], us: Identity) -> tuple[Message, ...]:
    """What was said in a thread, as the context of a question."""
    said_by_people = [m for m in messages if m.get("subtype") in _SAID and m.get("text")]
    return tuple(
        Message("assistant" if m.get("user") == us.user else "user", text)
        for m in said_by_people
        if (text := plain(str(m["text"]), us.user))
    )


def _not_for_us(message: Json, place: Place) -> Ignored | None:
    """Why a person's message is not for us; None when it is."""
    text, us, policy = str(message.get("text") or ""), place.us.user, place.policy
    if _direct(message) or us in people(text):
        return None
    if calls_others(text, us):
        return Ignored("to somebody else")
    if _in_thread(message):
        if policy.mention_only:
            return _UNADDRESSED
        ours = place.takes_part(session_of(message, place))
        return None if ours else Ignored("a thread of others")
    return None if message["channel"] in policy.auto_answer else _UNADDRESSED


def _asked(message: Json, place: Place) -> Asked:
    session = session_of(message, place)
    question = Question(
        session=session,
        message_id=str(message["ts"]),
        author=str(message["user"]),
        text=plain(str(message.get("text") or ""), place.us.user),
        scope=place.policy.scope_in(session.channel),
    )
    joins = _in_thread(message) and not place.takes_part(session)
    return Asked(question, tuple(map(_file, message.get("files") or ())), joins)


def _file(file: Json) -> File:
    name = str(file.get("name") or file.get("title") or "a file")
    url = str(file.get("url_private_download") or file.get("url_private") or "")
    size = file.get("size")
    text = file.get("mode") == "snippet" or is_text(str(file.get("mimetype") or ""))
    return File(name, url, text, size if isinstance(size, int) else 0)


def _changed(event: Json, place: Place) -> Incoming:
    message, before = event.get("message"), event.get("previous_message")
    if not isinstance(message, Mapping) or not isinstance(before, Mapping):
        return Ignored("a notice of Slack's")
    if message.get("subtype") == "tombstone":
        return _deleted(before, event, place)
    if message.get("text") == before.get("text"):
        return Ignored("the same text")  # Slack tells of unfurled links in this way
    revision = _edit_of(message) or str(event.get("event_ts") or "")
    ours = isinstance(said(_placed(before, event), place), Asked)
    return _edited(_placed(message, event), revision, place, ours=ours)


def _edit_of(message: Json) -> str:
    """When a message was edited last; empty when it never was."""
    edited = message.get("edited")
    return str(edited.get("ts") or "") if isinstance(edited, Mapping) else ""


def _edited(message: Json, revision: str, place: Place, *, ours: bool) -> Incoming:
    """What an edit is to us; with `ours` the message may have been a question before."""
    now = said(message, place)
    if not isinstance(now, Asked) and not (ours and now == _UNADDRESSED):
        return now
    asked = now if isinstance(now, Asked) else _asked(message, place)
    age = seconds_between(asked.question.message_id, revision)
    return Edited(asked, revision, age, addressed=isinstance(now, Asked))


def _deleted(message: object, event: Json, place: Place) -> Incoming:
    if not isinstance(message, Mapping) or not message.get("ts"):
        return Ignored("a notice of Slack's")
    gone = _placed(message, event)
    session = session_of(gone, place)
    if not place.takes_part(session) and isinstance(said(gone, place), Ignored):
        return Ignored("no question")
    if gone.get("bot_id") or gone.get("user") == place.us.user:
        return Ignored("not from a person")
    return Deleted(session, str(gone["ts"]))


def _placed(message: Json, event: Json) -> Json:
    """A message inside an event, which leaves out where it is."""
    where = {name: event.get(name) for name in ("channel", "channel_type")}
    return {**message, **where}


def _direct(message: Json) -> bool:
    kind, channel = message.get("channel_type"), str(message.get("channel", ""))
    return kind == "im" or (kind is None and channel.startswith("D"))


def _in_thread(message: Json) -> bool:
    return message.get("thread_ts") not in {None, message.get("ts")}
