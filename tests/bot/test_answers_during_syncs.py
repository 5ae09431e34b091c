"""Questions that are asked all through syncs, which flip a document between two editions.

`make sync-chaos` flips it fifty times.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.app import assemble
from bot.parts import App, Embedding
from bot.settings import Settings
from bot.settings.source import SourceSettings
from core.backends.extractive import ExtractiveChatModel
from core.backends.postgres import Postgres
from core.model import Answer, Answered, Question, SessionKey
from tests.support.embedder import HashingEmbedder
from tests.support.vector_indexes import OPENERS

FLIPS = int(os.environ.get("DOCENT_FLIPS") or 10)
ASKERS = 4

_EDITION = re.compile("Aquila|Borealis")


def _write(file: Path, name: str) -> None:
    file.write_text(_edition(name), "utf-8")


def _edition(name: str) -> str:
    """A document of several sections, each of which names its edition."""
    sections = (
        f"## Part {n}\n\nThe reactor of part {n} is called {name}, says part {n}.\n"
        for n in range(6)
    )
    return "\n".join(["# Reactor\n", *sections])


def _editions(answer: Answer) -> set[str]:
    """Those that the answer and what it cites are of."""
    quoted = [citation.quote for citation in answer.citations]
    return set(_EDITION.findall("\n".join([answer.text, *quoted])))


async def _asked(app: App, number: int) -> Answered:
    text = f"What is the reactor of part {number % 6} called?"
    session = SessionKey("test", "", "", str(number))
    question = Question(session, str(number), "somebody", text)
    events = [event async for event in app.assistant.answer(question)]
    assert isinstance(events[-1], Answered)
    return events[-1]


@dataclass
class Reader:
    """Asks until it is told to stop, and checks each answer."""

    app: App
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    seen: Counter[str] = field(default_factory=Counter)

    async def keep_asking(self, first: int) -> None:
        number = first
        while not self.ended.is_set():
            found = await _asked(self.app, number)
            editions = _editions(found.answer)
            assert found.answer.citations, found.answer
            assert len(editions) == 1, found.answer
            everything = "\n".join(passage.text for passage in found.retrieval.passages)
            assert set(_EDITION.findall(everything)) == editions, "also what was not cited"
            self.seen.update(editions)
            number += ASKERS


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("docs", "index"):
        (tmp_path / name).mkdir()
    document = tmp_path / "docs" / "reactor.md"
    _write(document, "Aquila")
    return document


@pytest.mark.parametrize("kind", ["edge", "rest"])
async def test_every_answer_is_of_one_edition_and_never_of_both_or_none(
    database: Postgres, tmp_path: Path, file: Path, kind: str
) -> None:
    settings = Settings(sources=(SourceSettings(name="docs", folder=file.parent),))
    async with OPENERS[kind](tmp_path / "index") as index:
        models = [ExtractiveChatModel()]
        app = await assemble(settings, index, database, Embedding(HashingEmbedder()), models)
        await app.syncer.sync(app.sources)
        reader = Reader(app)
        async with asyncio.TaskGroup() as tasks:
            for asker in range(ASKERS):
                tasks.create_task(reader.keep_asking(asker))
            for flip in range(FLIPS):
                _write(file, ("Borealis", "Aquila")[flip % 2])
                report = await app.syncer.sync(app.sources)
                assert report.changed == ("docs/reactor.md",)
                assert (report.embedded == 0) is (flip > 0), "what comes back is at hand"
            reader.ended.set()
    assert min(reader.seen["Aquila"], reader.seen["Borealis"]) > FLIPS / 2, reader.seen
