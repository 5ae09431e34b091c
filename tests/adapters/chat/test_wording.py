"""What Docent says of itself in a chat."""

from __future__ import annotations

import pytest

from adapters.chat.wording import NOTHING_TO_FORGET, failed, forgotten, status_text
from core.errors import DocentError, ServiceUnavailable
from core.model import AnswerEvent, PassagesFound, Searching, TextDelta
from tests.support.answers import answer, answered
from tests.support.conversations import passage


@pytest.mark.parametrize(
    ("exc", "said"),
    [
        (
            ServiceUnavailable("PostgreSQL", "it is away"),
            "Sorry, that did not work. PostgreSQL: it is away. Please try again in a moment.",
        ),
        (
            DocentError("There is no source wiki.", hint="The sources are docs, faq."),
            "Sorry, that did not work. There is no source wiki. The sources are docs, faq.",
        ),
    ],
)
def test_a_failure_says_why_and_what_to_do(exc: DocentError, said: str) -> None:
    assert failed(exc) == said


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (Searching(), "Searching the docs…"),
        (PassagesFound((passage("a"), passage("b"))), "Reading 2 passages…"),
        (PassagesFound(()), "Reading…"),
        (TextDelta("a"), "Writing…"),
        (answered(answer("a")), "Writing…"),
    ],
)
def test_the_status_tells_what_is_being_done(event: AnswerEvent, status: str) -> None:
    assert status_text(event) == status


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, NOTHING_TO_FORGET),
        (1, "Forgotten: 1 question of yours and its answer. What I posted is being deleted."),
        (2, "Forgotten: 2 questions of yours and their answers. What I posted is being deleted."),
    ],
)
def test_what_was_forgotten_is_counted(count: int, said: str) -> None:
    assert forgotten(count) == said
