"""Answers as Slack shows them: blocks, and a plain text for notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adapters.chat.links import NO_LINKS, NOT_YET_KNOWN, Links, links_of
from adapters.chat.wording import SEARCHING
from adapters.slack.blocks import actions, button, notification, size_of, sources
from adapters.slack.composing import Page, compose, compose_plainly
from core.model import Answer

FEEDBACK_UP = "docent_feedback_up"
FEEDBACK_DOWN = "docent_feedback_down"
SHOW_EVIDENCE = "docent_show_evidence"
STOP = "docent_stop"
SHARE = "docent_share"
TRY = "docent_try"

_REST = "More of the answer"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `text` for notifications and screen readers, `blocks` for everyone else."""

    text: str
    blocks: list[dict[str, Any]]


def answer_messages(
    answer: Answer, turn_id: UUID, *, writing: bool = False, private: bool = False
) -> list[Message]:
    """The answer in as few messages as hold it; the last has the sources and the buttons.

    `writing` has it end with a button that stops it, `private` with one that shares it.
    """
    pages = compose(answer.text, links_of(answer)) or [Page()]
    if answer.citations:
        listed = sources(answer.citations)
        if not pages[-1].takes(size_of(listed)):
            pages.append(Page())
        pages[-1] = pages[-1].with_block(listed, size_of(listed))
    buttons = [_stop(turn_id)] if writing else _reactions(answer, turn_id, private=private)
    pages[-1] = pages[-1].with_block(actions(buttons), 0)
    return [message_of(page) for page in pages]


def partial_messages(text: str, turn_id: UUID) -> list[Message]:
    """What was written so far; the last message has the button that stops it.

    Links come with the whole answer, when its citations are known, and tables as Slack's own.
    """
    pieces = compose_plainly(text, NOT_YET_KNOWN) or [SEARCHING]
    messages = [_message(piece) for piece in pieces]
    messages[-1].blocks.append(actions([_stop(turn_id)]))
    return messages


def notice(text: str, links: Links = NO_LINKS) -> Message:
    """A word from Docent itself; what is too long for one message is cut off."""
    return _message((compose_plainly(text, links) or ["…"])[0])


def message_of(page: Page) -> Message:
    """The page with the text that stands for it."""
    return Message(notification(_markdown_of(page) or _REST), page.blocks)


def _message(markdown: str) -> Message:
    return Message(notification(markdown), [{"type": "markdown", "text": markdown}])


def _markdown_of(page: Page) -> str:
    return "\n\n".join(block["text"] for block in page.blocks if block["type"] == "markdown")


def _stop(turn_id: UUID) -> dict[str, Any]:
    return button("Stop", STOP, str(turn_id))


def _reactions(answer: Answer, turn_id: UUID, *, private: bool) -> list[dict[str, Any]]:
    value = str(turn_id)
    buttons = [
        button("👍", FEEDBACK_UP, value, spoken="This answer helped"),
        button("👎", FEEDBACK_DOWN, value, spoken="This answer did not help"),
    ]
    if answer.citations:
        buttons.append(button("Show evidence", SHOW_EVIDENCE, value))
    if private:
        buttons.append(button("Share to channel", SHARE, value))
    return buttons
