"""`/reingest` in Slack, with a sync that is real."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.slack.manifest import REINGEST
from bot.app import assemble
from bot.parts import Embedding
from bot.settings import Settings
from bot.settings.source import SourceSettings
from core.backends.postgres import Postgres
from core.backends.qdrant_edge import open_edge
from core.model import Vector
from tests.support.embedder import HashingEmbedder
from tests.support.slack_server import ADMIN, SlackWorkspace
from tests.support.slack_surfaces import open_surfaces

PAGES = 300


@dataclass
class Waiting(HashingEmbedder):
    """Embeds one block, then waits for `go`."""

    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        if self.calls:
            await self.go.wait()
        return await super().embed_documents(texts)


async def test_the_message_follows_the_sync_from_its_first_block_to_its_report(
    workspace: SlackWorkspace, database: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("guide", "minutes"):
        (tmp_path / name).mkdir()
    for n in range(PAGES):
        (tmp_path / "guide" / f"{n:03}.md").write_text(f"# Page {n}\n\nThis is {n}.\n", "utf-8")
    (tmp_path / "guide" / "broken.md").symlink_to("nowhere")
    (tmp_path / "minutes" / "secret.md").symlink_to("nowhere")
    sources = (
        SourceSettings(name="guide", folder=tmp_path / "guide"),
        SourceSettings(name="minutes", folder=tmp_path / "minutes", channels=("slack:C1",)),
    )
    embedder = Waiting()
    async with open_edge(tmp_path / "index") as index:
        app = await assemble(Settings(sources=sources), index, database, Embedding(embedder), [])
        async with open_surfaces(workspace, database, sync=app.sync):
            await workspace.command(REINGEST, user=ADMIN)
            board = workspace.slack.in_channel
            general = workspace.general
            await workspace.until(
                lambda: any("192 chunks: 192 embedded" in m.shown for m in board(general)), 60
            )
            [message] = board(general)
            assert "█" in message.shown
            assert f"/{PAGES + 2} docs" in message.shown
            assert "left" in message.shown
            embedder.go.set()
            await workspace.until(lambda: "Done in" in message.shown, 60)
    assert f"{PAGES} added" in message.shown
    assert f"{PAGES} docs in {PAGES} chunks are served now (generation 1)" in message.shown
    assert "300 newly embedded (in 2 calls, " in message.shown
    assert "2 could not be read" in message.shown
    assert "`guide/broken.md`: it is gone" in message.shown
    assert "secret" not in message.shown
    assert len(board(general)) == 1
