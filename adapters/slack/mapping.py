"""What an event of Slack's means to us. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters.slack.api import Identity
from adapters.slack.policy import ChannelPolicy
from adapters.slack.text import calls_others, people, plain
from core.model import Message, Question, SessionKey

PLATFORM = "slack"

TakesPart = Callable[[SessionKey], bool]
Json: TypeAlias = Mapping[str, Any]

_SAID = frozenset({None, "file_share", "me_message", "thread_broadcast"})
"""The subtypes of messages that a person wrote; every other one is a notice of Slack's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. `joins` says that we were called into a thread that we know nothing of."""

    question: Question
    files: tuple[Json, ...] = ()
    joins: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """A question that may have been asked before, with its new text.

    `addressed`: it is a question by itself, even if its earlier text was none.
    """

    asked: Asked
    addressed: bool


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message that is gone, and with it its question, if it was one."""

    session: SessionKey
    message_id: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing for us; `reason` is for tests and the log."""

    reason: str


Incoming: TypeAlias = Asked | Edited | Deleted | Ignored


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
    if not _direct(event) and not place.policy.admits(channel, shared=shared):
        return Ignored("not in this channel")
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
        return Ignored(why)
    return _asked(message, place)


def session_of(message: Json, place: Place) -> SessionKey:
    """The conversation that a message belongs to: its thread, or the one that it opens."""
    thread = str(message.get("thread_ts") or message["ts"])
    return SessionKey(PLATFORM, place.us.team, str(message["channel"]), thread)


def spoken(messages: Sequence[Json], us: Identity) -> tuple[Message, ...]:
    """What was said in a thread, as the context of a question."""
    said_by_people = [m for m in messages if m.get("subtype") in _SAID and m.get("text")]
    return tuple(
        Message("assistant" if m.get("user") == us.user else "user", text)
        for m in said_by_people
        if (text := plain(str(m["text"]), us.user))
    )


def _not_for_us(message: Json, place: Place) -> str | None:
    """Why a person's message is not for us; None when it is."""
    text, us, policy = str(message.get("text") or ""), place.us.user, place.policy
    if _direct(message) or us in people(text):
        return None
    if calls_others(text, us):
        return "to somebody else"
    if _in_thread(message):
        if policy.mention_only:
            return "without a mention"
        return None if place.takes_part(session_of(message, place)) else "a thread of others"
    return None if message["channel"] in policy.auto_answer else "without a mention"


def _asked(message: Json, place: Place) -> Asked:
    session = session_of(message, place)
    question = Question(
        session=session,
        message_id=str(message["ts"]),
        author=str(message["user"]),
        text=plain(str(message.get("text") or ""), place.us.user),
        scope=place.policy.scope,
    )
    joins = _in_thread(message) and not place.takes_part(session)
    return Asked(question, tuple(message.get("files") or ()), joins)


def _changed(event: Json, place: Place) -> Incoming:
    message, before = event.get("message"), event.get("previous_message")
    if not isinstance(message, Mapping) or not isinstance(before, Mapping):
        return Ignored("a notice of Slack's")
    if message.get("subtype") == "tombstone":
        return _deleted(before, event, place)
    if message.get("text") == before.get("text"):
        return Ignored("the same text")  # Slack tells of unfurled links in this way
    now = said(_placed(message, event), place)
    if isinstance(now, Asked):
        return Edited(now, addressed=True)
    was = said(_placed(before, event), place)
    if isinstance(was, Asked) and now == Ignored("without a mention"):
        return Edited(_asked(_placed(message, event), place), addressed=False)
    return now


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
