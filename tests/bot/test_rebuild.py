"""A vector store that was lost is noticed, and written anew from the sources."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

import httpx
import pytest
from rich.console import Console

from bot.app import assemble
from bot.parts import App, Embedding, Index
from bot.settings import Settings
from bot.settings.source import SourceSettings
from bot.syncing import bring_settings_in_step
from core.backends.extractive import ExtractiveChatModel
from core.backends.postgres import Postgres
from core.backends.qdrant import open_qdrant
from core.errors import IndexLost
from core.ingestion.planning import index_lost
from core.ingestion.report import SyncProgress
from core.model import Answered, Question, SessionKey
from tests.support.embedder import HashingEmbedder
from tests.support.qdrant_server import serving
from tests.support.vector_indexes import OPENERS

TEA = "# Tea\n\nTea is brewed by the trainees at four o'clock.\n"
COFFEE = "# Coffee\n\nCoffee is brewed by the engineers at nine o'clock.\n"


@dataclass
class House:
    """Docs in two sources, and an index that can be lost between two runs."""

    folder: Path
    database: Postgres
    opener: Callable[[Path], AbstractAsyncContextManager[Index]]
    embedder: HashingEmbedder = field(default_factory=HashingEmbedder)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[App]:
        sources = tuple(
            SourceSettings(name=name, folder=self.folder / name) for name in ("drinks", "more")
        )
        settings = Settings(sources=sources)
        (self.folder / "index").mkdir(exist_ok=True)
        async with self.opener(self.folder / "index") as index:
            models = [ExtractiveChatModel()]
            yield await assemble(settings, index, self.database, Embedding(self.embedder), models)

    def lose_the_index(self) -> None:
        rmtree(self.folder / "index")


@pytest.fixture(params=["edge", "rest"])
def house(
    request: pytest.FixtureRequest,
    database: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    monkeypatch.chdir(tmp_path)
    for path, text in {"drinks/tea.md": TEA, "more/coffee.md": COFFEE}.items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text, "utf-8")
    return House(tmp_path, database, OPENERS[request.param])


def _ignore(_: SyncProgress) -> None:
    """Nobody watches."""


async def _answer(app: App, text: str = "Who brews tea?") -> str:
    question = Question(SessionKey("test", "", "", "1"), text, "somebody", text)
    events = [event async for event in app.assistant.answer(question)]
    assert isinstance(events[-1], Answered)
    return events[-1].answer.text


async def test_a_lost_index_is_an_error_with_the_way_out_and_no_refusal(house: House) -> None:
    async with house.running() as app:
        await app.sync(None, _ignore)
        assert "trainees" in await _answer(app)
    house.lose_the_index()
    async with house.running() as app:
        with pytest.raises(IndexLost, match="holds nothing of the 2 chunks") as lost:
            await _answer(app)
        assert "`docent rebuild`" in lost.value.hint


async def test_it_is_rebuilt_from_the_sources_as_it_was(house: House) -> None:
    async with house.running() as app:
        await app.sync(None, _ignore)
        assert await index_lost(app.store, app.index) is None
    house.lose_the_index()
    async with house.running() as app:
        assert await index_lost(app.store, app.index) is not None
        report = await app.syncer.sync(app.sources, rebuild=True)
        assert (report.rewritten, report.documents, report.chunks) == (2, 2, 2)
        assert await index_lost(app.store, app.index) is None
        assert "trainees" in await _answer(app)
        assert "engineers" in await _answer(app, "Who brews coffee?")


async def test_a_start_rebuilds_it_before_anybody_asks(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.running() as app:
        await app.sync(None, _ignore)
    house.lose_the_index()
    said = io.StringIO()
    async with house.running() as app:
        await bring_settings_in_step(app, Console(file=said))
        assert "trainees" in await _answer(app)
    assert "2 indexed anew" in said.getvalue()
    assert "holds nothing of the 2 chunks that are on record. It is written anew." in caplog.text


async def test_a_sync_of_one_source_rebuilds_them_all(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.running() as app:
        await app.sync(None, _ignore)
    house.lose_the_index()
    async with house.running() as app:
        report = await app.sync("drinks", _ignore)
        assert report.rewritten == 2
        assert "engineers" in await _answer(app, "Who brews coffee?")
    assert "All sources are synced." in caplog.text


async def test_a_running_bot_says_so_and_a_sync_of_it_brings_all_back(
    database: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Qdrant Cloud cluster that was deleted, and made anew without its collections."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drinks").mkdir()
    (tmp_path / "more").mkdir()
    (tmp_path / "drinks" / "tea.md").write_text(TEA, "utf-8")
    (tmp_path / "server").mkdir()
    async with (
        serving(tmp_path / "server") as server,
        House(tmp_path, database, lambda _: open_qdrant(server.url)).running() as app,
    ):
        await app.sync(None, _ignore)
        async with httpx.AsyncClient(base_url=server.url) as http:
            await http.delete(f"/collections/{app.collection}")
        with pytest.raises(IndexLost):
            await _answer(app)
        await app.sync(None, _ignore)
        assert "trainees" in await _answer(app)


async def test_docs_without_any_text_are_no_lost_index(
    database: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("drinks", "more"):
        (tmp_path / name).mkdir()
    (tmp_path / "drinks" / "empty.md").write_text("", "utf-8")
    async with House(tmp_path, database, OPENERS["edge"]).running() as app:
        await app.sync(None, _ignore)
        assert await index_lost(app.store, app.index) is None
        assert await _answer(app)
