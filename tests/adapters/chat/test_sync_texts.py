"""A sync in words."""

from __future__ import annotations

import pytest

from adapters.chat.sync_texts import duration, fault_text, progress_text, report_text
from core.errors import ShrinkRefused
from core.ingestion.report import Phase
from core.model import EVERYTHING, Scope
from tests.support.slack_surfaces import moment, report


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "1 s"),
        (12.4, "12 s"),
        (89, "89 s"),
        (90, "2 min"),
        (3600, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_are_as_exact_as_people_want_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("done", "total", "bar"),
    [(0, 40, "░" * 20), (10, 40, "█" * 5 + "░" * 15), (40, 40, "█" * 20), (50, 40, "█" * 20)],
)
def test_the_bar_is_as_full_as_the_sync_is_done(done: int, total: int, bar: str) -> None:
    assert f"`{bar}` {done}/{total} docs" in progress_text(moment(done, total))


def test_the_time_that_is_left_is_told_once_it_is_known() -> None:
    assert "left" not in progress_text(moment(0))
    assert "about 20 s left" in progress_text(moment(20))
    assert "left" not in progress_text(moment(20, phase=Phase.PRUNING))


def test_before_the_listing_has_ended_there_is_no_bar() -> None:
    assert progress_text(moment(0, 0, Phase.LISTING)) == "**Listing the sources…**"


def test_a_report_counts_what_changed() -> None:
    said = report_text(report(changed=("a", "b"), removed=("c",)))
    assert "**Done in 12 s:** 1 added, 2 changed, 1 removed." in said
    assert "40 docs in 80 chunks are served now (generation 3)" in said
    assert "1 newly embedded, 1 reused" in said


def test_documents_that_failed_are_named_up_to_a_bound() -> None:
    said = report_text(report(failed={f"docs/{n}.md": "is no text" for n in range(12)}))
    assert "**12 could not be read**" in said
    assert "- `docs/9.md`: is no text" in said
    assert "docs/10.md" not in said
    assert "and 2 more" in said


def test_sources_that_were_left_out_are_named() -> None:
    assert "Not part of it: wiki, faq." in report_text(report(not_synced=("wiki", "faq")))


def test_a_failure_says_why_and_what_to_do() -> None:
    said = fault_text(ShrinkRefused("9 of 10 are gone.", hint="Sync with --allow-shrink."))
    assert said == "**The docs were not brought in.** 9 of 10 are gone. Sync with --allow-shrink."


def test_calls_and_tokens_are_told_where_any_were_spent() -> None:
    assert "1 newly embedded, 1 reused" in report_text(report())
    one, many = report(calls=1, tokens=96), report(calls=1200, tokens=1_204_000)
    assert "1 newly embedded (in 1 call, 96 tokens), 1 reused" in report_text(one)
    assert "(in 1,200 calls, 1,204,000 tokens)" in report_text(many)


def test_documents_of_private_sources_are_counted_and_not_named() -> None:
    failed = {"docs/a.md": "is no text", "minutes/salaries.md": "is no text"}
    whole = report(failed=failed, not_synced=("minutes", "guide"))
    said = report_text(whole.within(Scope(frozenset({"docs", "guide"}))))
    assert "**2 could not be read**" in said
    assert "`docs/a.md`: is no text" in said
    assert "- 1 in private sources, which `docent status` names" in said
    assert "minutes" not in said
    assert whole.within(EVERYTHING) is whole
