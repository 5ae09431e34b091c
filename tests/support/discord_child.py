"""A bot in a process of its own, to be killed: `python -m tests.support.discord_child CONFIG`.

CONFIG is JSON: the `Child` below. It prints a line once it listens.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bot.memory import settle
from core.backends.postgres import open_postgres
from tests.support.discord_bot import open_bot
from tests.support.discord_server import DiscordGuild
from tests.support.hanging_database import Hanging
from tests.support.loop_watch import timed_loop
from tests.support.slack_bot import Answers
from tests.support.slack_child import UNDAUNTED

_LONG = 0.001


@dataclass(frozen=True)
class Child:
    """Where the bot works. `silent` answers wait for ever, as does recording when it `hangs`.

    `claims` makes the answer one that streams. `journal` is the folder of the bot's journal. One
    that is `watched` prints at its end for how many seconds the event loop was blocked, each time
    that it was for long.
    """

    dsn: str
    api_url: str
    token: str
    silent: bool = False
    hangs: bool = False
    claims: int = 0
    journal: str | None = None
    watched: bool = False


@asynccontextmanager
async def bot_process(
    guild: DiscordGuild, dsn: str, **how: object
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bot that listens, and is killed at the end if it was not before."""
    child = Child(dsn, guild.api_url, guild.token, **how)  # type: ignore[arg-type]
    command = (sys.executable, "-m", "tests.support.discord_child", json.dumps(asdict(child)))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"listening\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _run(child: Child, begin: Callable[[], None]) -> None:
    answers = Answers([f" Claim {n}." for n in range(child.claims)], silent=child.silent)
    answers.slow = child.claims > 0
    if not child.silent:
        answers.step(1_000_000)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with open_postgres(child.dsn) as postgres:
        database = Hanging(postgres) if child.hangs else postgres
        journal = None if child.journal is None else Path(child.journal)
        async with open_bot(child, database, answers=answers, settings=UNDAUNTED, journal=journal):
            settle()
            begin()
            os.write(1, b"listening\n")
            await stopped.wait()


def _main(child: Child) -> None:
    """Runs it; one that is watched tells of its loop from when it listens."""
    blocked: list[float] = []

    def note(seconds: float) -> None:
        if seconds > _LONG:
            blocked.append(seconds)

    factory = partial(timed_loop, note) if child.watched else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_run(child, blocked.clear))
    print(*blocked)  # noqa: T201 - what is asked of it


if __name__ == "__main__":
    _main(Child(**json.loads(sys.argv[1])))
