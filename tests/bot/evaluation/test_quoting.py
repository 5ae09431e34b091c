from __future__ import annotations

from dataclasses import replace

import pytest

from bot.evaluation.quoting import holds_answer
from core.backends.extractive import ExtractiveChatModel
from core.model import Retrieval
from tests.support.models import section

PASSAGES = (section("Tea is brewed by the\n*Head  Trainees* at four. Coffee is made at noon."),)
FOUND = Retrieval("q", 1, PASSAGES, 0.9, sufficient=True)
ASKED = "Who brews the tea?"


@pytest.mark.parametrize(
    ("answers", "held"),
    [
        (["the cook", "head trainees"], True),
        (["trainees* at four"], True),
        (["the cook"], False),
        ([" "], False),
        ([], False),
        (["[1]"], False),
    ],
)
async def test_an_answer_is_held_whatever_its_case_and_spaces(
    answers: list[str], held: bool
) -> None:
    assert await holds_answer(ASKED, answers, FOUND, ExtractiveChatModel()) is held


async def test_what_is_refused_shows_no_answer() -> None:
    refused = replace(FOUND, sufficient=False)
    assert not await holds_answer(ASKED, ["trainees"], refused, ExtractiveChatModel())
