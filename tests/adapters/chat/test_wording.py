"""What a person is told when something that they did had no effect."""

from __future__ import annotations

import pytest

from adapters.chat.wording import failed
from core.errors import DocentError, ServiceUnavailable


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
