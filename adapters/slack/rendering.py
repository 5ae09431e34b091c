"""Answers as Slack shows them: blocks, and a plain text for notifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adapters.markdown import SLACK_MESSAGE, split, without_mentions
from core.model import Answer, AnswerEvent, Passage, PassagesFound, Searching

FEEDBACK_UP = "docent_feedback_up"
FEEDBACK_DOWN = "docent_feedback_down"
SHOW_EVIDENCE = "docent_show_evidence"
STOP = "docent_stop"
SHARE = "docent_share"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `text` for notifications and screen readers, `blocks` for everyone else."""

    text: str
    blocks: list[dict[str, Any]]


def answer_messages(
    answer: Answer, turn_id: UUID, *, writing: bool = False, private: bool = False
) -> list[Message]:
    """The answer in as few messages as hold it; the last has the sources and the buttons."""
    del private
    return _messages(answer.text, turn_id, [STOP] if writing else [FEEDBACK_UP, FEEDBACK_DOWN])


def partial_messages(text: str, turn_id: UUID) -> list[Message]:
    """What was written so far; the last message has the button that stops it."""
    return _messages(text, turn_id, [STOP])


def evidence(answer: Answer, passages: Sequence[Passage]) -> Message:
    """The passages that the answer cites, quoted, each with its link and its date."""
    del passages
    return notice("\n\n".join(f"> {c.quote}" for c in answer.citations))


def status_text(event: AnswerEvent) -> str:
    """What the bot is doing, in a few words."""
    match event:
        case Searching():
            return "Searching the docs…"
        case PassagesFound():
            return "Reading the docs…"
        case _:
            return "Writing…"


def notice(text: str) -> Message:
    """A word from Docent itself."""
    return Message(text, [{"type": "markdown", "text": without_mentions(text) or "…"}])


def _messages(text: str, turn_id: UUID, actions: list[str]) -> list[Message]:
    messages = [notice(part) for part in split(text, SLACK_MESSAGE.characters)] or [notice("…")]
    buttons = [
        {
            "type": "button",
            "action_id": action,
            "value": str(turn_id),
            "text": {"type": "plain_text", "text": action},
        }
        for action in actions
    ]
    messages[-1].blocks.append({"type": "actions", "elements": buttons})
    return messages
