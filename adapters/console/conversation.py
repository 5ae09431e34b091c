"""A chat with a person: what is typed is a question, or one of a few commands."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

from adapters.console.chat import ConsoleChat
from adapters.console.lines import Tell
from core.answering.wording import EMPTY_CORPUS
from core.errors import ServiceError
from core.ingestion.overview import Overview
from core.model import Question

LEAVING = "Ctrl-D ends the chat; ? shows help."
BEGUN_ANEW = "Your next question begins a new conversation."
HELP = """\
Ask in your own words. A question may refer to those before it.
  /new          begins a new conversation
  help, ?       shows this
  exit, quit    ends the chat, as Ctrl-D does
  Ctrl-C        stops the answer, or drops what you typed"""


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
    """Asks line after line until they end or one says so; Ctrl-C stops the answer under way."""
    async for line in lines:
        match COMMANDS.get(line.lower()):
            case Command.LEAVE:
                return
            case Command.HELP:
                tell(HELP)
            case Command.NEW:
                chat.begin_anew()
                tell(BEGUN_ANEW)
            case None:
                await _ask(chat, desk, line, tell)


async def _ask(chat: ConsoleChat, desk: Desk, line: str, tell: Tell) -> None:
    with _first_interrupt() as interrupted:
        stopping = asyncio.create_task(_stop(chat, desk, interrupted, tell))
        try:
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
def _first_interrupt() -> Iterator[asyncio.Event]:
    """Set by the first Ctrl-C; a second one does what it did before."""
    interrupted, loop = asyncio.Event(), asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)

    def give_back() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)

    def interrupt() -> None:
        give_back()
        interrupted.set()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield interrupted
    finally:
        give_back()
