"""An answer as the terminal shows it: plain text, Rich, or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from markdown_it import MarkdownIt
from rich.console import Console
from rich.markdown import Markdown
from rich.style import Style
from rich.text import Text

from core.answering.wording import NOT_PEER_REVIEWED, peer_review
from core.model import Answer, AnswerStatus, Citation
from core.text.unicode import visible


def answer_as_json(answer: Answer, turn_id: UUID) -> dict[str, Any]:
    """The object that `docent ask --json` prints; `docent trace` finds the turn by its id."""
    return {
        "turn": str(turn_id),
        "status": answer.status.value,
        "text": answer.text,
        "citations": [asdict(citation) for citation in answer.citations],
        "model": answer.model,
        "generation": answer.generation,
        "usage": asdict(answer.usage),
        "timings_ms": {step: round(ms, 2) for step, ms in answer.timings_ms.items()},
        "rungs": [rung.value for rung in answer.rungs],
    }


def place(citation: Citation) -> str:
    """`[1] Title › Section`."""
    headings = " › ".join(dict.fromkeys([citation.title, *citation.heading_path]))
    return f"[{citation.n}] {visible(headings)}"


def places(citations: Sequence[Citation]) -> list[str]:
    """Where each citation stands, with a flag on those that are no peer-reviewed source.

    Where they are alike, nobody needs the flag on every line: `peer_review` says it once.
    """
    alike = peer_review(citations) != ""
    return [
        place(each) if alike or each.peer_reviewed else f"{place(each)} ({NOT_PEER_REVIEWED})"
        for each in citations
    ]


def answer_as_text(answer: Answer) -> str:
    """Markdown with the sources under it, for a pipe or a file."""
    cited = answer.citations
    lines = [f"{line} — {each.url}" for line, each in zip(places(cited), cited, strict=True)]
    sources = filter(None, [*lines, peer_review(cited)])
    return "\n\n".join(filter(None, [answer.text, "\n".join(sources)]))


def print_answer(console: Console, answer: Answer) -> None:
    """The same for a person at a terminal."""
    cited = answer.citations
    if answer.status is AnswerStatus.REFUSED:
        _print_refusal(console, answer.text)
    else:
        console.print(Markdown(answer.text))
    if cited:
        console.print()
    for line, citation in zip(places(cited), cited, strict=True):
        _print_source(console, line, citation.url, style="dim")
    if note := peer_review(cited):
        console.print(Text(note, style="dim"))


def _print_refusal(console: Console, text: str) -> None:
    """Markdown shows the name of a link alone: what a refusal leads to needs its address too."""
    words, *sections = text.split("\n- ")
    console.print(Markdown(words))
    if sections:
        console.print()
    for section in sections:
        name, url = _link(section)
        _print_source(console, f"  • {name}", url)


def _link(markdown: str) -> tuple[str, str]:
    """What a text says, and the address that it leads to."""
    (paragraph,) = MarkdownIt("commonmark", {"html": False}).parseInline(markdown)
    tokens = paragraph.children or []
    urls = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    return "".join(token.content for token in tokens), "".join(urls[:1])


def _print_source(console: Console, line: str, url: str, *, style: str = "") -> None:
    on_the_web = url if "://" in url else None
    console.print(Text(line, style=Style.parse(style) + Style(link=on_the_web)))
    if url:
        # An address that is broken over two lines cannot be clicked.
        console.print(Text(f"    {url}", style="dim cyan"), soft_wrap=True)
