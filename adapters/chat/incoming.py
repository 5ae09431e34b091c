"""What a message of a chat platform means to us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from adapters.chat.attachments import File
from core.model import Question, SessionKey


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. `joins` says that we were called into a thread that we know nothing of."""

    question: Question
    files: tuple[File, ...] = ()
    joins: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """A question that may have been asked before, with its new text.

    `revision` is the platform's mark of the edit, which sorts after that of an earlier one; `age`
    the seconds since the message was written. `addressed`: it is a question by itself, even if
    its earlier text was none.
    """

    asked: Asked
    revision: str
    age: float
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
