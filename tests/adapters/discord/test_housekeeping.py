"""What the bot tells of itself, and of what was forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.discord.housekeeping import status_text
from core.ingestion.corpus import Served
from core.ingestion.overview import Overview

SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STAMP = int(SINCE.timestamp())
OVERVIEW = Overview(7, SINCE, {"handbook": Served(2, 5), "faq": Served(1, 1)}, {})


def test_a_status_has_the_docs_and_when_they_changed() -> None:
    assert status_text(OVERVIEW, reads_all=True) == (
        f"**3 docs**, last changed <t:{STAMP}:R>.\n\n"
        "- handbook\\: 2 docs in 5 chunks\n- faq\\: 1 doc in 1 chunks\n\n"
        "In my threads, follow-ups need no mention."
    )


def test_a_status_tells_when_the_docs_were_synced_and_will_be() -> None:
    due = SINCE + timedelta(hours=1)
    known = replace(OVERVIEW, synced=SINCE, next_syncs={"faq": due}, budgets=("5 calls left.",))
    text = status_text(known, reads_all=False)
    assert f"Last synced <t:{STAMP}:R>. The next sync is due <t:{STAMP + 3600}:R>." in text
    assert "- 5 calls left." in text
    assert text.endswith("In servers I see only what mentions me, follow-ups too.")


def test_many_sources_fit_into_one_message() -> None:
    many = replace(OVERVIEW, sources={f"source-{n}-{'a' * 60}": Served(1, 1) for n in range(60)})
    assert len(status_text(many, reads_all=True)) <= 2000
