"""The chunks that were found last, in memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backends.qdrant_kept import KeptChunks
from tests.support.points import chunk


def look(kept: KeptChunks[str], keys: str) -> set[str]:
    """What of them was not there; it is, afterwards."""
    known = kept.find(keys)
    missing = {key: chunk(key) for key in keys if key not in known}
    kept.keep(missing)
    return set(missing)


@pytest.mark.parametrize(
    ("most", "asked", "missing"),
    [
        (2, ["a", "b", "ab"], ["a", "b", ""]),
        (2, ["a", "b", "c", "bc"], ["a", "b", "c", ""]),
        (2, ["a", "b", "a", "c", "a", "b"], ["a", "b", "", "c", "", "b"]),
        (2, ["abc", "abc"], ["abc", "a"]),
        (0, ["a", "a"], ["a", "a"]),
    ],
)
def test_what_was_not_found_for_longest_gives_way(
    most: int, asked: list[str], missing: list[str]
) -> None:
    kept = KeptChunks[str](most)

    assert [look(kept, keys) for keys in asked] == [set(keys) for keys in missing]


@given(st.integers(0, 5), st.lists(st.text("abcdefgh", max_size=5), max_size=30))
def test_no_more_are_kept_than_may_be_and_each_is_the_point_s_own(
    most: int, asked: list[str]
) -> None:
    kept = KeptChunks[str](most)

    for keys in asked:
        look(kept, keys)
        there = kept.find("abcdefgh")
        assert len(there) <= most
        assert all(each.text == key for key, each in there.items())
