"""The people of both platforms, who ask without waiting for answers."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from itertools import product

from adapters.slack.manifest import ASK
from tests.chaos.world import PARTS, World
from tests.support.slack_delivery import Delivery

_SESSIONS_A_CHANNEL = 2

_ENDINGS = ["".join(marks) for length in range(1, 6) for marks in product("?!", repeat=length)]
"""Nobody asks the same in the same words, so that what is remembered of others tells nothing."""


@dataclass(frozen=True)
class Asked:
    """A question: the id of its message, the part of the docs that it is about, and when it came.

    `at` is in seconds since 1970.
    """

    message: str
    part: int
    at: float


@dataclass
class Session:
    """A conversation: its platform, and where the stand-in keeps it."""

    platform: str
    channel: str
    thread: str = ""
    asked: list[Asked] = field(default_factory=list)


@dataclass(frozen=True)
class Command:
    """A question whose answer only this person sees, and nobody finds again."""

    person: str
    part: int
    delivery: Delivery


@dataclass
class People:
    """`sessions` and `commands` as they ask."""

    world: World
    chance: random.Random
    sessions: list[Session] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def gather(self, sessions: int) -> None:
        """Half of them in threads of Slack, half in direct messages on Discord."""
        for n in range(sessions // 2):
            name = f"room-{n // _SESSIONS_A_CHANNEL}"
            if n % _SESSIONS_A_CHANNEL == 0:
                channel = self.world.slack.add_channel(name)
            else:
                channel = self.sessions[-1].channel
            self.sessions.append(Session("slack", channel))
        for n in range(sessions - sessions // 2):
            person = str(2_000_000_000_000_000_000 + n)
            self.world.discord.add_user(person, f"person-{n}")
            self.sessions.append(Session("discord", person))

    async def ask(self, questions: int, *, seconds: float, private: int) -> None:
        """So many in all, spread over the time."""
        each = questions // len(self.sessions)
        async with asyncio.TaskGroup() as tasks:
            for session in self.sessions:
                tasks.create_task(self._talk(session, each, seconds))
            for n in range(private):
                tasks.create_task(self._whisper(n, self.chance.uniform(0, seconds)))

    async def _talk(self, session: Session, questions: int, seconds: float) -> None:
        moments = sorted(self.chance.uniform(0, seconds) for _ in range(questions))
        parts = self.chance.sample(range(PARTS), questions)
        began = asyncio.get_running_loop().time()
        for moment, part in zip(moments, parts, strict=True):
            await asyncio.sleep(began + moment - asyncio.get_running_loop().time())
            text = self._question(part)
            at = time.time()
            session.asked.append(Asked(await self._say(session, text), part, at))

    async def _say(self, session: Session, text: str) -> str:
        if session.platform == "discord":
            return await self.world.discord.dm(session.channel, text)
        thread = session.thread or None
        ts = await self.world.slack.mention(session.channel, text, thread_ts=thread)
        session.thread = session.thread or ts
        return ts

    async def _whisper(self, n: int, after: float) -> None:
        await asyncio.sleep(after)
        person, part, slack = f"U0WHISPERER{n}", n % PARTS, self.world.slack
        slack.slack.add_user(person, f"whisperer-{n}")
        slack.slack.channels[slack.general].members.append(person)
        delivery = await slack.command(ASK, self._question(part), user=person)
        self.commands.append(Command(person, part, delivery))

    def _question(self, part: int) -> str:
        return f"What is the reactor of part {part} called{self.chance.choice(_ENDINGS)}"
