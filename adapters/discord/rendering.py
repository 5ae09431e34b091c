"""Answers as Discord shows them: Markdown of its own kind, and buttons. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from adapters.chat.links import NO_LINKS, NOT_YET_KNOWN, Links, address_in_link, host_of, links_of
from adapters.chat.wording import SEARCHING
from adapters.discord.prose import escaped, safe_markdown
from adapters.discord.views import Button, Menu, Press
from adapters.markdown import DISCORD_MESSAGE, Table, as_text, split, with_tables
from core.answering.wording import NOT_PEER_REVIEWED, PEER_REVIEWED, peer_review
from core.model import Answer, Citation

_LONGEST_PLACE = 150
_LONGEST_URL = 500
_MOST = DISCORD_MESSAGE.characters


@dataclass(frozen=True, slots=True)
class Message:
    """One message: at most 2,000 characters, and the buttons and the menu under it."""

    text: str
    buttons: tuple[Button, ...] = ()
    menu: Menu | None = None


def answer_messages(
    answer: Answer, turn_id: UUID, *, private: bool = False, preface: str = ""
) -> list[Message]:
    """The answer in as few messages as hold it; the last has the sources and the buttons.

    `private` has it end with a button that shares it; `preface` stands above it.
    """
    pages = _pages(answer, preface)
    buttons = _reactions(answer, turn_id, private=private)
    return [*map(Message, pages[:-1]), Message(pages[-1], buttons)]


def partial_messages(text: str, turn_id: UUID, *, preface: str = "") -> list[Message]:
    """What was written so far; the last message has the button that stops it.

    Links come with the whole answer, when its citations are known.
    """
    pages = compose(_under(preface, text), NOT_YET_KNOWN) or [SEARCHING]
    return [*map(Message, pages[:-1]), Message(pages[-1], (Button(Press.STOP, turn_id),))]


def notice(text: str, links: Links = NO_LINKS) -> Message:
    """A word from Docent itself; what is too long for one message is cut off."""
    return Message((compose(text, links) or ["…"])[0])


def compose(text: str, links: Links) -> list[str]:
    """The text as Discord shows it, in pieces that each fit a message; tables as text."""
    parts = [as_text(p) if isinstance(p, Table) else p for p in with_tables(text)]
    return split(safe_markdown("\n\n".join(parts), links), _MOST)


def sources(citations: Sequence[Citation]) -> list[str]:
    """A line for each citation, in small print, and whether they are peer-reviewed."""
    alike = peer_review(citations)
    lines = ["-# **Sources**"]
    for citation in citations:
        mark = "" if alike else f" · {_review(citation)}"
        lines.append(f"-# [{citation.n}] {_link(citation)}{mark}")
    return [*lines, f"-# *{alike}*"] if alike else lines


def _under(preface: str, text: str) -> str:
    return f"{preface}\n\n{text}" if preface else text


def _pages(answer: Answer, preface: str) -> list[str]:
    """The answer with its sources; its marks are links unless those take another message."""
    text, links = _under(preface, answer.text), links_of(answer)
    marked = _with_sources(compose(text, links), answer.citations)
    if len(marked) == 1:
        return marked
    bare = _with_sources(compose(text, Links(links.hosts)), answer.citations)
    return marked if len(marked) <= len(bare) else bare


def _with_sources(pages: list[str], citations: Sequence[Citation]) -> list[str]:
    """The pages with the lines of the sources at their end, on further ones where need be."""
    pages = pages or [""]
    gap = "\n\n"
    for line in sources(citations) if citations else ():
        if len(pages[-1]) + len(gap) + len(line) > _MOST:
            pages.append(line)
        else:
            pages[-1] = f"{pages[-1]}{gap}{line}".lstrip("\n")
        gap = "\n"
    return [page or "…" for page in pages]


def _review(citation: Citation) -> str:
    return f"✓ {PEER_REVIEWED}" if citation.peer_reviewed else NOT_PEER_REVIEWED


def _link(citation: Citation) -> str:
    headings = (citation.title, *citation.heading_path)
    place = " › ".join(dict.fromkeys(" ".join(h.split()) for h in headings if h.strip()))
    place = place or citation.source
    shown = place if len(place) <= _LONGEST_PLACE else place[: _LONGEST_PLACE - 1] + "…"
    address = address_in_link(citation.url)
    if not host_of(citation.url) or len(address) > _LONGEST_URL:
        return escaped(shown)
    return f"[{escaped(shown)}]({address})"


def _reactions(answer: Answer, turn_id: UUID, *, private: bool) -> tuple[Button, ...]:
    presses = [Press.UP, Press.DOWN]
    if answer.citations:
        presses.append(Press.EVIDENCE)
    if private:
        presses.append(Press.SHARE)
    return tuple(Button(press, turn_id) for press in presses)
