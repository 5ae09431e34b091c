"""Who asks what, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from core.model.corpus import Corpus


@dataclass(frozen=True, slots=True)
class SessionKey:
    """One conversation: `thread` is the platform's id of it, never empty."""

    platform: str
    workspace: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True)
class Scope:
    """The sources that a place may be answered from; None admits every one, private ones too."""

    sources: frozenset[str] | None = None

    def admits(self, sources: Iterable[str]) -> bool:
        """Whether what was made from all of these may be shown there."""
        return self.sources is None or self.sources.issuperset(sources)

    def within(self, other: Scope) -> Scope:
        """What both admit."""
        if self.sources is None or other.sources is None:
            return other if self.sources is None else self
        return Scope(self.sources & other.sources)


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance of a conversation, as Markdown."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asked. `(session's platform, workspace, channel, message_id)` is unique.

    `context` is what was said in the thread before the bot came in, oldest first.
    """

    session: SessionKey
    message_id: str
    author: str
    text: str
    scope: Scope = EVERYTHING
    context: tuple[Message, ...] = ()


class Wanted(StrEnum):
    """What people want of a question: it `answered`, its answer `stopped`, or it `withdrawn`."""

    ANSWERED = "answered"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Turn:
    """An accepted question that this worker holds a lease on.

    `token` fences it: a store made with another worker's token raises LeaseLost.
    `attempt` counts from 1. `followed` says that other turns of the session waited when this one
    was claimed.
    """

    id: UUID
    question: Question
    token: UUID
    attempt: int
    wanted: Wanted = Wanted.ANSWERED
    followed: bool = True


@dataclass(frozen=True, slots=True)
class SessionState:
    """What an answer starts from: the conversation so far, oldest first, and the served corpus.

    `corpus` is None until the first sync ended.
    """

    messages: tuple[Message, ...]
    corpus: Corpus | None
