"""The ladder of models."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

import pytest

from core.answering.fallback import FallbackChatModel
from core.errors import AccessDenied, MalformedReply, RateLimited, ServiceUnavailable
from core.model import ModelEvent, ModelFinished, ModelStarted, ModelText, Usage
from tests.support.models import ScriptedModel, Step, asking, breaking_off, model_saying, saying

DOWN = ServiceUnavailable("S", "down.")


async def ask(model: FallbackChatModel) -> list[ModelEvent]:
    return [event async for event in model.stream(asking("q"))]


def scripted(*scripts: Sequence[Step]) -> ScriptedModel:
    return ScriptedModel(scripts)


async def test_the_first_model_that_answers_is_the_only_one_asked() -> None:
    first, second = model_saying("Hello."), model_saying("Never.")

    events = await ask(FallbackChatModel([first, second]))

    assert events == saying("Hello.")
    assert second.prompts == []


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        (breaking_off(error=DOWN), []),
        (breaking_off("Half a ", error=DOWN), [ModelStarted("broken/model"), ModelText("Half a ")]),
        (breaking_off(error=MalformedReply("S", "odd.")), []),
        # Silence is a failure too.
        (saying(model="m"), [ModelStarted("m")]),
        (saying(" ", "\n", model="m"), [ModelStarted("m"), ModelText(" "), ModelText("\n")]),
        ([ModelFinished("m")], []),
    ],
)
async def test_the_next_model_takes_over(first: list[Step], shown: list[ModelEvent]) -> None:
    events = await ask(FallbackChatModel([scripted(first), model_saying("Whole.")]))

    assert events == [
        *shown,
        ModelStarted("some/model", fallback=True),
        ModelText("Whole."),
        ModelFinished("some/model", Usage(10, 5, 0.001)),
    ]


async def test_why_a_model_was_passed_over_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A key that is no longer accepted would else turn every answer into quotes unnoticed."""
    refused = AccessDenied("S", "the key was not accepted.")

    await ask(FallbackChatModel([scripted([refused]), model_saying("Whole.")]))

    assert [r.getMessage() for r in caplog.records] == [
        "Asking the next model. S: the key was not accepted."
    ]


async def test_the_error_of_the_last_model_is_raised() -> None:
    last = RateLimited("S", "too many.")

    with pytest.raises(RateLimited) as raised:
        await ask(FallbackChatModel([scripted(breaking_off(error=DOWN)), scripted([last])]))

    assert raised.value is last


async def test_the_silence_of_the_last_model_is_left_to_the_caller() -> None:
    events = await ask(FallbackChatModel([scripted(breaking_off(error=DOWN)), model_saying()]))

    assert isinstance(events[-1], ModelFinished)


async def test_closing_the_iterator_closes_the_model() -> None:
    first = model_saying("One.", "Two.")

    async with aclosing(FallbackChatModel([first, model_saying()]).stream(asking("q"))) as events:
        await anext(events)
        await anext(events)
        assert first.closed == 0

    assert first.closed == 1
