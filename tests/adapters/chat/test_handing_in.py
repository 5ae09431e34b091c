from __future__ import annotations

import asyncio

import pytest

from adapters.chat.handing_in import hand_in
from adapters.chat.wording import LOST
from core.errors import QuestionRefused, ServiceUnavailable
from core.model import Question
from tests.support.conversations import question


@pytest.mark.parametrize("new", [True, False])
async def test_whether_a_question_is_new_is_told(*, new: bool) -> None:
    async def submit(_: Question) -> bool:
        return new

    assert await hand_in(submit, question(), patience=1) is new


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ServiceUnavailable("PostgreSQL", "it is asleep"), LOST),
        (
            QuestionRefused("That is too long.", hint="Make it shorter."),
            "That is too long. Make it",
        ),
    ],
)
async def test_why_a_question_is_not_taken_is_said(error: Exception, said: str) -> None:
    async def submit(_: Question) -> bool:
        raise error

    assert str(await hand_in(submit, question(), patience=1)).startswith(said)


async def test_a_question_that_is_not_stored_in_time_is_lost() -> None:
    async def submit(_: Question) -> bool:
        await asyncio.Event().wait()
        return True

    assert await hand_in(submit, question(), patience=0.01) == LOST
