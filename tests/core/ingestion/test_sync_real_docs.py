"""A real documentation, with an embedder that costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import pytest

from core.backends.postgres import Postgres
from core.ingestion.sync import SyncSettings
from core.ingestion.worker import open_worker
from tests.support.library import open_library

DOCS = Path(__file__).parents[4] / "shared" / "corpus" / "fastapi-docs"


def _files() -> dict[str, str]:
    return {str(p.relative_to(DOCS)): p.read_text("utf-8") for p in sorted(DOCS.rglob("*.md"))}


@pytest.mark.skipif(not DOCS.exists(), reason="the FastAPI docs are not beside the project")
async def test_a_real_documentation_is_ingested_fast_and_checked_faster(
    database: Postgres, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with open_library(database, tmp_path / "index") as library:
        library.settings = SyncSettings()
        library.source.files = _files()
        library.preparer = open_worker
        began = time.process_time()
        first = await library.sync()
        cpu_seconds = time.process_time() - began
        assert (first.failed, first.documents) == ({}, len(_files()))
        assert len(await library.chunks()) == first.chunks > first.documents
        before = time.process_time()
        again = await library.sync()
        unchanged_cpu_seconds = time.process_time() - before
        assert (again.written, again.embedded, again.generation) == (0, 0, 1)
        record_property("documents_per_second", first.documents / first.seconds)
        record_property("cpu_seconds", cpu_seconds)
        record_property("chunks", first.chunks)
        record_property("unchanged_seconds", again.seconds)
        assert unchanged_cpu_seconds < cpu_seconds / 10
        # A fifth of what it is where nothing else runs; `make bench` has the figures.
        assert first.documents / cpu_seconds > 40


@pytest.mark.skipif(not DOCS.exists(), reason="the FastAPI docs are not beside the project")
async def test_what_did_not_change_costs_nothing_and_what_did_only_its_own_chunks(
    database: Postgres, tmp_path: Path
) -> None:
    async with open_library(database, tmp_path / "index") as library:
        library.settings = SyncSettings()
        library.source.files = _files()
        first = await library.sync()
        began = time.process_time()
        for text in library.source.files.values():
            blake2b(text.encode())
        hashed = time.process_time()
        again = await library.sync()
        cpu_seconds = time.process_time() - hashed
        assert library.watch.of("embedder") == library.watch.of("writer") == []
        assert again.calls == again.tokens == again.written == again.closed == 0
        assert cpu_seconds <= 1.1 * (hashed - began) + 1.0
        path, heading = "docs/tutorial/first-steps.md", "## Recap { #recap }"
        text = library.source.files[path]
        assert heading in text
        library.source.files[path] = text.replace(heading, f"{heading}\n\nAnother sentence.")
        changed = await library.sync()
        assert changed.changed == (f"docs/{path}",)
        assert changed.written == changed.embedded == changed.closed == changed.calls == 1
        assert changed.chunks == first.chunks
