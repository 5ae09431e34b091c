"""A sync as people see it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bot.progress import counts, report_as_text, show_progress
from core.ingestion.report import Phase, SyncProgress, SyncReport

MOMENT = SyncProgress(
    Phase.INDEXING, documents=40, total=155, chunks=320, embedded=300, reused=20, seconds=10.0
)
REPORT = SyncReport(
    generation=2,
    added=("docs/new.md",),
    changed=("docs/old.md",),
    relabelled=(),
    removed=(),
    failed={},
    not_synced=(),
    documents=155,
    chunks=3538,
    written=12,
    embedded=10,
    reused=2,
    closed=3,
    seconds=1.25,
    dry_run=False,
)


def test_a_moment_tells_how_far_it_is_and_how_long_it_takes() -> None:
    assert counts(MOMENT) == (
        "40/155 documents · 320 chunks (300 embedded, 20 reused) · 4/s · 29 s left"
    )


def test_before_the_first_document_no_rate_is_made_up() -> None:
    assert counts(replace(MOMENT, documents=0, chunks=0, embedded=0, reused=0)) == (
        "0/155 documents · 0 chunks (0 embedded, 0 reused)"
    )


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (
            REPORT,
            (
                "Done: 1 added, 1 changed. 155 documents in 3538 chunks; 10 embedded, 2 reused, "
                "in 1.2 s (generation 2)."
            ),
        ),
        (replace(REPORT, added=(), changed=()), "Done: nothing to do, all is in step."),
        (replace(REPORT, dry_run=True), "  added: docs/new.md"),
        (replace(REPORT, failed={"docs/x.md": "not text"}), "  failed: docs/x.md: not text"),
        (replace(REPORT, not_synced=("old",)), "  not part of this sync: old"),
    ],
)
def test_a_report_says_what_happened(report: SyncReport, line: str) -> None:
    assert line in report_as_text(report)


def test_a_long_list_of_documents_is_cut() -> None:
    report = replace(REPORT, dry_run=True, added=tuple(f"docs/{n}.md" for n in range(25)))
    lines = report_as_text(report).splitlines()
    assert lines[-2:] == ["  added: and 15 more", "  changed: docs/old.md"]


@pytest.mark.parametrize(("watched", "drawn"), [(True, True), (False, False)])
def test_a_bar_is_drawn_only_where_somebody_watches(*, watched: bool, drawn: bool) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=watched, width=120)
    with show_progress(console) as listen:
        listen(MOMENT)
    assert ("40/155 documents" in screen.getvalue()) is drawn
