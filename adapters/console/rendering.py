"""An answer as the terminal shows it: plain text, Rich, or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from core.model import Answer, Citation

NOT_PEER_REVIEWED = "not peer-reviewed"


def answer_as_json(answer: Answer) -> dict[str, Any]:
    """The object that `docent ask --json` prints."""
    return {
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
    """`[1] Title › Section`, and whether it is peer-reviewed."""
    headings = " › ".join(dict.fromkeys([citation.title, *citation.heading_path]))
    flag = "" if citation.peer_reviewed else f" ({NOT_PEER_REVIEWED})"
    return f"[{citation.n}] {headings}{flag}"


def answer_as_text(answer: Answer) -> str:
    """Markdown with the sources under it, for a pipe or a file."""
    lines = [f"{place(citation)} — {citation.url}" for citation in answer.citations]
    return "\n\n".join(filter(None, [answer.text, "\n".join(lines)]))


def print_answer(console: Console, answer: Answer) -> None:
    """The same for a person at a terminal."""
    console.print(Markdown(answer.text))
    if answer.citations:
        console.print()
    for citation in answer.citations:
        console.print(Text(place(citation), style="dim"))
        # An address that is broken over two lines cannot be clicked.
        console.print(Text(f"    {citation.url}", style="dim cyan"), soft_wrap=True)
