"""OpenRouter and Cohere as `@copilotkit/aimock` speaks them, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest

from core.answering.fallback import FallbackChatModel
from core.backends.cohere import Cohere, CohereModels, open_cohere
from core.backends.openrouter import ModelGroup, OpenRouterChatModel, open_openrouter
from core.backends.streaming import Patience
from core.errors import RateLimited, ServiceUnavailable
from core.model import (
    Message,
    ModelEvent,
    ModelFinished,
    ModelStarted,
    ModelText,
    Prompt,
    Usage,
)
from tests.support.aimock import MISSING, aimock

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

TEXT = "The installer asks for a folder and then does the rest."
SECOND = "The second model says all."
SLOW = {"latency": 15, "chunkSize": 5}


def fixture(
    message: str, response: dict[str, Any], model: str = "", **options: Any
) -> dict[str, Any]:
    match = {"userMessage": message, **({"model": model} if model else {})}
    return {"match": match, "response": response, **options}


def error(status: int, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "as the test wants it", "type": "error"}, "status": status, **more}


USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21, "cost": 0.0021}
FIXTURES = [
    fixture("plain", {"content": TEXT, "usage": USAGE}, chunkSize=5, openRouterProcessing=True),
    fixture("routed", error(429), model="a/one"),
    fixture("routed", {"content": TEXT}, model="b/two"),
    fixture("limited", error(429, retryAfter=7), model="a/one"),
    fixture("down", error(503), model="a/one"),
    fixture("cut", {"content": TEXT}, model="a/one", truncateAfterChunks=4, **SLOW),
    fixture("lost", {"content": TEXT}, model="a/one", disconnectAfterMs=80, **SLOW),
    fixture("stuck", {"content": TEXT}, model="a/one", latency=60_000),
    *(
        fixture(message, {"content": SECOND}, model="z/last")
        for message in ("limited", "down", "cut", "lost", "stuck")
    ),
    {"match": {"inputText": "limited"}, "response": error(429, retryAfter=7)},
    {"match": {"inputText": "flaky", "sequenceIndex": 0}, "response": error(429, retryAfter=3)},
    {"match": {"inputText": ""}, "response": {"embedding": [3.0, 0.0, 0.0, 4.0]}},
]
RERANK = {
    "folder": [
        {"index": 1, "relevance_score": 0.9},
        {"index": 0, "relevance_score": 0.2},
    ]
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with aimock(FIXTURES, RERANK) as address:
        yield address


@pytest.fixture
async def models(url: str) -> AsyncIterator[tuple[OpenRouterChatModel, ...]]:
    groups = [ModelGroup(("a/one",)), ModelGroup(("z/last",)), ModelGroup(("a/one", "b/two"))]
    async with open_openrouter("key", groups, base_url=f"{url}/api/v1") as opened:
        yield opened


@pytest.fixture
async def hasty(url: str) -> AsyncIterator[OpenRouterChatModel]:
    """The first of them, not waited for."""
    group, patience = ModelGroup(("a/one",)), Patience(first_token=1)
    base_url = f"{url}/api/v1"
    async with open_openrouter("key", [group], base_url=base_url, patience=patience) as (opened,):
        yield opened


@pytest.fixture
async def cohere(url: str) -> AsyncIterator[Cohere]:
    async def at_once(seconds: float) -> None:
        """No test waits."""

    models = CohereModels(dimensions=4)
    async with open_cohere("key", models=models, base_url=url, sleep=at_once) as opened:
        yield opened


async def ask(model: OpenRouterChatModel | FallbackChatModel, message: str) -> list[ModelEvent]:
    prompt = Prompt("Be brief.", (Message("user", message),), message, (), 77)
    return [event async for event in model.stream(prompt)]


def said(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ModelText))


async def test_a_reply_streams_with_its_usage_and_cost(
    models: tuple[OpenRouterChatModel, ...],
) -> None:
    events = await ask(models[0], "plain")

    assert events[0] == ModelStarted("a/one")
    assert said(events) == TEXT
    assert events[-1] == ModelFinished("a/one", Usage(9, 12, 0.0021))


async def test_the_model_that_answered_within_a_group_is_the_one_recorded(
    models: tuple[OpenRouterChatModel, ...],
) -> None:
    events = await ask(models[2], "routed")

    assert events[0] == ModelStarted("b/two")
    assert said(events) == TEXT


async def test_a_rate_limit_tells_how_long_to_wait(
    models: tuple[OpenRouterChatModel, ...],
) -> None:
    with pytest.raises(RateLimited) as raised:
        await ask(models[0], "limited")

    assert raised.value.retry_after == 7


@pytest.mark.parametrize("message", ["down", "cut", "lost"])
async def test_what_breaks_is_an_error(
    models: tuple[OpenRouterChatModel, ...], message: str
) -> None:
    with pytest.raises(ServiceUnavailable):
        await ask(models[0], message)


async def test_the_next_group_answers_in_place_of_one_that_is_stuck(
    models: tuple[OpenRouterChatModel, ...], hasty: OpenRouterChatModel
) -> None:
    with pytest.raises(ServiceUnavailable, match="in time"):
        await ask(hasty, "stuck")

    assert said(await ask(FallbackChatModel([hasty, models[1]]), "stuck")) == SECOND


@pytest.mark.parametrize("message", ["limited", "down"])
async def test_the_next_group_answers_in_place_of_one_that_never_began(
    models: tuple[OpenRouterChatModel, ...], message: str
) -> None:
    events = await ask(FallbackChatModel(models[:2]), message)

    assert events[0] == ModelStarted("z/last", fallback=True)
    assert said(events) == SECOND


@pytest.mark.parametrize("message", ["cut", "lost"])
async def test_the_next_group_takes_over_from_one_that_broke_off(
    models: tuple[OpenRouterChatModel, ...], message: str
) -> None:
    events = await ask(FallbackChatModel(models[:2]), message)

    after = events.index(ModelStarted("z/last", fallback=True))
    assert TEXT.startswith(said(events[:after]))
    assert said(events[:after])
    assert said(events[after:]) == SECOND


async def test_cohere_embeds(cohere: Cohere) -> None:
    documents = await cohere.embedder.embed_documents(["one", "two"])
    query = await cohere.embedder.embed_query("three")

    for vector in (*documents, query):
        assert np.allclose(vector, [0.6, 0, 0, 0.8])


async def test_cohere_reranks(cohere: Cohere) -> None:
    assert await cohere.reranker.rerank("Which folder?", ["a", "b"]) == [0.2, 0.9]


async def test_a_query_learns_of_a_rate_limit_at_once(cohere: Cohere) -> None:
    with pytest.raises(RateLimited) as raised:
        await cohere.embedder.embed_query("limited")

    assert raised.value.retry_after == 7


async def test_documents_come_through_after_a_rate_limit(cohere: Cohere) -> None:
    assert len(await cohere.embedder.embed_documents(["flaky"])) == 1
