"""What came last is known, and what came before it is forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversation.recent import Recent


@pytest.mark.parametrize(
    ("added", "newest_first"),
    [
        ("", ""),
        ("a", "a"),
        ("abc", "cba"),
        ("abcd", "dcb"),
        ("abca", "acb"),
        ("abcad", "dac"),
        ("aaaa", "a"),
    ],
)
def test_the_last_three_are_known(added: str, newest_first: str) -> None:
    recent = Recent[str](3)
    for each in added:
        recent.add(each)
    assert list(recent) == list(newest_first)


@pytest.mark.parametrize(
    ("before", "new"),
    [("", True), ("a", False), ("ab", False), ("abc", True), ("aba", False), ("abac", False)],
)
def test_adding_tells_what_is_new_or_forgotten(before: str, new: bool) -> None:
    recent = Recent[str](2)
    for each in before:
        recent.add(each)
    assert recent.add("a") is new


def test_what_is_discarded_is_new_again() -> None:
    recent = Recent[str]()
    recent.add("a")
    recent.add("b")
    recent.discard("a")
    recent.discard("never added")
    assert "a" not in recent
    assert recent.add("a")
    assert not recent.add("b")


@given(
    most=st.integers(1, 5),
    steps=st.lists(st.tuples(st.sampled_from(["add", "discard"]), st.integers(0, 8))),
)
def test_it_is_a_list_without_repetitions_that_is_cut_at_its_end(
    most: int, steps: list[tuple[str, int]]
) -> None:
    recent, expected = Recent[int](most), list[int]()
    for step, thing in steps:
        others = [each for each in expected if each != thing]
        if step == "add":
            assert recent.add(thing) is (thing not in expected)
            expected = [thing, *others][:most]
        else:
            recent.discard(thing)
            expected = others
        assert list(recent) == expected
        assert [n in recent for n in range(9)] == [n in expected for n in range(9)]


def test_nothing_is_known_once_it_is_cleared() -> None:
    recent = Recent[str]()
    recent.add("a")
    recent.clear()
    assert list(recent) == []
    assert recent.add("a")
