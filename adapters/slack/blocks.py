"""The blocks that stand under an answer, and the plain text that stands for one."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.chat.links import address_in_link, host_of
from adapters.markdown import plain_text, without_mention_tokens
from adapters.slack.tables import Block
from core.answering.wording import NOT_PEER_REVIEWED, PEER_REVIEWED, peer_review
from core.model import Citation

_LONGEST_NOTICE = 3_000
_LONGEST_PLACE = 150
_LONGEST_URL = 3_000


def button(label: str, action: str, value: str, *, spoken: str = "") -> Block:
    """A button; `spoken` is what a screen reader says of one that has a sign for a label."""
    shown = {"type": "plain_text", "text": label, "emoji": True}
    block: Block = {"type": "button", "action_id": action, "value": value, "text": shown}
    return {**block, "accessibility_label": spoken} if spoken else block


def actions(buttons: Sequence[Block]) -> Block:
    """The buttons in a row."""
    return {"type": "actions", "elements": list(buttons)}


def sources(citations: Sequence[Citation]) -> Block:
    """A line for each citation, and whether they are peer-reviewed.

    As rich text: a title can say what it likes, nothing parses it.
    """
    elements: list[Block] = [{"type": "text", "text": "Sources", "style": {"bold": True}}]
    alike = peer_review(citations)
    for citation in citations:
        elements.append({"type": "text", "text": f"\n({citation.n}) "})
        elements.append(_link(_place(citation), citation.url))
        if not alike:
            mark = f"✓ {PEER_REVIEWED}" if citation.peer_reviewed else NOT_PEER_REVIEWED
            elements.append({"type": "text", "text": f" · {mark}"})
    if alike:
        elements.append({"type": "text", "text": f"\n{alike}", "style": {"italic": True}})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}


def size_of(block: Block) -> int:
    """The characters that a block of sources shows."""
    return sum(len(e["text"]) for section in block["elements"] for e in section["elements"])


def notification(markdown: str) -> str:
    """The text for notifications and screen readers, with Slack's three signs escaped."""
    text = plain_text(markdown).strip() or "…"
    if len(text) > _LONGEST_NOTICE:
        text = text[: _LONGEST_NOTICE - 1] + "…"
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _place(citation: Citation) -> str:
    headings = (citation.title, *citation.heading_path)
    place = " › ".join(dict.fromkeys(" ".join(h.split()) for h in headings if h.strip()))
    place = without_mention_tokens(place or citation.source)
    return place if len(place) <= _LONGEST_PLACE else place[: _LONGEST_PLACE - 1] + "…"


def _link(text: str, url: str) -> Block:
    if host_of(url) and len(address_in_link(url)) <= _LONGEST_URL:
        return {"type": "link", "text": text, "url": address_in_link(url)}
    return {"type": "text", "text": text}
