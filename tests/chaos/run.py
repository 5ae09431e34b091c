"""A run of chaos, from its start to its report."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from core.backends.postgres import open_postgres
from tests.chaos.asking import People
from tests.chaos.bots import open_bots
from tests.chaos.faults import Chaos
from tests.chaos.report import Report, report, settled
from tests.chaos.world import open_bouncer, open_world


@dataclass(frozen=True)
class Plan:
    """How much is asked of how many bots for how long, and how much goes wrong. In seconds."""

    seed: int
    questions: int
    sessions: int
    asking: float
    every: float
    gone: float
    settling: float
    private: int = 0


@dataclass(frozen=True)
class Outcome:
    """The report, and the same for people to read."""

    report: Report
    table: str
    logs: str


async def run(plan: Plan) -> Outcome:
    """Everybody asks while everything fails; then all is well, and what was asked is looked up."""
    chance = random.Random(plan.seed)  # noqa: S311 - a test's
    async with open_world() as (world, shell), open_bouncer(world, shell) as bounced:
        people = People(world, random.Random(chance.random()))  # noqa: S311 - a test's
        people.gather(plan.sessions)
        async with open_bots(shell, bounced) as bots:
            chaos = Chaos(world, bots, random.Random(chance.random()), plan.gone)  # noqa: S311
            chaos.happened["bots behind PgBouncer"] = int(shell != bounced)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(
                    people.ask(plan.questions, seconds=plan.asking, private=plan.private)
                )
                tasks.create_task(chaos.reign(plan.asking, every=plan.every))
            async with open_postgres(world.postgres.dsn) as database:
                await settled(database, people, plan.settling)
                # What comes late would be seen as well.
                await asyncio.sleep(2.0)
                made = await report(world, database, people)
            logs = b"".join(bot.log for bot in bots).decode()
    return Outcome(made, made.table(chaos.happened), logs)
