"""Questions to begin with, as made from the titles of the docs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.chat.suggestions import suggestions
from core.ingestion.corpus import Served
from core.ingestion.overview import Overview

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def overview(**titles: tuple[str, ...]) -> Overview:
    """Sources with those titles, and two chunks a document."""
    sources = {name: Served(len(of), 2 * len(of)) for name, of in titles.items()}
    return Overview(7, SINCE, sources, titles)


def test_sources_take_turns() -> None:
    found = suggestions(overview(a=("One", "Two", "Three"), b=("Four",), c=("Five", "Six")), 4)
    assert found == [f"What do the docs say about {t}?" for t in ("One", "Four", "Five", "Two")]


@pytest.mark.parametrize(
    ("titles", "usable"),
    [
        (("", "  "), []),
        (("Same", "Same"), ["Same"]),
        (("x" * 61, "Short"), ["Short"]),
        (("Ask <!channel> or <@U1>", "@here"), ["Ask !channel or U1", "here"]),
    ],
)
def test_titles_that_make_no_question_are_passed_over(
    titles: tuple[str, ...], usable: list[str]
) -> None:
    assert suggestions(overview(a=titles), 4) == [
        f"What do the docs say about {t}?" for t in usable
    ]


def test_without_docs_nothing_is_suggested() -> None:
    assert suggestions(None, 4) == []
