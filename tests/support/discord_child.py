"""A bot in a process of its own, to be killed: `python -m tests.support.discord_child CONFIG`.

CONFIG is JSON: the `Child` below. It prints a line once it listens.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

from bot.memory import settle
from core.backends.postgres import open_postgres
from tests.support.discord_bot import open_bot
from tests.support.discord_server import DiscordGuild
from tests.support.hanging_database import Hanging
from tests.support.slack_bot import Answers

_STEP = 0.005


@dataclass(frozen=True)
class Child:
    """Where the bot works. `silent` answers wait for ever, as does recording when it `hangs`.

    `claims` makes the answer one that streams. One that is `watched` prints at its end for how
    many seconds the event loop was blocked, each time that it was for long.
    """

    dsn: str
    api_url: str
    token: str
    silent: bool = False
    hangs: bool = False
    claims: int = 0
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


async def _run(child: Child) -> None:
    answers = Answers([f" Claim {n}." for n in range(child.claims)], silent=child.silent)
    answers.slow = child.claims > 0
    if not child.silent:
        answers.step(1_000_000)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with open_postgres(child.dsn) as postgres:
        database = Hanging(postgres) if child.hangs else postgres
        async with open_bot(child, database, answers=answers):
            settle()
            os.write(1, b"listening\n")
            watching = asyncio.create_task(_watch()) if child.watched else None
            await stopped.wait()
            if watching is not None:
                watching.cancel()


async def _watch() -> None:
    """Tells for how long nothing else could run."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await asyncio.sleep(_STEP)
        late = loop.time() - began - _STEP
        if late > _STEP:
            os.write(1, f"{late}\n".encode())


if __name__ == "__main__":
    asyncio.run(_run(Child(**json.loads(sys.argv[1]))))
