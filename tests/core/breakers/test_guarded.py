"""Each port under a guard: what it asks, what it does not, and what it costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

import pytest

from core.answering.fallback import FallbackChatModel
from core.breakers.breaker import BreakerSettings, State
from core.breakers.guard import Breakers, open_breakers
from core.breakers.guarded import (
    GuardedChatModel,
    GuardedEmbedder,
    GuardedIndex,
    GuardedReranker,
    guarded_models,
)
from core.errors import RateLimited, ServiceUnavailable
from core.model import (
    Chunk,
    ModelEvent,
    ModelStarted,
    PointKey,
    Prompt,
    SearchHits,
    SearchRequest,
    SparseVector,
)
from core.ports import ChatModel
from tests.support.embedder import HashingEmbedder
from tests.support.models import ScriptedModel, asking, breaking_off, model_saying, saying
from tests.support.watched import Watch, WatchedEmbedder, WatchedIndex

DOWN = ServiceUnavailable("S", "down.")
REQUEST = SearchRequest("c", None, SparseVector((), ()), generation=1)


@pytest.fixture
async def breakers() -> AsyncIterator[Breakers]:
    """They open at the second failure, and stay open for longer than a test."""
    async with open_breakers(BreakerSettings(failures=2, pause=3600.0)) as opened:
        yield opened


@pytest.fixture
async def probing() -> AsyncIterator[Breakers]:
    """They open at the second failure, and are half-open at once."""
    async with open_breakers(BreakerSettings(failures=2, pause=0.0, patience=0.05)) as opened:
        yield opened


class Nothing:
    """An index and a reranker to whom everything is equal."""

    async def search(self, request: SearchRequest) -> SearchHits:
        return SearchHits()

    async def read(self, collection: str, keys: Sequence[PointKey]) -> dict[PointKey, Chunk]:
        return {}

    async def vectors(self, collection: str, hashes: Sequence[str]) -> dict[str, object]:
        return {}

    async def count(self, collection: str, generation: int) -> int:
        return 7

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        raise DOWN


def guarded_index(breakers: Breakers, watch: Watch) -> GuardedIndex:
    watched = WatchedIndex(Nothing(), watch)  # type: ignore[arg-type]
    return GuardedIndex(watched, breakers.guard("Vector index"), breakers.guard("Its texts"))


async def test_questions_are_not_sent_to_a_dead_embedder_but_documents_are(
    breakers: Breakers,
) -> None:
    watch = Watch(faults={"embedder.embed_query": DOWN})
    inner = WatchedEmbedder(HashingEmbedder(), watch)
    embedder = GuardedEmbedder(inner, breakers.guard("Embedding"))
    for _ in range(5):
        with pytest.raises(ServiceUnavailable):
            await embedder.embed_query("How?")
    assert watch.calls == ["embedder.embed_query"] * 2
    assert len(await embedder.embed_documents(["one", "two"])) == 2
    assert (embedder.model, embedder.spent) == (inner.model, inner.spent)


async def test_a_dead_index_is_not_searched_but_a_sync_may_ask_it(breakers: Breakers) -> None:
    watch = Watch(faults={"index.search": DOWN})
    index = guarded_index(breakers, watch)
    for _ in range(5):
        with pytest.raises(ServiceUnavailable):
            await index.search(REQUEST)
    assert watch.calls == ["index.search"] * 2
    assert (await index.vectors("c", []), await index.count("c", 1)) == ({}, 7)


async def test_an_index_that_finds_but_gives_no_texts_is_not_read_again_and_again(
    breakers: Breakers,
) -> None:
    watch = Watch(faults={"index.read": DOWN})
    index = guarded_index(breakers, watch)
    for _ in range(5):
        await index.search(REQUEST)
        with pytest.raises(ServiceUnavailable):
            await index.read("c", ["a"])
    assert watch.calls.count("index.search") == 5
    assert watch.calls.count("index.read") == 2


async def test_an_index_that_is_well_is_searched(breakers: Breakers) -> None:
    index = guarded_index(breakers, Watch())
    assert (await index.search(REQUEST), await index.read("c", [])) == (SearchHits(), {})


async def test_a_dead_reranker_is_left_alone(breakers: Breakers) -> None:
    reranker = GuardedReranker(Nothing(), breakers.guard("Reranking"))
    for _ in range(5):
        with pytest.raises(ServiceUnavailable):
            await reranker.rerank("q", ["t"])
    [breaker] = breakers.all
    assert breaker.state is State.OPEN


async def heard(model: ChatModel) -> list[ModelEvent]:
    return [event async for event in model.stream(asking("q"))]


async def test_a_model_that_broke_off_twice_is_not_asked_a_third_time(breakers: Breakers) -> None:
    broken = ScriptedModel([breaking_off("Half a ", error=DOWN)])
    ladder = FallbackChatModel(guarded_models([broken, model_saying("Whole.")], breakers))
    for _ in range(4):
        assert (await heard(ladder))[-2:] == saying("Whole.")[-2:]
    assert len(broken.prompts) == 2


async def test_a_model_that_is_back_is_greeted_and_then_asked(probing: Breakers) -> None:
    model = ScriptedModel([[DOWN], [DOWN], saying("Hello."), saying("The answer.")])
    guarded = GuardedChatModel(model, probing.guard("Models"))
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            await heard(guarded)
    assert await heard(guarded) == saying("The answer.")
    _, _, greeting, question = model.prompts
    assert (greeting.question, greeting.passages, greeting.max_tokens) == ("Say hello.", (), 16)
    assert question.question == "q"


class Hanging:
    """A model that never says a word after the first `failures`."""

    def __init__(self) -> None:
        self.asked = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        self.asked += 1
        if self.asked <= 2:
            raise DOWN
        await asyncio.Event().wait()
        yield ModelStarted("never")


async def test_a_model_that_hangs_costs_a_question_no_more_than_the_patience(
    probing: Breakers,
) -> None:
    hanging = Hanging()
    ladder = FallbackChatModel(guarded_models([hanging, model_saying("Whole.")], probing))
    async with asyncio.timeout(5):
        for _ in range(6):
            await heard(ladder)
    assert hanging.asked == 3, "twice by a question, and by one probe"


async def test_a_limited_model_is_passed_over_for_as_long_as_its_service_says(
    breakers: Breakers,
) -> None:
    limited = ScriptedModel([[RateLimited("S", "later.", retry_after=30)]])
    ladder = FallbackChatModel(guarded_models([limited, model_saying("Meanwhile.")], breakers))
    for _ in range(3):
        assert (await heard(ladder))[0] == ModelStarted("some/model", fallback=True)
    assert len(limited.prompts) == 1


async def test_an_answer_that_is_stopped_says_nothing_of_the_model(breakers: Breakers) -> None:
    model = model_saying("One.", "Two.")
    guarded = GuardedChatModel(model, breakers.guard("Models"))
    for _ in range(3):
        async with aclosing(guarded.stream(asking("q"))) as events:
            await anext(events)
    assert model.closed == 3
    assert breakers.all[0].state is State.CLOSED


def test_the_last_model_is_under_no_guard() -> None:
    breakers = Breakers()
    models = [model_saying(f"{n}") for n in range(4)]
    guarded = guarded_models(models, breakers)
    assert guarded[-1] is models[-1]
    assert [each.name for each in breakers.all] == [
        "Models",
        "Models, group 2",
        "Models, group 3",
    ]
    assert guarded_models([], breakers) == []
