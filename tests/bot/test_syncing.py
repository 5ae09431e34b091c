"""What happens before the first answer: nobody is answered from what the settings left behind."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pytest
from rich.console import Console

from bot.app import assemble
from bot.parts import App, Embedding
from bot.settings import Settings
from bot.settings.groups import DocsSettings
from bot.settings.source import SourceSettings
from bot.syncing import (
    bring_in_step,
    bring_settings_in_step,
    outdated_sources,
    warn_of_empty_sources,
)
from core.backends.postgres import Postgres
from core.backends.qdrant_edge import QdrantEdge, open_edge
from core.errors import ServiceUnavailable, ShrinkRefused, SourceUnavailable
from tests.support.embedder import HashingEmbedder
from tests.support.git_server import Repository

BASE = "https://docs.example.com/"
Start: TypeAlias = Callable[..., Awaitable[str]]


@dataclass
class Place:
    """A folder to work in, and what Docent says there."""

    folder: Path
    database: Postgres
    index: QdrantEdge
    embedder: HashingEmbedder = field(default_factory=HashingEmbedder)

    def write(self, *paths: str) -> None:
        for path in paths:
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"# {file.stem}\n\nThis is {file.stem}.\n", "utf-8")

    async def app(self, folder: str = "guide", **docs: object) -> App:
        values = {"folder": self.folder / folder, **docs}
        settings = Settings(docs=DocsSettings.model_validate(values))
        return await assemble(settings, self.index, self.database, Embedding(self.embedder), [])

    async def start(self, folder: str = "guide", **docs: object) -> str:
        """As a chat in the terminal starts; what it says before."""
        said = io.StringIO()
        await bring_in_step(await self.app(folder, **docs), Console(file=said))
        return said.getvalue()

    async def start_briefly(self, folder: str = "guide", **docs: object) -> str:
        """As a single question and a bot on a platform start."""
        said = io.StringIO()
        await bring_settings_in_step(await self.app(folder, **docs), Console(file=said))
        return said.getvalue()

    async def served(self) -> dict[str, str]:
        """The addresses that answers would link to, by path."""
        app = await self.app()
        corpus = await app.store.current()
        records = await app.store.at(corpus.generation) if corpus else {}
        return {path: record.url for (_, path), record in records.items()}


@pytest.fixture
async def place(
    tmp_path: Path, database: Postgres, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    monkeypatch.chdir(tmp_path)
    async with open_edge(tmp_path / "index") as index:
        made = Place(tmp_path, database, index)
        made.write("guide/a.md", "guide/b.md", "other/b.md", "other/c.md")
        yield made


async def test_the_first_start_says_that_it_indexes_and_the_second_nothing(place: Place) -> None:
    said = await place.start()
    assert said.startswith("Indexing docs for the first time…\nDone: 2 added. 2 documents in")
    assert await place.start() == await place.start_briefly() == ""


@pytest.mark.parametrize("start", [Place.start, Place.start_briefly])
async def test_another_folder_is_answered_from_at_once(place: Place, start: Start) -> None:
    await place.start()
    said = await start(place, "other")
    assert "1 added, 1 removed." in said
    assert f"docs is read from {place.folder}/other now, not from {place.folder}/guide" in said
    assert set(await place.served()) == {"b.md", "c.md"}
    assert await start(place, "other") == ""


async def _until_told(said: io.StringIO, words: str) -> None:
    async with asyncio.timeout(30):
        while words not in said.getvalue():  # noqa: ASYNC110 - a text tells nobody
            await asyncio.sleep(0.01)


async def test_instances_that_start_together_wait_for_the_one_that_indexes(place: Place) -> None:
    one, other, said = await place.app(), await place.app(), io.StringIO()
    async with one.store.lease("another"):
        starting = asyncio.create_task(
            bring_settings_in_step(other, Console(file=said, width=200), pause=0.01)
        )
        await _until_told(said, "Waiting for its end.")
        # Several looks later it has still been said only once.
        await asyncio.sleep(0.05)
        assert not starting.done()
    await starting
    assert said.getvalue().count("Waiting") == 1
    assert set(await place.served()) == {"a.md", "b.md"}


async def test_a_repository_is_looked_at_again_when_its_schedule_says_so(place: Place) -> None:
    repository = Repository(place.folder / "docs.git")
    repository.commit({"a.md": "# A"})
    table = SourceSettings(name="handbook", git=str(repository.path), schedule="1d")

    async def start() -> str:
        settings = Settings(sources=(table,))
        app = await assemble(settings, place.index, place.database, Embedding(place.embedder), [])
        said = io.StringIO()
        await bring_in_step(app, Console(file=said))
        return said.getvalue()

    assert "Done: 1 added" in await start()
    repository.commit({"a.md": "# A", "b.md": "# B"})
    assert await start() == ""
    await place.database.execute("UPDATE sources SET synced_at = now() - INTERVAL '25 hours'")
    assert "Done: 1 added" in await start()


@pytest.mark.parametrize("bring", [bring_in_step, bring_settings_in_step])
async def test_docents_own_docs_go_when_others_are_configured(
    place: Place, bring: Callable[[App, Console], Awaitable[None]]
) -> None:
    own = await assemble(Settings(), place.index, place.database, Embedding(place.embedder), [])
    await bring(own, Console(file=io.StringIO()))
    assert "index.md" in await place.served()
    said = io.StringIO()
    await bring(await place.app(), Console(file=said))
    assert set(await place.served()) == {"a.md", "b.md"}
    assert "docent" not in said.getvalue()


async def test_a_source_of_ones_own_by_docents_name_is_left_to_its_owner(place: Place) -> None:
    app = await place.app()
    mine = SourceSettings(name="docent", folder=place.folder / "other")
    settings = Settings(sources=(mine,))
    named = await assemble(settings, place.index, place.database, Embedding(place.embedder), [])
    await bring_in_step(named, Console(file=io.StringIO()))
    await bring_in_step(app, Console(file=io.StringIO()))
    assert {"a.md", "b.md", "c.md"} == set(await place.served())


@pytest.mark.parametrize("start", [Place.start, Place.start_briefly])
async def test_another_address_is_linked_to_at_once(place: Place, start: Start) -> None:
    await place.start()
    assert "2 relabelled" in await start(place, base_url=BASE)
    assert await place.served() == {"a.md": f"{BASE}a", "b.md": f"{BASE}b"}


@pytest.mark.parametrize("start", [Place.start, Place.start_briefly])
async def test_what_is_excluded_now_is_gone_without_a_word_of_shrinking(
    place: Place, start: Start
) -> None:
    await place.start()
    assert "1 removed" in await start(place, exclude="a.md")
    assert set(await place.served()) == {"b.md"}


async def test_a_changed_document_waits_for_a_chat_or_a_sync(place: Place) -> None:
    await place.start()
    place.write("guide/new.md")
    assert await place.start_briefly() == ""
    assert "1 added" in await place.start()
    assert set(await place.served()) == {"a.md", "b.md", "new.md"}


@pytest.mark.parametrize("start", [Place.start, Place.start_briefly])
async def test_a_folder_that_was_never_there_is_an_error(place: Place, start: Start) -> None:
    await place.start()
    with pytest.raises(SourceUnavailable, match="nowhere of source 'docs' does not exist"):
        await start(place, "nowhere")


@pytest.mark.parametrize("start", [Place.start, Place.start_briefly])
async def test_a_source_that_cannot_be_reached_is_answered_from_with_a_warning(
    place: Place, start: Start
) -> None:
    await place.start()
    (place.folder / "guide").rename(place.folder / "gone")
    said = await start(place)
    assert said.startswith(f"! The folder {place.folder}/guide of source 'docs' does not exist.")
    assert "Answers come from what was indexed" in said
    assert set(await place.served()) == {"a.md", "b.md"}


async def test_an_embedding_service_that_is_away_is_a_warning_where_the_index_is_the_right_one(
    place: Place,
) -> None:
    await place.start()
    place.write("guide/new.md")
    place.embedder.fail_after = 0
    said = await place.start()
    assert said.startswith("! ")
    assert "Answers come from what was indexed last." in said
    assert set(await place.served()) == {"a.md", "b.md"}


@pytest.mark.parametrize("start", [Place.start, Place.start_briefly])
async def test_it_is_an_error_where_answers_would_come_from_another_folder(
    place: Place, start: Start
) -> None:
    await place.start()
    place.embedder.fail_after = 0
    with pytest.raises(ServiceUnavailable):
        await start(place, "other")


async def test_a_sync_that_runs_elsewhere_is_not_waited_for(place: Place) -> None:
    await place.start()
    async with (await place.app()).store.lease("another machine (process 42)"):
        assert "another machine (process 42)" in await place.start()


async def test_documents_that_vanish_are_still_answered_from_with_a_warning(place: Place) -> None:
    await place.start()
    (place.folder / "guide" / "a.md").unlink()
    said = await place.start()
    assert "1 of 2 documents is no longer listed" in said
    assert "--allow-shrink" in said
    assert set(await place.served()) == {"a.md", "b.md"}


async def test_a_folder_without_documents_is_said_to_be_one(place: Place) -> None:
    (place.folder / "empty").mkdir()
    said = await place.start("empty")
    assert f"there is no document in {place.folder}/empty that can be read" in said


async def test_of_what_was_not_synced_nothing_is_said(place: Place) -> None:
    (place.folder / "empty").mkdir()
    said, app = io.StringIO(), await place.app("empty")
    await warn_of_empty_sources(app, [], Console(file=said))
    assert said.getvalue() == ""


async def test_a_folder_without_documents_takes_no_others_place(place: Place) -> None:
    await place.start()
    (place.folder / "empty").mkdir()
    with pytest.raises(ShrinkRefused, match="there is no document in"):
        await place.start("empty")


async def test_what_cannot_be_read_is_a_line_at_every_start(place: Place) -> None:
    for name in ("x", "y"):
        (place.folder / "guide" / f"{name}.md").symlink_to("nowhere")
    assert "failed: docs/x.md: it is gone" in await place.start()
    assert await place.start() == (
        "! docs/x.md and 1 more cannot be read; `docent doctor` says why.\n"
    )


async def test_another_model_is_indexed_for_before_anybody_asks(place: Place) -> None:
    await place.start()
    place.embedder = HashingEmbedder("better", 48)
    assert [profile.name for _, profile in await outdated_sources(await place.app())] == ["docs"]
    assert "2 indexed anew" in await place.start_briefly()
    assert await outdated_sources(await place.app()) == []
