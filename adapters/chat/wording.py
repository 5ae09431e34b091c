"""What Docent says of itself in a chat."""

from __future__ import annotations

from core.errors import DocentError, QuestionRefused
from core.model import AnswerEvent, PassagesFound, Queued, Searching

SEARCHING = "Searching the docs…"
LOST = "Sorry, I could not take this question. Please ask again in a moment."
NOT_HERE = "Docent is set up not to answer in this channel, so nothing was shared."
NOT_FROM_HERE = (
    "This answer is from docs that this channel may not be answered from, so it is not shown here."
)

NOTHING_TO_FORGET = "There is nothing of yours to forget."


def failed(exc: DocentError) -> str:
    """That what a person did had no effect, why, and what to do."""
    reason = str(exc).removesuffix(".")
    return f"Sorry, that did not work. {reason}. {exc.hint or 'Please try again in a moment.'}"


def refused(exc: QuestionRefused) -> str:
    """Why a question is not taken, and when or how to ask again."""
    return f"{exc} {exc.hint}"


def forgotten(questions: int) -> str:
    """How much was deleted."""
    if not questions:
        return NOTHING_TO_FORGET
    if questions == 1:
        what = "1 question of yours and its answer"
    else:
        what = f"{questions} questions of yours and their answers"
    return f"Forgotten: {what}. What I posted is being deleted."


def stale(section: str, *, gone: bool) -> str:
    """That a section, named in Markdown, is no longer what an answer cited."""
    what = "is no longer in the docs" if gone else "has changed since"
    again = "ask me again for an answer from the docs as they are now"
    return f"Heads-up: {section}, which I cited here, {what}; {again}."


def queued(before: int) -> str:
    """How long the line is."""
    waiting = "1 question is" if before == 1 else f"{before} questions are"
    return f"{waiting} before yours…"


def status_text(event: AnswerEvent) -> str:
    """What the bot is doing, in a few words."""
    match event:
        case Queued(before):
            return queued(before)
        case Searching():
            return SEARCHING
        case PassagesFound(passages):
            return f"Reading {len(passages)} passages…" if len(passages) > 1 else "Reading…"
        case _:
            return "Writing…"
