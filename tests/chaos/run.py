"""A run of chaos, from its start to its report."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from core.backends.postgres import open_postgres
from tests.chaos.asking import People
from tests.chaos.bots import open_bots
from tests.chaos.dealing import Chaos
from tests.chaos.faults import deck
from tests.chaos.report import Report, report, settled
from tests.chaos.world import World, open_bouncer, open_world
from tests.support.clocks import LIBRARY, Clock
from tests.support.command import Shell
from tests.support.https_server import OPENSSL
from tests.support.pgbouncer import pgbouncer


@dataclass(frozen=True)
class Plan:
    """How much is asked of how many bots for how long, and how much goes wrong. In seconds.

    A run that is not `whole` is content with what is due and one other fault of each lane.
    """

    seed: int
    questions: int
    sessions: int
    asking: float
    gone: float
    settling: float
    private: int = 0
    whole: bool = True


@dataclass(frozen=True)
class Outcome:
    """The report, and the same for people to read."""

    report: Report
    table: str
    logs: str


async def run(plan: Plan) -> Outcome:
    """Everybody asks while everything fails; then all is well, and what was asked is looked up."""
    chance = random.Random(plan.seed)  # noqa: S311 - a test's
    async with AsyncExitStack() as stack:
        world, shell = await stack.enter_async_context(open_world())
        bounced = await stack.enter_async_context(open_bouncer(world, shell))
        people = People(world, random.Random(chance.random()))  # noqa: S311 - a test's
        people.gather(plan.sessions)
        clocks = _clocks(shell.folder) if LIBRARY else []
        bots = await stack.enter_async_context(open_bots(*_timed([shell, bounced], clocks)))
        quiet = asyncio.Event()
        cards = deck(world, bots, clocks, plan.gone, quiet)
        chaos = Chaos(cards, random.Random(chance.random()))  # noqa: S311 - a test's
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_ask(people, plan, quiet))
            tasks.create_task(chaos.reign(plan.asking, whole=plan.whole))
        made = await _judged(world, people, plan)
        if plan.whole:
            made.wrong += chaos.lacking()
        logs = b"".join(bot.log for bot in bots).decode()
    happened = {"bots behind PgBouncer": int(shell != bounced), **chaos.counts()}
    return Outcome(made, made.table(happened, _left_out()), logs)


def _clocks(folder: Path) -> list[Clock]:
    clocks = [Clock(folder / f"clock-{n}") for n in (1, 2)]
    for clock in clocks:
        clock.set_off(0.0)
    return clocks


def _timed(shells: list[Shell], clocks: list[Clock]) -> list[Shell]:
    """Each with a clock of its own, where there are some."""
    if not clocks:
        return shells
    return [
        replace(shell, variables={**shell.variables, **clock.variables})
        for shell, clock in zip(shells, clocks, strict=True)
    ]


async def _ask(people: People, plan: Plan, quiet: asyncio.Event) -> None:
    try:
        await people.ask(plan.questions, seconds=plan.asking, private=plan.private)
    finally:
        quiet.set()


async def _judged(world: World, people: People, plan: Plan) -> Report:
    async with open_postgres(world.postgres.dsn) as database:
        await settled(database, people, plan.settling)
        # What comes late would be seen as well.
        await asyncio.sleep(2.0)
        return await report(world, database, people)


def _left_out() -> list[str]:
    """What this machine cannot do."""
    needed = {
        "PgBouncer before one of the bots: it is not installed.": pgbouncer(),
        "clock jumps: libfaketime is not installed.": LIBRARY,
        "certificates, good ones and bad: OpenSSL is not installed.": OPENSSL,
    }
    return [what for what, there in needed.items() if there is None]
