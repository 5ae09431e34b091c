"""The status in words and as JSON; tests/e2e/test_status.py runs the command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.app import assemble, open_database, read_openrouter_plan
from bot.budgets import asked, budgets
from bot.parts import Embedding
from bot.settings import Settings
from bot.settings.groups import DocentSettings, DocsSettings
from bot.settings.source import SourceSettings
from bot.status import Status, read_public_status, read_status
from core.backends.extractive import ExtractiveChatModel
from core.backends.postgres import Postgres
from core.backends.qdrant_edge import open_edge
from core.budgets.governor import Governor
from core.budgets.ledger import Ledger
from core.ingestion.corpus import Served
from core.ingestion.lease import sync_lease
from core.ingestion.outcomes import SyncOutcome
from core.ingestion.overview import Overview
from core.migrations.runner import migrate
from tests.support.embedder import HashingEmbedder
from tests.support.http_server import Exchange, serving

NINE, TEN = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (9, 10))


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_source_that_was_taken_out_of_the_settings_is_told_of() -> None:
    overview = Overview(3, NINE, {"guide": Served(2, 5), "old": Served(1, 1)}, {})
    status = Status(overview, {}, {}, (), frozenset({"guide"}))

    _, guide, old = status.as_text().splitlines()
    assert guide == "  guide: 2 documents in 5 chunks"
    assert old.startswith("  old: 1 document in 1 chunk; no longer configured, so not answered")
    assert old.endswith("`docent sync --remove old` deletes it")
    assert [each["configured"] for each in status.as_json()["sources"]] == [True, False]


def test_every_source_has_its_lines() -> None:
    served = {"guide": Served(2, 5), "papers": Served(1, 1)}
    many = {f"{n:02}.md": "it is damaged" for n in range(12)}
    outcomes = {
        "guide": SyncOutcome(TEN, NINE, "The folder is away.", {}),
        "papers": SyncOutcome(NINE, NINE, None, many),
        "wiki": SyncOutcome(TEN, None, "The site is away.", {}),
    }
    overview, configured = Overview(3, NINE, served, {}), frozenset(outcomes)
    status = Status(overview, outcomes, {"guide": TEN}, ("OpenRouter: …",), configured)
    said = status.as_text().splitlines()
    assert said[:6] == [
        "3 documents in 6 chunks, generation 3, served since 2026-11-20 09:00 UTC.",
        "  guide: 2 documents in 5 chunks; synced 2026-11-20 09:00 UTC; next 2026-11-20 10:00 UTC",
        "    the sync of 2026-11-20 10:00 UTC failed: The folder is away.",
        "  papers: 1 document in 1 chunk; synced 2026-11-20 09:00 UTC",
        "    could not be read: 00.md: it is damaged",
        "    could not be read: 01.md: it is damaged",
    ]
    assert said[-5:] == [
        "    could not be read: and 2 more",
        "  wiki: nothing indexed",
        "    the sync of 2026-11-20 10:00 UTC failed: The site is away.",
        "The next syncs are made by a bot on a platform, while it runs.",
        "OpenRouter: …",
    ]
    found = status.as_json()
    assert [source["name"] for source in found["sources"]] == ["guide", "papers", "wiki"]
    assert found["sources"][0]["next_sync"] == "2026-11-20T10:00:00+00:00"


@pytest.mark.parametrize(
    ("overview", "said"),
    [
        (None, ["Nothing is indexed yet."]),
        (
            Overview(3, NINE, {}, {}),
            ["0 documents in 0 chunks, generation 3, served since 2026-11-20 09:00 UTC."],
        ),
    ],
)
def test_a_sync_that_runs_is_told_of(overview: Overview | None, said: list[str]) -> None:
    status = Status(overview, {}, {}, (), frozenset(), syncing_since=TEN)

    running = "A sync has been running since 2026-11-20 10:00 UTC."
    assert status.as_text().splitlines() == [*said, running]
    assert status.as_json()["syncing_since"] == "2026-11-20T10:00:00+00:00"


async def test_a_chat_is_told_of_public_sources_alone(database: Postgres, tmp_path: Path) -> None:
    for name in ("open", "secret"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text("# A\n\nText.", "utf-8")
    sources = (
        SourceSettings(name="open", folder=tmp_path / "open"),
        SourceSettings(name="secret", folder=tmp_path / "secret", channels=("slack:C1",)),
    )
    async with open_edge(tmp_path / "index") as index:
        embedding = Embedding(HashingEmbedder())
        app = await assemble(Settings(sources=sources), index, database, embedding, [])
        assert await read_public_status(app) is None
        await app.sync(None, lambda _: None)
        found = await read_public_status(app)
    assert found is not None
    assert list(found.sources) == list(found.outcomes) == list(found.next_syncs) == ["open"]


@pytest.fixture
async def openrouter() -> AsyncIterator[str]:
    async def reply(exchange: Exchange) -> None:
        plan = {"is_free_tier": False, "limit_remaining": 3.2}
        await exchange.reply(200, {"data": plan if exchange.path == "/key" else []})

    async with serving(reply) as server:
        yield server.url


async def test_what_is_left_of_each_budget_is_told_by_the_command_and_in_a_chat(
    database: Postgres, tmp_path: Path, openrouter: str
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# A\n\nText.", "utf-8")
    settings = Settings.model_validate(
        {
            "docent": {"data_dir": tmp_path / "data"},
            "docs": {"folder": tmp_path / "docs"},
            "cohere": {"api_key": "c", "monthly_calls": 1000},
            "openrouter": {"api_key": "o", "base_url": openrouter},
        }
    )
    async with open_edge(tmp_path / "index") as index:
        embedding = Embedding(HashingEmbedder())
        ask = asked(settings, partial(read_openrouter_plan, settings))
        governor = Governor(Ledger(database), budgets(settings), ask=ask)
        models = [ExtractiveChatModel()]
        app = await assemble(settings, index, database, embedding, models, governor=governor)
        await app.sync(None, lambda _: None)
        in_chat = await read_public_status(app)
    assert in_chat is not None
    calls, money = (await read_status(settings)).budgets
    assert calls.startswith("Cohere: 1,000 of 1,000 calls are left until ")
    assert money == "OpenRouter's paid models: 3.20 dollars are left on the key."
    assert in_chat.budgets == (calls, money)


async def test_the_status_of_a_new_machine_is_that_nothing_is_indexed(tmp_path: Path) -> None:
    data = DocentSettings(data_dir=tmp_path / "data")
    docs = DocsSettings.model_validate({"folder": tmp_path, "schedule": "off"})
    status = await read_status(Settings(docent=data, docs=docs))
    assert status.as_text() == "Nothing is indexed yet; `docent sync` brings the docs in."
    assert status.as_json() == {
        "generation": None,
        "since": None,
        "documents": 0,
        "chunks": 0,
        "syncing_since": None,
        "sources": [],
        "budgets": [],
    }


async def test_the_first_sync_is_told_of_while_it_runs(tmp_path: Path) -> None:
    data = DocentSettings(data_dir=tmp_path / "data")
    settings = Settings(docent=data, docs=DocsSettings(folder=tmp_path))
    async with open_database(settings) as database:
        await migrate(database)
        async with sync_lease(database, "the bot"):
            status = await read_status(settings)
    assert status.syncing_since is not None
    assert status.as_text().startswith("Nothing is indexed yet.\nA sync has been running since ")
