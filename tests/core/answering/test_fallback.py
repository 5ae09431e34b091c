"""The ladder of models."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

import pytest

from core.answering.fallback import FallbackChatModel
from core.errors import AccessDenied, MalformedReply, RateLimited, ServiceError, ServiceUnavailable
from core.model import ModelEvent, ModelFinished, ModelStarted, ModelText, Usage
from tests.support.models import ScriptedModel, Step, asking, breaking_off, model_saying, saying

DOWN = ServiceUnavailable("S", "down.")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


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


@pytest.mark.parametrize("error", [RateLimited, ServiceUnavailable])
async def test_a_model_rests_for_as_long_as_its_service_says(
    error: type[ServiceUnavailable],
) -> None:
    clock = Clock()
    limited = scripted([error("S", "later.", retry_after=30)], saying("I am back."))
    model = FallbackChatModel([limited, model_saying("Meanwhile.")], clock=clock)

    await ask(model)
    clock.now += 29
    resting = await ask(model)
    clock.now += 1
    back = await ask(model)

    assert resting[0] == ModelStarted("some/model", fallback=True)
    assert len(limited.prompts) == 2
    assert back == saying("I am back.")


async def test_no_service_can_send_a_model_to_rest_for_good() -> None:
    clock = Clock()
    limited = scripted([RateLimited("S", "later.", retry_after=1e12)], saying("Back."))
    model = FallbackChatModel([limited, model_saying("Meanwhile.")], clock=clock)

    await ask(model)
    clock.now += 3601

    assert await ask(model) == saying("Back.")


@pytest.mark.parametrize("error", [DOWN, MalformedReply("S", "odd.")])
async def test_a_model_whose_service_names_no_time_is_asked_again_at_once(
    error: ServiceError,
) -> None:
    flaky = scripted([error], saying("Back."))
    model = FallbackChatModel([flaky, model_saying("Meanwhile.")])

    await ask(model)

    assert await ask(model) == saying("Back.")


async def test_the_last_model_never_rests() -> None:
    model = FallbackChatModel(
        [scripted([RateLimited("S", "later.", retry_after=30)], saying("Hi."))]
    )

    with pytest.raises(RateLimited):
        await ask(model)

    assert await ask(model) == saying("Hi.")


async def test_closing_the_iterator_closes_the_model() -> None:
    first = model_saying("One.", "Two.")

    async with aclosing(FallbackChatModel([first, model_saying()]).stream(asking("q"))) as events:
        await anext(events)
        await anext(events)
        assert first.closed == 0

    assert first.closed == 1
