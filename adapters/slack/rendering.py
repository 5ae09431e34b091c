"""Answers as Slack shows them: blocks, and a plain text for notifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adapters.chat.evidence import NO_EVIDENCE, cited
from adapters.chat.links import NOT_YET_KNOWN, Links, address_in_link, links_of, links_to
from adapters.chat.wording import SEARCHING
from adapters.markdown import split
from adapters.slack.blocks import actions, button, notification, size_of, sources
from adapters.slack.composing import Page, compose, compose_plainly
from core.model import Answer, Passage

FEEDBACK_UP = "docent_feedback_up"
FEEDBACK_DOWN = "docent_feedback_down"
SHOW_EVIDENCE = "docent_show_evidence"
STOP = "docent_stop"
SHARE = "docent_share"
TRY = "docent_try"

_REST = "More of the answer"
_LONGEST_PASSAGE = 2_500
_ALL_PASSAGES = 10_000


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
    return [Message(notification(_markdown_of(page) or _REST), page.blocks) for page in pages]


def partial_messages(text: str, turn_id: UUID) -> list[Message]:
    """What was written so far; the last message has the button that stops it.

    Links come with the whole answer, when its citations are known, and tables as Slack's own.
    """
    pieces = compose_plainly(text, NOT_YET_KNOWN) or [SEARCHING]
    messages = [_message(piece) for piece in pieces]
    messages[-1].blocks.append(actions([_stop(turn_id)]))
    return messages


def evidence(answer: Answer, passages: Sequence[Passage]) -> Message:
    """The passages that the answer cites, quoted, each with its link and its date."""
    found = cited(answer, passages)
    if not found:
        return notice(NO_EVIDENCE)
    longest = min(_LONGEST_PASSAGE, _ALL_PASSAGES // len(found))
    entries = [_entry(n, passage, longest) for n, passage in found]
    links = links_to([passage for _, passage in found])
    pages = compose("\n\n".join(entries), links)
    while len(pages) > 1 and len(entries) > 1:
        entries.pop()
        pages = compose("\n\n".join(entries), links)
    return Message(notification(_markdown_of(pages[0])), pages[0].blocks)


def notice(text: str) -> Message:
    """A word from Docent itself; what is too long for one message is cut off."""
    return _message((compose_plainly(text, Links()) or ["…"])[0])


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


def _entry(n: int, passage: Passage, longest: int) -> str:
    place = " ".join(passage.place.split()) or passage.path
    label = "".join(f"\\{c}" if c in "\\[]`*_<>~" else c for c in place)
    heading = f"[{label}]({address_in_link(passage.url)})" if passage.url else label
    date = f" · as of {passage.date}" if passage.date else ""
    text, *more = split(passage.text, longest) or [""]
    quote = "\n".join(
        f"> {line}".rstrip() for line in [*text.split("\n"), *(["…"] if more else [])]
    )
    return f"({n}) **{heading}**{date}\n\n{quote}"
