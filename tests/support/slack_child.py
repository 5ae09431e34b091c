"""A bot in a process of its own, to be killed: `python -m tests.support.slack_child CONFIG`.

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
from dataclasses import asdict, dataclass, replace

from adapters.slack.pacing import Pacing
from core.backends.postgres import open_postgres
from tests.support.hanging_database import Hanging
from tests.support.slack_bot import DISPATCH, Answers, open_bot
from tests.support.slack_server import SlackWorkspace

UNDAUNTED = replace(DISPATCH, retry_pauses=(0.05,) * 10)
"""It gives no question up for being killed over it as often as a test does that."""


@dataclass(frozen=True)
class Child:
    """Where the bot works. `silent` answers wait for ever, as does recording when it `hangs`.

    `claims` makes the answer one that streams; `posting_interval` is between two messages in a
    channel.
    """

    dsn: str
    api_url: str
    bot_token: str
    app_token: str
    signing_secret: str = ""
    silent: bool = False
    hangs: bool = False
    claims: int = 0
    posting_interval: float = 0.0
    worker: str = "ours"


@asynccontextmanager
async def bot_process(
    workspace: SlackWorkspace, dsn: str, **how: object
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bot that listens, and is killed at the end if it was not before."""
    child = Child(
        dsn,
        workspace.api_url,
        workspace.bot_token,
        workspace.app_token,
        **how,  # type: ignore[arg-type]
    )
    command = (sys.executable, "-m", "tests.support.slack_child", json.dumps(asdict(child)))
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
        pacing = lambda: Pacing(posting_interval=child.posting_interval)  # noqa: E731 - made in the loop
        async with open_bot(
            child,
            database,
            answers=answers,
            pacing=pacing,
            settings=UNDAUNTED,
            worker=child.worker,
        ):
            os.write(1, b"listening\n")
            await stopped.wait()


if __name__ == "__main__":
    asyncio.run(_run(Child(**json.loads(sys.argv[1]))))
