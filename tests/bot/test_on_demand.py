"""A sync that somebody in a chat or over HTTP asks for names nothing of what is private."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.app import assemble
from bot.parts import App, Embedding
from bot.settings import Settings
from bot.settings.source import SourceSettings
from bot.status import read_public_status
from core.backends.postgres import Postgres
from core.backends.qdrant_edge import open_edge
from core.errors import ConfigurationError, ShrinkRefused, SourceUnavailable
from core.ingestion.report import SyncProgress, SyncReport
from tests.support.embedder import HashingEmbedder

PAGES = ("a", "b", "c")


@pytest.fixture
async def app(
    database: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[App]:
    """It serves a source for everybody and one for the board alone."""
    monkeypatch.chdir(tmp_path)
    for name in ("open", "minutes"):
        (tmp_path / name).mkdir()
        for page in PAGES:
            (tmp_path / name / f"{page}.md").write_text(f"# {page}\n\nOf {name}.", "utf-8")
    sources = (
        SourceSettings(name="open", folder=tmp_path / "open"),
        SourceSettings(name="minutes", folder=tmp_path / "minutes", channels=("slack:C1",)),
    )
    async with open_edge(tmp_path / "index") as index:
        embedding = Embedding(HashingEmbedder())
        yield await assemble(Settings(sources=sources), index, database, embedding, [])


async def sync(app: App, source: str | None = None) -> SyncReport:
    def unseen(_: SyncProgress) -> None: ...

    return await app.sync(source, unseen)


async def test_the_report_counts_private_documents_and_names_none(app: App, tmp_path: Path) -> None:
    added = await sync(app)
    (tmp_path / "minutes" / "a.md").write_text("# a\n\nMore.", "utf-8")
    (tmp_path / "open" / "a.md").write_text("# a\n\nMore.", "utf-8")
    changed = await sync(app)
    assert (added.tally, changed.tally) == ("6 added", "2 changed")
    assert added.added == ("open/a.md", "open/b.md", "open/c.md")
    assert changed.changed == ("open/a.md",)
    assert "minutes" not in json.dumps([added.as_json(), changed.as_json()])


async def test_that_a_private_source_moved_is_not_told(app: App, tmp_path: Path) -> None:
    await sync(app)
    (tmp_path / "minutes").rename(tmp_path / "archive")
    elsewhere = SourceSettings(name="minutes", folder=tmp_path / "archive", channels=("slack:C1",))
    settings = Settings(sources=(app.settings.sources[0], elsewhere))
    again = await assemble(settings, app.index, app.database, Embedding(HashingEmbedder()), [])
    assert (await sync(again)).moved == ()


@pytest.mark.parametrize(("left", "error"), [((), SourceUnavailable), (("a",), ShrinkRefused)])
async def test_of_a_private_source_that_failed_only_the_log_tells(
    app: App,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    left: tuple[str, ...],
    error: type[Exception],
) -> None:
    await sync(app)
    for page in set(PAGES) - set(left):
        (tmp_path / "minutes" / f"{page}.md").unlink()
    if not left:
        shutil.rmtree(tmp_path / "minutes")
    with pytest.raises(error, match="A private source could not be brought in") as raised:
        await sync(app)
    assert "minutes" not in f"{raised.value} {raised.value.args}"
    assert "minutes" in caplog.text


async def test_its_failure_is_no_secret_that_the_status_of_others_tells(
    app: App, tmp_path: Path
) -> None:
    await sync(app)
    shutil.rmtree(tmp_path / "minutes")
    with pytest.raises(SourceUnavailable):
        await sync(app)
    outcomes, public = await app.store.outcomes(), await read_public_status(app)
    assert public is not None
    told = public.outcomes["open"].error
    assert told == "Another source could not be brought in, and so nothing was changed."
    assert str(tmp_path / "minutes") in str(outcomes["minutes"].error)


async def test_of_a_source_for_everybody_it_is_said_what_failed(app: App, tmp_path: Path) -> None:
    await sync(app)
    shutil.rmtree(tmp_path / "open")
    with pytest.raises(SourceUnavailable, match="of source 'open' does not exist"):
        await sync(app)


async def test_a_private_source_can_be_asked_for_and_is_not_offered(app: App) -> None:
    assert (await sync(app, "minutes")).tally == "3 added"
    with pytest.raises(ConfigurationError, match="There is no source 'wiki'") as raised:
        await sync(app, "wiki")
    assert raised.value.hint == "There is: open."


@pytest.mark.parametrize(("limit", "removed"), [(0.3, 0), (0.5, 0), (0.7, 2), (1.0, 2)])
async def test_how_much_a_sync_may_remove_by_itself_is_a_setting(
    app: App, tmp_path: Path, limit: float, removed: int
) -> None:
    await sync(app)
    for page in PAGES[1:]:
        (tmp_path / "open" / f"{page}.md").unlink()
    docent = app.settings.docent.model_copy(update={"shrink_limit": limit})
    settings = app.settings.model_copy(update={"docent": docent})
    other = await assemble(settings, app.index, app.database, Embedding(HashingEmbedder()), [])
    with suppress(ShrinkRefused):
        assert len((await sync(other, "open")).removed) == removed
    served = await app.store.served(1 if removed == 0 else 2)
    assert served["open"].documents == len(PAGES) - removed
