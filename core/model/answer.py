"""What a reader is shown, while it is being made and once it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from core.model.generation import Usage
from core.model.search import Passage, Retrieval, Rung


@dataclass(frozen=True, slots=True)
class Citation:
    """A source of an answer: `n` is its mark in the text, `quote` what the section says."""

    n: int
    title: str
    heading_path: tuple[str, ...]
    url: str
    quote: str
    source: str
    peer_reviewed: bool


class Verdict(StrEnum):
    """What the check of a claim against the passages that it cites came to."""

    SUPPORTED = "supported"
    UNSETTLED = "unsettled"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that a model made: its text without marks, and what its check found.

    `support` is the probability in 0..1 that the passages say it; `passages` are the content
    hashes of those that it cites, after a wrong one was exchanged. `judged` says that the verdict
    is a model's, and not that of the words alone.
    """

    text: str
    verdict: Verdict
    support: float
    passages: tuple[str, ...] = ()
    judged: bool = False


class AnswerStatus(StrEnum):
    """`answered` by a model, `quoted` from the docs without one, `refused`, or `stopped` midway."""

    ANSWERED = "answered"
    QUOTED = "quoted"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer: Markdown with `[n]` marks, one citation per mark.

    `timings_ms` has history, embed, search, rerank, first_token, judge and total.
    """

    status: AnswerStatus
    text: str
    citations: tuple[Citation, ...]
    model: str | None
    generation: int
    usage: Usage
    timings_ms: Mapping[str, float]
    rungs: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """So many questions are taken up before this one."""

    before: int


@dataclass(frozen=True, slots=True)
class Searching:
    """The question was taken up."""


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """The search ended; a model is asked next, if there is one."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A checked claim, to be appended to what is shown."""

    text: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """The whole text so far; what is shown must be exchanged for it."""

    text: str


class Apology(StrEnum):
    """Why a word of apology stands where the answer should: it is to come, or was given up."""

    POSTPONED = "postponed"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Answered:
    """The last event. `answer.text` equals what the deltas and replacements showed.

    `claims` are those of the model that were checked, shown or not, in their order. `prompt` is
    the fingerprint of what the model was told; None where none was asked. `apology` says that this
    is no answer but a word of one.
    """

    answer: Answer
    retrieval: Retrieval
    claims: tuple[Claim, ...] = ()
    prompt: str | None = None
    apology: Apology | None = None


AnswerEvent: TypeAlias = Queued | Searching | PassagesFound | TextDelta | Replaced | Answered
