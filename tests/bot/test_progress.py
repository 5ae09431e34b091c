"""A sync as people see it."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import pytest
from rich.console import Console

from bot.progress import STOPPED, amount, counts, report_as_text, show_progress
from core.ingestion.report import Move, Phase, SyncProgress, SyncReport

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
        (
            replace(REPORT, added=(), changed=(), failed={"docs/x.md": "not text"}),
            "Done: nothing to do, all else is in step.",
        ),
        (replace(REPORT, added=(), changed=(), rewritten=155), "Done: 155 indexed anew."),
        (
            replace(REPORT, moved=(Move("docs", "/old", "/new"),)),
            "  docs is read from /new now, not from /old",
        ),
        (
            replace(REPORT, dry_run=True, refused="docs: 8 of 10 are gone."),
            "The sync would be refused. docs: 8 of 10 are gone.",
        ),
        (replace(REPORT, dry_run=True), "  added: docs/new.md"),
        (replace(REPORT, failed={"docs/x.md": "not text"}), "  failed: docs/x.md: not text"),
        (replace(REPORT, not_synced=("faq", "docs")), "  not part of this sync: faq, docs"),
        (
            replace(REPORT, not_synced=("old",)),
            "  no longer configured: old; answers leave it out, and `docent sync --remove old`",
        ),
    ],
)
def test_a_report_says_what_happened(report: SyncReport, line: str) -> None:
    assert line in report_as_text(report, ["docs", "faq"])


def test_a_long_list_of_documents_is_cut() -> None:
    report = replace(REPORT, dry_run=True, added=tuple(f"docs/{n}.md" for n in range(25)))
    lines = report_as_text(report, ["docs"]).splitlines()
    assert lines[-2:] == ["  added: and 15 more", "  changed: docs/old.md"]


def test_a_dry_run_counts_what_it_would_write_and_nothing_as_done() -> None:
    text = report_as_text(replace(REPORT, dry_run=True, embedded=0, reused=0), ["docs"])
    assert text.startswith("Found: 1 added, 1 changed")
    assert "155 documents in 3538 chunks; 12 to write, in 1.2 s (generation 2)." in text
    assert "embedded" not in text


def test_a_report_has_a_line_for_what_it_is_about_alone() -> None:
    assert len(report_as_text(replace(REPORT, not_synced=("faq",)), ["faq"]).splitlines()) == 2
    assert len(report_as_text(REPORT, ["docs"]).splitlines()) == 1


def test_one_of_a_thing_is_not_many() -> None:
    assert [amount(n, "chunk") for n in range(3)] == ["0 chunks", "1 chunk", "2 chunks"]


def test_a_sync_that_is_quick_leaves_no_trace_on_the_screen() -> None:
    screen = io.StringIO()
    with show_progress(Console(file=screen, force_terminal=True, width=120), after=0.5) as listen:
        listen(replace(MOMENT, seconds=0.4))
        assert screen.getvalue() == ""
        listen(replace(MOMENT, seconds=0.6))
        listen(replace(MOMENT, seconds=0.7))
    assert "40/155 documents" in screen.getvalue()


@pytest.mark.parametrize(("watched", "drawn"), [(True, True), (False, False)])
def test_a_bar_is_drawn_only_where_somebody_watches(*, watched: bool, drawn: bool) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=watched, width=120)
    with show_progress(console) as listen:
        listen(MOMENT)
    assert ("40/155 documents" in screen.getvalue()) is drawn


@pytest.mark.parametrize(("embedded", "said"), [(300, STOPPED), (0, "")])
def test_a_sync_that_is_stopped_says_what_it_leaves_to_the_next(embedded: int, said: str) -> None:
    screen = io.StringIO()

    def stop_on_the_way() -> None:
        with show_progress(Console(file=screen)) as listen:
            listen(replace(MOMENT, embedded=embedded))
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        stop_on_the_way()
    assert screen.getvalue().strip() == said
