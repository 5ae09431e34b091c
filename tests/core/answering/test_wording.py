"""What Docent says around an answer."""

from __future__ import annotations

import pytest

from core.answering.wording import peer_review
from core.model import Citation


def cited(*, reviewed: bool) -> Citation:
    return Citation(1, "Ports", (), "https://docs.example/ports", "", "docs", reviewed)


@pytest.mark.parametrize(
    ("reviewed", "said"),
    [
        ([], ""),
        ([True], "This source is peer-reviewed."),
        ([False], "This source is not peer-reviewed."),
        ([True, True], "All of these sources are peer-reviewed."),
        ([False, False, False], "None of these sources is peer-reviewed."),
        ([True, False], ""),
    ],
)
def test_whether_sources_are_peer_reviewed_is_said_once_where_they_are_alike(
    reviewed: list[bool], said: str
) -> None:
    assert peer_review([cited(reviewed=each) for each in reviewed]) == said
