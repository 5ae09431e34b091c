"""What chats say of what is served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adapters.chat.status_texts import next_sync, source_lines
from core.ingestion.corpus import Served
from core.ingestion.outcomes import SyncOutcome
from core.ingestion.overview import Overview

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_each_source_is_a_line_with_what_its_last_sync_could_not_do() -> None:
    outcomes = {
        "guide": SyncOutcome(NOW, NOW, "The folder is away.", {}),
        "papers": SyncOutcome(NOW, NOW, None, {f"{n}.md": "damaged" for n in range(5)}),
        "wiki": SyncOutcome(NOW, NOW),
    }
    served = {name: Served(n, 2 * n) for n, name in enumerate(["", *outcomes]) if name}
    assert source_lines(Overview(1, NOW, served, {}, outcomes=outcomes)) == [
        "guide: 1 doc in 2 chunks; the last sync failed: The folder is away",
        (
            "papers: 2 docs in 4 chunks; "
            "not readable: 0.md (damaged), 1.md (damaged), 2.md (damaged) and 2 more"
        ),
        "wiki: 3 docs in 6 chunks",
    ]


def test_of_many_sources_the_rest_is_counted() -> None:
    many = {f"source-{n:02}": Served(1, 1) for n in range(23)}
    lines = source_lines(Overview(1, NOW, many, {}))
    assert len(lines) == 21
    assert lines[-1] == "and 3 more sources"


def test_the_next_sync_is_the_first_of_them() -> None:
    due = {"a": NOW + timedelta(hours=2), "b": NOW + timedelta(hours=1)}
    assert next_sync(Overview(1, NOW, {}, {}, next_syncs=due)) == NOW + timedelta(hours=1)
    assert next_sync(Overview(1, NOW, {}, {})) is None
