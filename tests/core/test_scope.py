"""What a place may be answered from, and what may be shown there."""

from __future__ import annotations

import pytest

from core.model import EVERYTHING, Scope

DOCS, BOARD = Scope(frozenset({"docs"})), Scope(frozenset({"docs", "board"}))
NOTHING = Scope(frozenset())


@pytest.mark.parametrize(
    ("scope", "sources", "admitted"),
    [
        (EVERYTHING, {"board"}, True),
        (DOCS, {"docs"}, True),
        (DOCS, {"docs", "board"}, False),
        (NOTHING, set(), True),
        (NOTHING, {"docs"}, False),
    ],
)
def test_an_answer_is_shown_where_all_its_sources_may_be(
    scope: Scope, sources: set[str], *, admitted: bool
) -> None:
    assert scope.admits(sources) is admitted


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (EVERYTHING, EVERYTHING, EVERYTHING),
        (EVERYTHING, DOCS, DOCS),
        (DOCS, BOARD, DOCS),
        (DOCS, NOTHING, NOTHING),
    ],
)
def test_within_two_scopes_is_what_both_admit(one: Scope, other: Scope, both: Scope) -> None:
    assert one.within(other) == other.within(one) == both
