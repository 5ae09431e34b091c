"""An answer that grows in front of a person."""

from __future__ import annotations

from collections.abc import AsyncIterator

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.spinner import Spinner

from adapters.console.rendering import print_answer
from core.model import Answer, Answered, AnswerEvent, PassagesFound, Replaced, TextDelta


async def show_live(console: Console, events: AsyncIterator[AnswerEvent]) -> Answer:
    """Draws the events as they come, then leaves the finished answer on the screen."""
    waiting = Spinner("dots", "Searching the docs…")
    # What scrolls off the screen cannot be wiped: of a long answer, its beginning has to do.
    with Live(waiting, console=console, transient=True, vertical_overflow="ellipsis") as live:
        answer = await _draw(live, waiting, events)
    print_answer(console, answer)
    return answer


async def _draw(live: Live, waiting: Spinner, events: AsyncIterator[AnswerEvent]) -> Answer:
    text = ""
    async for event in events:
        match event:
            case PassagesFound(passages):
                waiting.update(text=f"Reading {len(passages)} passages…")
            case TextDelta(delta):
                text += delta
                live.update(Markdown(text))
            case Replaced(text):
                live.update(Markdown(text))
            case Answered(answer):
                # At its end, Rich would draw the whole text once more.
                live.update("")
                return answer
            case _:
                pass
    raise RuntimeError("The events of an answer end with Answered; these did not.")
