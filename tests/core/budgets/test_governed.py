"""The governed ports: what each call is counted as, and that a refused one is not made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from core.backends.cohere_batches import call_count
from core.budgets.accounting import Budget, Period, Provider, Spend, Unit
from core.budgets.governed import GovernedChatModel, GovernedEmbedder, GovernedReranker
from core.budgets.governor import Governor
from core.budgets.ledger import Ledger
from core.errors import QuotaExceeded, ServiceUnavailable
from core.model import (
    EmbeddingModel,
    EmbeddingUsage,
    Message,
    ModelEvent,
    ModelText,
    Prompt,
    Usage,
    Vector,
)
from core.ports import Database
from tests.support.embedder import HashingEmbedder
from tests.support.models import ScriptedModel, breaking_off, saying

PAYER = Provider("Somebody", "k")
PLAN = Provider("Somebody's plan", "k")
PROMPT = Prompt("x" * 400, (Message("user", "y" * 40),), "y", (), 100)


class Billed:
    """An embedder that bills a token for each character of a document, and may be away."""

    def __init__(self) -> None:
        self.inner = HashingEmbedder()
        self.asked = 0
        self.away = False
        self.spent = EmbeddingUsage()

    @property
    def model(self) -> EmbeddingModel:
        return self.inner.model

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        self.asked += 1
        if self.away:
            raise ServiceUnavailable("Somebody", "is away.")
        self.spent += EmbeddingUsage(call_count(texts), sum(map(len, texts)))
        return await self.inner.embed_documents(texts)

    async def embed_query(self, text: str) -> Vector:
        self.asked += 1
        return await self.inner.embed_query(text)


class Ranker:
    def __init__(self) -> None:
        self.asked = 0

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked += 1
        return [0.5] * len(texts)


@pytest.fixture
def governor(database: Database) -> Governor:
    return Governor(Ledger(database, pause=1e6))


def limited(database: Database, amount: float, unit: Unit = Unit.CALLS) -> Governor:
    budget = Budget(PAYER, unit, Period.MONTH, amount)
    return Governor(Ledger(database, pause=1e6), [budget])


async def spent(governor: Governor, provider: Provider = PAYER) -> Spend:
    return (await governor.usage([provider], Period.DAY))[provider]


async def drained(model: GovernedChatModel) -> list[ModelEvent]:
    return [event async for event in model.stream(PROMPT)]


async def test_documents_count_as_their_calls_and_what_was_billed_for_them(
    governor: Governor,
) -> None:
    inner = Billed()
    embedder = GovernedEmbedder(inner, governor, PAYER, calls=call_count)
    texts = ["word"] * 100
    vectors = await embedder.embed_documents(texts)
    assert len(vectors) == 100
    await embedder.embed_documents(texts[:1])
    assert await spent(governor) == Spend(calls=3, tokens=404)
    assert embedder.spent == EmbeddingUsage(3, 404)
    assert embedder.model == inner.model


async def test_a_question_counts_as_a_call_and_an_estimate_of_its_tokens(
    governor: Governor,
) -> None:
    embedder = GovernedEmbedder(Billed(), governor, PAYER, calls=call_count)
    await embedder.embed_query("x" * 40)
    assert await spent(governor) == Spend(calls=1, tokens=11)


async def test_calls_that_failed_are_counted(governor: Governor) -> None:
    inner = Billed()
    inner.away = True
    embedder = GovernedEmbedder(inner, governor, PAYER, calls=call_count)
    with pytest.raises(ServiceUnavailable):
        await embedder.embed_documents(["word"])
    assert await spent(governor) == Spend(calls=1)


async def test_documents_beyond_what_syncs_may_use_are_not_embedded_and_a_question_still_is(
    database: Database,
) -> None:
    inner = Billed()
    embedder = GovernedEmbedder(inner, limited(database, 2), PAYER, calls=call_count)
    with pytest.raises(QuotaExceeded, match="of 2 calls a month, syncs may use 80%"):
        await embedder.embed_documents(["word"] * 97)
    assert inner.asked == 0
    await embedder.embed_query("How?")
    await embedder.embed_query("Why?")
    with pytest.raises(QuotaExceeded, match="is spent"):
        await embedder.embed_query("When?")
    assert inner.asked == 2


@pytest.mark.parametrize(("texts", "units"), [(0, 0), (1, 1), (100, 1), (101, 2)])
async def test_a_reranking_counts_as_a_search_unit_for_each_hundred_texts(
    governor: Governor, texts: int, units: int
) -> None:
    scores = await GovernedReranker(Ranker(), governor, PAYER).rerank("How?", ["word"] * texts)
    assert len(scores) == texts
    assert await spent(governor) == Spend(calls=min(texts, 1), search_units=units)


async def test_a_reranking_beyond_the_budget_is_not_made(database: Database) -> None:
    inner = Ranker()
    reranker = GovernedReranker(inner, limited(database, 1, Unit.SEARCH_UNITS), PAYER)
    with pytest.raises(QuotaExceeded):
        await reranker.rerank("How?", ["word"] * 101)
    assert inner.asked == 0


async def test_a_text_counts_as_what_its_service_told_for_each_who_is_concerned(
    governor: Governor,
) -> None:
    inner = ScriptedModel([saying("Hello.", usage=Usage(100, 20, 0.5))])
    model = GovernedChatModel(inner, governor, [PAYER, PLAN])
    events = await drained(model)
    assert events == saying("Hello.", usage=Usage(100, 20, 0.5))
    assert await spent(governor) == Spend(1, 120, 0, 0.5)
    assert await spent(governor, PLAN) == Spend(1, 120, 0, 0.5)


async def test_a_text_without_a_price_costs_nothing(governor: Governor) -> None:
    inner = ScriptedModel([saying("Hello.", usage=Usage(100, 20))])
    await drained(GovernedChatModel(inner, governor, [PAYER]))
    assert await spent(governor) == Spend(1, 120)


async def test_a_text_that_broke_off_is_estimated_by_what_others_cost(governor: Governor) -> None:
    error = ServiceUnavailable("Somebody", "broke off.")
    inner = ScriptedModel(
        [saying("Hello.", usage=Usage(100, 0, 0.1)), breaking_off("z" * 76, error=error)]
    )
    model = GovernedChatModel(inner, governor, [PAYER])
    await drained(model)
    with pytest.raises(ServiceUnavailable):
        await drained(model)
    tokens = (400 // 4 + 1) + (40 // 4 + 1) + (76 // 4 + 1)
    total = await spent(governor)
    assert (total.calls, total.tokens) == (2, 100 + tokens)
    assert total.dollars == pytest.approx(0.1 + tokens * 0.001)


async def test_a_text_that_was_stopped_is_estimated_and_its_request_cancelled(
    governor: Governor,
) -> None:
    inner = ScriptedModel([saying("Hello.", " And more.")])
    model = GovernedChatModel(inner, governor, [PAYER])
    async with aclosing(model.stream(PROMPT)) as events:
        async for event in events:
            if isinstance(event, ModelText):
                break
    assert inner.closed == 1
    assert await spent(governor) == Spend(1, 101 + 11 + 2)


async def test_a_model_that_never_began_cost_a_call(governor: Governor) -> None:
    inner = ScriptedModel([breaking_off(error=ServiceUnavailable("Somebody", "is away."))])
    with pytest.raises(ServiceUnavailable):
        await drained(GovernedChatModel(inner, governor, [PAYER]))
    assert await spent(governor) == Spend(calls=1)


async def test_a_model_beyond_the_budget_is_not_asked(database: Database) -> None:
    inner = ScriptedModel([saying("Hello.", usage=Usage(1, 1, 2.0))])
    model = GovernedChatModel(inner, limited(database, 1.5, Unit.DOLLARS), [PAYER])
    await drained(model)
    with pytest.raises(QuotaExceeded):
        await drained(model)
    assert len(inner.prompts) == 1


def test_the_clock_is_that_of_utc(governor: Governor) -> None:
    assert abs((governor._clock() - datetime.now(UTC)).total_seconds()) < 60
