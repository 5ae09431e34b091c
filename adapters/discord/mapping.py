"""What a message of Discord's means to us. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapters.chat.incoming import Asked, Deleted, Edited, Ignored, Incoming
from adapters.discord.messages import Said
from adapters.discord.policy import DiscordPolicy
from core.model import Message, Question, SessionKey

PLATFORM = "discord"
DIRECT = "@me"
"""The workspace of direct messages, which are in no server."""

TakesPart = Callable[[SessionKey], bool]

_UNADDRESSED = Ignored("without a mention")
_OTHERS = Ignored("to somebody else")


@dataclass(frozen=True, slots=True)
class Place:
    """Who we are, what holds where, and which sessions we take part in. `us` is a user id."""

    us: str
    policy: DiscordPolicy
    takes_part: TakesPart


def incoming(said: Said, place: Place, *, chain: SessionKey | None = None) -> Incoming:
    """What a message that was written is to us.

    `chain` is the session of the answer of ours that it replies to, if it does and there is one.
    """
    if not said.spoken or said.author == place.us:
        return Ignored("not from a person")
    if (why := _not_for_us(said, place, chain)) is not None:
        return why
    return _asked(said, place, chain)


def edited(said: Said, place: Place, *, chain: SessionKey | None = None) -> Incoming:
    """What a message is to us that may have been edited, and may have been a question before."""
    if not said.revision:
        return Ignored("the same text")  # Discord tells of previews of links in this way
    now = incoming(said, place, chain=chain)
    # Without its mention it is shown to us only if we may read everything.
    before = now == _UNADDRESSED and said.text and place.takes_part(session_of(said, chain))
    if not isinstance(now, Asked) and not before:
        return now
    asked = now if isinstance(now, Asked) else _asked(said, place, chain)
    return Edited(asked, said.revision, said.age, addressed=isinstance(now, Asked))


def deleted(session: SessionKey, message_id: str, place: Place) -> Incoming:
    """What it is to us that a message is gone of which only the place is known."""
    if place.takes_part(session):
        return Deleted(session, message_id)
    return Ignored("no question")


def session_of(said: Said, chain: SessionKey | None = None) -> SessionKey:
    """The conversation that a message belongs to: its thread, or the one that it opens."""
    if said.guild is None:
        return SessionKey(PLATFORM, DIRECT, said.channel, said.channel)
    if said.in_thread:
        return SessionKey(PLATFORM, said.guild, said.parent, said.channel)
    return chain or SessionKey(PLATFORM, said.guild, said.channel, said.id)


def _not_for_us(said: Said, place: Place, chain: SessionKey | None) -> Ignored | None:
    """Why a person's message is not for us; None when it is."""
    policy = place.policy
    if said.guild is not None and not policy.admits_channel(said.places):
        return Ignored("not in this channel")
    if not policy.admits_person(said.roles):
        return Ignored("not for this person")
    if said.guild is None or said.calls_us:
        return None
    return _unaddressed(said, place, chain)


def _unaddressed(said: Said, place: Place, chain: SessionKey | None) -> Ignored | None:
    """The same of a message in a server that does not mention us in its text."""
    reply, policy = said.reply_to, place.policy
    if said.calls_others:
        return _OTHERS
    if said.pings_us or chain is not None or (reply is not None and reply.author == place.us):
        return None if said.text or said.files else _UNADDRESSED
    if reply is not None and reply.author != said.author:
        return _OTHERS
    if policy.auto_answers(said.places, said.roles):
        return None if said.text or said.title or said.files else _UNADDRESSED
    if not said.in_thread or not policy.follow_ups or not said.text:
        return _UNADDRESSED
    return None if place.takes_part(session_of(said)) else Ignored("a thread of others")


def _asked(said: Said, place: Place, chain: SessionKey | None) -> Asked:
    session, quoted = session_of(said, chain), said.reply_to
    joins = said.in_thread and not said.title and not place.takes_part(session)
    context: tuple[Message, ...] = ()
    if not joins and quoted is not None and quoted.text and quoted.author != place.us:
        context = (Message("user", quoted.text),)
    question = Question(
        session=session,
        message_id=said.id,
        author=said.author,
        text="\n\n".join(part for part in (said.title, said.text) if part),
        scope=place.policy.scope_in(said.places),
        context=context,
    )
    return Asked(question, said.files, joins)
