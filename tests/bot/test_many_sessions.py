"""A thousand conversations at once, whose models take their time: what each costs in memory."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.app import assemble
from bot.parts import App, Embedding
from bot.settings import Settings
from bot.settings.source import SourceSettings
from core.answering.dispatcher import Dispatcher, DispatcherSettings
from core.backends.postgres import Postgres
from core.backends.qdrant_edge import open_edge
from core.model import (
    Answered,
    ModelEvent,
    ModelFinished,
    ModelStarted,
    ModelText,
    Prompt,
    Question,
    SessionKey,
)
from tests.support.desk import Reader, until
from tests.support.embedder import HashingEmbedder

SESSIONS, WARMING = 1000, 100
MOST_EACH = 100 * 1024
SECTIONS = 60
_STATM = Path("/proc/self/statm")
WORDS = "The valve of the reactor opens at a pressure that its keeper has written down. "


@dataclass
class SlowModel:
    """Begins to write, and goes on once `go` is set."""

    writing: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        yield ModelStarted("slow")
        yield ModelText("The valve of the reactor opens [1].\n\n")
        self.writing += 1
        await self.go.wait()
        yield ModelText("So it is written down [1].")
        yield ModelFinished("slow")


@dataclass
class Crowd:
    """People who ask in sessions of their own."""

    app: App
    model: SlowModel
    reader: Reader

    async def ask(self, dispatcher: Dispatcher, first: int, sessions: int) -> None:
        """Returns when every one of them has a part of an answer."""
        self.model.go.clear()
        self.model.writing = 0
        for n in range(first, first + sessions):
            session = SessionKey("slack", "", "", str(n))
            text = f"At which pressure does valve {n % SECTIONS} of the reactor open?"
            await dispatcher.submit(Question(session, str(n), "somebody", text))
        await until(lambda: self.model.writing == sessions, seconds=100)

    async def hear(self, answers: int) -> None:
        """Returns when all that was asked is answered, and stored."""
        self.model.go.set()
        await until(lambda: len(self.reader.read) == answers, seconds=100)
        async with asyncio.timeout(100):
            query = "SELECT FROM turns WHERE status = 'accepted' LIMIT 1"
            while await self.app.database.fetch(query):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)


def _resident() -> int:
    """Bytes of memory that this process has."""
    gc.collect()
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _alive() -> int:
    """How many values of a question that is being answered are still held."""
    gc.collect()
    return sum(isinstance(each, Prompt | Question | Answered) for each in gc.get_objects())


@pytest.mark.skipif(not _STATM.exists(), reason="only Linux tells the memory of a process so")
@pytest.mark.timeout(300)
async def test_a_session_costs_less_than_100_kilobytes_and_leaves_nothing(
    database: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    sections = (f"## Valve {n}\n\n{WORDS * 20}\n" for n in range(SECTIONS))
    (tmp_path / "docs" / "valves.md").write_text("\n".join(sections), "utf-8")
    settings = Settings(sources=(SourceSettings(name="docs", folder=tmp_path / "docs"),))
    pace = DispatcherSettings(running=SESSIONS, claimed=SESSIONS, watch_pause=60.0)
    async with open_edge(tmp_path / "index") as index:
        model, reader = SlowModel(), Reader()
        app = await assemble(settings, index, database, Embedding(HashingEmbedder()), [model])
        await app.syncer.sync(app.sources)
        crowd = Crowd(app, model, reader)
        async with app.dispatcher({"slack": reader}, pace) as dispatcher:
            await crowd.ask(dispatcher, 0, WARMING)
            await crowd.hear(WARMING)
            await dispatcher.settle(60)
            before, tasks, alive = _resident(), len(asyncio.all_tasks()), _alive()
            await crowd.ask(dispatcher, WARMING, SESSIONS)
            each = (_resident() - before) / SESSIONS
            await crowd.hear(WARMING + SESSIONS)
            await dispatcher.settle(60)
            await until(lambda: len(asyncio.all_tasks()) <= tasks)
            assert dispatcher._calls == {}
            assert _alive() <= alive
    with capsys.disabled():
        print(f"\n{SESSIONS} sessions: {each / 1024:.1f} KB each")  # noqa: T201 - the figure
    assert each < MOST_EACH
