"""A chat with a person: what is typed is a question, or one of a few commands."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from types import FrameType
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

from adapters.console.chat import ConsoleChat
from adapters.console.lines import Tell
from core.answering.wording import EMPTY_CORPUS
from core.errors import ServiceError
from core.ingestion.overview import Overview
from core.model import Question

Handler: TypeAlias = Callable[[int, FrameType | None], Any] | int | None

LEAVING = "Ctrl-D ends the chat; ? shows help."
BEGUN_ANEW = "Your next question begins a new conversation."
HELP = """\
Ask in your own words. A question may refer to those before it.
  /new          begins a new conversation
  help, ?       shows this
  exit, quit    ends the chat, as Ctrl-D does
  Ctrl-C        stops the answer, or drops what you typed"""


_COMMAND: Final = re.compile(r"/[a-z-]+", re.IGNORECASE)
"""What is meant for one, and no question."""


class Command(Enum):
    """What can be typed besides a question."""

    NEW = auto()
    HELP = auto()
    LEAVE = auto()


COMMANDS = {
    "/new": Command.NEW,
    "?": Command.HELP,
    "help": Command.HELP,
    "/help": Command.HELP,
    "exit": Command.LEAVE,
    "/exit": Command.LEAVE,
    "quit": Command.LEAVE,
    "/quit": Command.LEAVE,
}


class Desk(Protocol):
    """Where questions are handed in: the Dispatcher."""

    async def submit(self, question: Question) -> bool:
        """Accepts a question."""

    async def cancel(self, turn_id: UUID) -> bool:
        """Ends an answer where it is."""


def welcome(overview: Overview | None) -> str:
    """What is answered from, and how to leave."""
    if overview is None or not overview.documents:
        return f"{EMPTY_CORPUS} {LEAVING}"
    *most, last = (
        f"{name} ({served.documents:,} document{'' if served.documents == 1 else 's'})"
        for name, served in overview.sources.items()
    )
    sources = f"{', '.join(most)} and {last}" if most else last
    return f"Answering from {sources}. {LEAVING}"


async def converse(chat: ConsoleChat, desk: Desk, lines: AsyncIterator[str], tell: Tell) -> None:
    """Asks line after line until they end or one says so; Ctrl-C stops the answer under way.

    Twice in an answer, it does what it did before. Between an answer and the next line, it is one
    too many and does nothing.
    """
    with _on_interrupt(lambda *_: None) as before:
        async for line in lines:
            match COMMANDS.get(line.lower()):
                case Command.LEAVE:
                    return
                case Command.HELP:
                    tell(HELP)
                case Command.NEW:
                    chat.begin_anew()
                    tell(BEGUN_ANEW)
                case None if _COMMAND.fullmatch(line):
                    tell(f"There is no {line}. ? shows what there is.")
                case None:
                    await _ask(chat, desk, line, tell, before)


async def _ask(chat: ConsoleChat, desk: Desk, line: str, tell: Tell, before: Handler) -> None:
    interrupted, loop = asyncio.Event(), asyncio.get_running_loop()

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        loop.call_soon_threadsafe(interrupted.set)

    stopping = asyncio.create_task(_stop(chat, desk, interrupted, tell))
    try:
        with _on_interrupt(interrupt):
            await chat.ask(line, desk.submit)
    finally:
        stopping.cancel()


async def _stop(chat: ConsoleChat, desk: Desk, interrupted: asyncio.Event, tell: Tell) -> None:
    await interrupted.wait()
    try:
        await chat.stop(desk.cancel)
    except ServiceError as error:
        tell(f"The answer could not be stopped. {error}")


@contextmanager
def _on_interrupt(handler: Handler) -> Iterator[Handler]:
    """Has Ctrl-C do this, and yields what it did before."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield before
    finally:
        signal.signal(signal.SIGINT, before)
