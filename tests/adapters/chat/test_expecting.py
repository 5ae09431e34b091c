"""Which sections are offered as the one that should have answered."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from adapters.chat.expecting import MOST_SECTIONS, label_of, sections_of
from core.conversation.archive import StoredTurn
from core.model import Passage
from tests.support.conversations import passage, question


def turn_with(*passages: Passage) -> StoredTurn:
    return StoredTurn(UUID(int=1), question(), "finished", None, passages, ())


def test_each_section_is_offered_once_the_nearest_first() -> None:
    first, again = passage("One."), passage("Two, of the same section.")
    other = replace(passage("Three."), heading_path=("macOS",))
    assert sections_of(turn_with(first, again, other)) == [first, other]


def test_a_menu_has_a_bounded_number_of_sections() -> None:
    many = [replace(passage(), heading_path=(str(n),)) for n in range(40)]
    assert sections_of(turn_with(*many)) == many[:MOST_SECTIONS]


@pytest.mark.parametrize(
    ("heading", "most", "label"),
    [("Linux", 75, "Install › Linux"), ("Linux", 8, "…› Linux"), ("a\n b", 75, "Install › a b")],
)
def test_what_is_too_long_keeps_the_sections_own_heading(
    heading: str, most: int, label: str
) -> None:
    assert label_of(replace(passage(), heading_path=(heading,)), most) == label


def test_a_section_without_a_heading_is_known_by_its_path() -> None:
    assert label_of(replace(passage(), title="", heading_path=()), 75) == "install.md"
