"""Whatever happens to the documents and to the syncs, the index ends up equal to the sources."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core.backends.postgres import open_postgres
from core.errors import SourceUnavailable
from core.ingestion.documents import SourceProfile, prepare
from core.ingestion.sync import SyncSettings
from core.model import Chunk
from core.ports import Entry
from tests.support.embedder import WordCounts
from tests.support.library import Library, open_library
from tests.support.memory_source import MemorySource
from tests.support.watched import Crash

T = TypeVar("T")

# Few of each, so that contents meet again under other paths and after they were gone.
PATHS = st.sampled_from([f"{folder}{name}.md" for folder in ("", "deep/") for name in "abc"])
TEXTS = st.lists(st.sampled_from(["One.", "Two.", "Three.", "Four."]), max_size=3).map(
    lambda parts: "# Title\n" + "".join(f"\n## {part}\n\n{part}\n" for part in parts)
)


@dataclass(frozen=True)
class Edition:
    """A document as the source has it: its text and its version."""

    text: str
    version: str

    def chunks(self, path: str) -> set[Chunk]:
        document = (SourceProfile("docs"), Entry(path), self.text.encode(), "")
        return {chunk for chunk, _ in prepare(*document, WordCounts()).chunks.values()}


class SyncMachine(RuleBasedStateMachine):
    """`listed` is what the source has, `served` what readers must find."""

    def __init__(self, runner: asyncio.Runner, library: Library) -> None:
        super().__init__()
        self._runner = runner
        self._library = library
        self._listed: dict[str, Edition] = {}
        self._served: dict[str, Edition] = {}

    def _run(self, steps: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(steps)

    @initialize()
    def forget_everything_but_the_index(self) -> None:
        """What the last example left in the index must not show in this one."""
        statement = "TRUNCATE corpus, generations, documents, sync_lease"
        self._run(self._library.database.execute(statement))
        self._library.source = MemorySource("docs")

    @rule(path=PATHS, text=TEXTS, version=st.sampled_from("12"))
    def write(self, path: str, text: str, version: str) -> None:
        self._listed[path] = Edition(text, version)

    @rule(path=PATHS, to=PATHS)
    def rename(self, path: str, to: str) -> None:
        if path in self._listed:
            self._listed[to] = self._listed.pop(path)

    @rule(path=PATHS)
    def delete(self, path: str) -> None:
        self._listed.pop(path, None)

    @rule()
    def sync(self) -> None:
        self._sync()
        self._served = dict(self._listed)

    @rule()
    def rebuild(self) -> None:
        self._sync(rebuild=True)
        self._served = dict(self._listed)

    @rule()
    def sync_in_vain(self) -> None:
        self._library.source.broken = True
        with suppress(SourceUnavailable):
            self._sync()
        self._library.source.broken = False

    @rule(unreadable=st.sets(PATHS))
    def sync_around(self, unreadable: set[str]) -> None:
        self._library.source.unreadable = unreadable
        self._sync()
        self._library.source.unreadable = set()
        self._served = {
            path: self._served[path] if path in unreadable else edition
            for path, edition in self._listed.items()
            if path in self._served or path not in unreadable
        }

    @rule(crash_at=st.integers(1, 40))
    def sync_and_die(self, crash_at: int) -> None:
        before = self._run(self._library.store.current())
        with suppress(Crash):
            self._sync(crash_at=crash_at)
        self._run(self._library.let_leases_expire())
        # A sync that found nothing to do does not flip, and then both are equal.
        if self._run(self._library.store.current()) != before:
            self._served = dict(self._listed)

    def _sync(self, **options: Any) -> None:
        source = self._library.source
        source.files = {path: edition.text for path, edition in self._listed.items()}
        source.versions = {path: edition.version for path, edition in self._listed.items()}
        self._run(self._library.sync(allow_shrink=True, **options))

    @invariant()
    def readers_find_exactly_what_is_served(self) -> None:
        found = self._run(self._library.chunks())
        assert len(found) == len(set(found))
        assert set(found) == {
            chunk for path, edition in self._served.items() for chunk in edition.chunks(path)
        }

    @invariant()
    def the_catalog_knows_exactly_what_is_served(self) -> None:
        corpus = self._run(self._library.store.current())
        records = self._run(self._library.store.at(corpus.generation)) if corpus else {}
        assert {path: record.version for (_, path), record in records.items()} == {
            path: edition.version for path, edition in self._served.items()
        }

    def teardown(self) -> None:
        self.sync()
        self.readers_find_exactly_what_is_served()


@asynccontextmanager
async def _open(dsn: str, folder: Path) -> AsyncIterator[Library]:
    async with open_postgres(dsn) as database, open_library(database, folder) as library:
        library.settings = SyncSettings(retention=timedelta(0), block=2)
        yield library


def test_any_sequence_of_edits_failures_and_crashes_ends_with_the_index_equal_to_the_source(
    database_dsn: str, tmp_path: Path
) -> None:
    with asyncio.Runner() as runner:
        opening: AbstractAsyncContextManager[Library] = _open(database_dsn, tmp_path / "index")
        library = runner.run(opening.__aenter__())

        class Machine(SyncMachine):
            def __init__(self) -> None:
                super().__init__(runner, library)

        try:
            run_state_machine_as_test(
                Machine,
                settings=settings(max_examples=40, stateful_step_count=20, deadline=None),
            )
        finally:
            runner.run(opening.__aexit__(None, None, None))
