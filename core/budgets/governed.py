"""Ports that ask the governor before each call. What it refuses, they raise: QuotaExceeded."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from math import ceil

from core.budgets.accounting import Priority, Provider, Spend
from core.budgets.governor import Governor
from core.model import (
    EmbeddingModel,
    EmbeddingUsage,
    ModelEvent,
    ModelFinished,
    ModelText,
    Prompt,
    Usage,
    Vector,
)
from core.ports import ChatModel, Embedder, Reranker

_DOCUMENTS_A_SEARCH_UNIT = 100
"""As Cohere bills them: https://cohere.com/pricing."""

_CHARACTERS_A_TOKEN = 4


class GovernedEmbedder:
    """An Embedder. Documents are a sync's, which leaves a share of each budget for questions.

    `calls` tells how many calls texts are embedded in; all are counted before the first is made.
    """

    def __init__(
        self,
        embedder: Embedder,
        governor: Governor,
        provider: Provider,
        *,
        calls: Callable[[Sequence[str]], int],
    ) -> None:
        self._embedder = embedder
        self._governor = governor
        self._providers = (provider,)
        self._calls = calls
        self._billed = embedder.spent.tokens

    @property
    def model(self) -> EmbeddingModel:
        """The inner one's."""
        return self._embedder.model

    @property
    def spent(self) -> EmbeddingUsage:
        """The inner one's."""
        return self._embedder.spent

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in order."""
        calls = Spend(calls=self._calls(texts))
        await self._governor.spend(self._providers, calls, Priority.SYNC)
        try:
            return await self._embedder.embed_documents(texts)
        finally:
            billed = self._embedder.spent.tokens
            self._governor.count(self._providers, Spend(tokens=billed - self._billed))
            self._billed = billed

    async def embed_query(self, text: str) -> Vector:
        """The vector to search with. Its tokens are estimated."""
        await self._governor.spend(self._providers, Spend(calls=1, tokens=_tokens(text)))
        return await self._embedder.embed_query(text)


class GovernedReranker:
    """A Reranker."""

    def __init__(self, reranker: Reranker, governor: Governor, provider: Provider) -> None:
        self._reranker = reranker
        self._governor = governor
        self._providers = (provider,)

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One relevance a text, in the order of `texts`."""
        units = ceil(len(texts) / _DOCUMENTS_A_SEARCH_UNIT)
        if units:
            await self._governor.spend(self._providers, Spend(calls=1, search_units=units))
        return await self._reranker.rerank(query, texts)


class GovernedChatModel:
    """A ChatModel, counted for each of the `providers`.

    Of a text that broke off or was stopped no usage is told: it is estimated, and the first of
    the providers is asked for the price.
    """

    def __init__(self, model: ChatModel, governor: Governor, providers: Sequence[Provider]) -> None:
        self._model = model
        self._governor = governor
        self._providers = tuple(providers)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """The model's events."""
        await self._governor.spend(self._providers, Spend(calls=1))
        written = 0
        usage: Usage | None = None
        try:
            async with aclosing(self._model.stream(prompt)) as events:
                async for event in events:
                    if isinstance(event, ModelText):
                        written += _tokens(event.text)
                    elif isinstance(event, ModelFinished):
                        usage = event.usage
                    yield event
        finally:
            if usage is not None or written:
                spend = self._estimated(prompt, written) if usage is None else _told(usage)
                self._governor.count(self._providers, spend)

    def _estimated(self, prompt: Prompt, written: int) -> Spend:
        read = _tokens(prompt.system) + sum(_tokens(message.text) for message in prompt.messages)
        tokens = read + written
        dollars = self._governor.estimated_dollars(self._providers[0], tokens)
        return Spend(tokens=tokens, dollars=dollars)


def _told(usage: Usage) -> Spend:
    tokens = usage.prompt_tokens + usage.completion_tokens
    return Spend(tokens=tokens, dollars=usage.cost or 0.0)


def _tokens(text: str) -> int:
    return len(text) // _CHARACTERS_A_TOKEN + 1
