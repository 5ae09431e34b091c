"""Draws docs/terminal.svg: a real chat, as the terminal shows it.

Usage: DOCS_FOLDER=… DOCS_BASE_URL=… DOCS_SLUGS=… python scripts/record_terminal.py QUESTION…
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from adapters.console.chat import PLATFORM, ConsoleChat, collect
from adapters.console.conversation import welcome
from adapters.console.rendering import print_answer
from bot.app import open_app
from bot.settings import load_settings
from core.ingestion.overview import read_overview
from core.model import Answer, AnswerEvent

TARGET = Path(__file__).resolve().parent.parent / "docs" / "terminal.svg"
WIDTH = 112


async def record(questions: Sequence[str]) -> str:
    """The chat as SVG. Docs that were not indexed yet are indexed first."""
    console = Console(file=io.StringIO(), record=True, width=WIDTH, force_terminal=True)

    async def show(events: AsyncIterator[AnswerEvent]) -> Answer:
        answer = await collect(events)
        print_answer(console, answer)
        return answer

    async with open_app(load_settings()) as app:
        await app.syncer.sync(app.sources)
        chat = ConsoleChat(show, app.scope)
        console.print("[green]$[/] make run")
        overview = await read_overview(app.database, app.scope)
        console.print(Text(welcome(overview), style="dim"))
        async with app.dispatcher({PLATFORM: chat}) as dispatcher:
            for question in questions:
                console.print(f"\n[bold cyan]›[/] {question}\n")
                await chat.ask(question, dispatcher.submit)
    return console.export_svg(title="docent", font_aspect_ratio=0.61)


def main() -> None:
    """Writes the picture, without the fonts that it would fetch."""
    svg = asyncio.run(record(sys.argv[1:]))
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    TARGET.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
