"""OpenRouter's protocol spoken by LLMock, which nobody here wrote, with what it breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from llmock.pytest_plugin import LLMock

from core.answering.fallback import FallbackChatModel
from core.backends.openrouter import ModelGroup, OpenRouterChatModel, open_openrouter
from core.backends.streaming import Patience
from core.breakers.guard import Breakers
from core.breakers.guarded import guarded_models
from core.errors import MalformedReply, RateLimited, ServiceError, ServiceUnavailable
from core.model import Message, ModelEvent, ModelFinished, ModelStarted, ModelText, Prompt
from tests.support.models import model_saying

PROMPT = Prompt("Be brief.", (Message("user", "Hello?"),), "Hello?", (), 77)
TEXT = "The installer asks for a folder and then does the rest."


PATIENCE = {"stall": Patience(stall=0.3)}
"""By fault; whatever else breaks is seen at once."""


@asynccontextmanager
async def model_at(llmock: LLMock, fault: str = "") -> AsyncIterator[OpenRouterChatModel]:
    groups = [ModelGroup(("openai/gpt-x",))]
    base_url, patience = llmock.base_url("openai"), PATIENCE.get(fault)
    async with open_openrouter("key", groups, base_url=base_url, patience=patience) as (opened,):
        yield opened


@pytest.fixture
async def model(llmock: LLMock) -> AsyncIterator[OpenRouterChatModel]:
    async with model_at(llmock) as opened:
        yield opened


async def ask(model: OpenRouterChatModel | FallbackChatModel) -> list[ModelEvent]:
    return [event async for event in model.stream(PROMPT)]


def said(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ModelText))


async def test_a_reply_streams_with_its_usage(llmock: LLMock, model: OpenRouterChatModel) -> None:
    llmock.reply(TEXT)

    events = await ask(model)

    assert said(events) == TEXT
    assert isinstance(events[-1], ModelFinished)
    assert events[-1].usage.prompt_tokens > 0
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("corrupt", MalformedReply),
        ("truncate", ServiceUnavailable),
        ("disconnect", ServiceUnavailable),
        ("stall", ServiceUnavailable),
    ],
)
async def test_a_stream_that_breaks_is_never_taken_for_a_whole_one(
    llmock: LLMock, fault: str, error: type[ServiceError]
) -> None:
    getattr(llmock.reply(TEXT), fault)(after_chunks=3)

    async with model_at(llmock, fault) as model:
        with pytest.raises(error):
            await ask(model)


@pytest.mark.parametrize("fault", ["corrupt", "truncate", "disconnect", "stall"])
async def test_the_next_model_takes_over_from_a_stream_that_breaks(
    llmock: LLMock, fault: str
) -> None:
    getattr(llmock.reply(TEXT), fault)(after_chunks=3)

    async with model_at(llmock, fault) as model:
        events = await ask(FallbackChatModel([model, model_saying("Whole.")]))

    after = events.index(ModelStarted("some/model", fallback=True))
    assert said(events[:after])
    assert said(events[after:]) == "Whole."


async def test_a_rate_limit_tells_how_long_to_wait(
    llmock: LLMock, model: OpenRouterChatModel
) -> None:
    llmock.rate_limit(retry_after=7)

    with pytest.raises(RateLimited) as raised:
        await ask(model)

    assert raised.value.retry_after == 7


async def test_a_model_that_is_limited_is_left_alone(
    llmock: LLMock, model: OpenRouterChatModel
) -> None:
    llmock.rate_limit(times=None, retry_after=60)
    guarded = guarded_models([model, model_saying("Whole.")], Breakers())
    ladder = FallbackChatModel(guarded)

    for _ in range(3):
        await ask(ladder)

    assert len(llmock.requests) == 1
