"""What the settings let each provider cost, what providers tell themselves, and who pays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

from pydantic import SecretStr

from bot.models import is_free, model_groups
from bot.settings import Settings
from core.budgets.accounting import Budget, Period, Provider, Unit, provider
from core.budgets.governed import GovernedChatModel, GovernedEmbedder, GovernedReranker
from core.budgets.governor import AskProvider, Governor, Told
from core.conversation.limits import LimitSettings
from core.errors import ServiceUnavailable
from core.ports import ChatModel, Embedder, Reranker

COHERE = "Cohere"
OPENROUTER = "OpenRouter"
PAID = "OpenRouter's paid models"
FREE = "OpenRouter's free models"

_FREE_A_DAY = 50
_FREE_A_DAY_WITH_CREDITS = 1000
"""Requests to free models; with 10 credits ever bought, which the key tells only in part:
https://openrouter.ai/docs/api/reference/limits."""

_DIRECT = "@me"
"""What direct messages in Discord have for a server."""

_PATIENCE = 3.0


class Embedding(Protocol):
    """What makes vectors, and what reranks, if anything does."""

    @property
    def embedder(self) -> Embedder:
        """The one."""

    @property
    def reranker(self) -> Reranker | None:
        """The other."""


class Plan(Protocol):
    """What OpenRouter tells of a key; the dollars are None where it has no limit."""

    @property
    def free_tier(self) -> bool:
        """Whether no credits were ever bought."""

    @property
    def remaining(self) -> float | None:
        """The dollars."""


def cohere(settings: Settings) -> Provider | None:
    """Who embeds and reranks; None without a key."""
    return _provider(COHERE, settings.cohere.api_key)


def openrouter(settings: Settings, name: str = OPENROUTER) -> Provider | None:
    """All its models, or its paid or its free ones; None without a key."""
    return _provider(name, settings.openrouter.api_key)


def _provider(name: str, key: SecretStr | None) -> Provider | None:
    return None if key is None else provider(name, key.get_secret_value())


def budgets(settings: Settings) -> Iterator[Budget]:
    """Those that are set, of the providers that have a key."""
    paid = settings.openrouter
    for who, unit, period, amount in (
        (cohere(settings), Unit.CALLS, Period.MONTH, settings.cohere.monthly_calls),
        (openrouter(settings), Unit.CALLS, Period.DAY, paid.daily_requests),
        (openrouter(settings, PAID), Unit.DOLLARS, Period.DAY, paid.daily_dollars),
        (openrouter(settings, PAID), Unit.DOLLARS, Period.MONTH, paid.monthly_dollars),
    ):
        if who is not None and amount is not None:
            yield Budget(who, unit, period, amount)


def asked(
    settings: Settings, read_plan: Callable[[], Awaitable[Plan]]
) -> dict[Provider, AskProvider]:
    """The providers that tell what is left. `read_plan` raises ServiceError."""
    paid, free = openrouter(settings, PAID), openrouter(settings, FREE)
    if paid is None or free is None:
        return {}

    async def ask() -> Told:
        try:
            async with asyncio.timeout(_PATIENCE):
                plan = await read_plan()
        except TimeoutError as exc:
            raise ServiceUnavailable(OPENROUTER, "did not answer in time.") from exc
        amount = _FREE_A_DAY if plan.free_tier else _FREE_A_DAY_WITH_CREDITS
        day = Budget(free, Unit.CALLS, Period.DAY, amount, told=True)
        return Told((day,) if has_free(settings) else (), plan.remaining)

    return {paid: ask}


def governed_embedding(
    settings: Settings,
    governor: Governor,
    embedding: Embedding,
    calls: Callable[[Sequence[str]], int],
) -> tuple[Embedder, Reranker | None]:
    """What costs something, governed; `calls` tells in how many calls Cohere embeds texts."""
    payer, reranker = cohere(settings), embedding.reranker
    if payer is None:
        return embedding.embedder, reranker
    return (
        GovernedEmbedder(embedding.embedder, governor, payer, calls=calls),
        reranker and GovernedReranker(reranker, governor, payer),
    )


def governed_models(
    settings: Settings, governor: Governor, models: Sequence[ChatModel]
) -> list[ChatModel]:
    """The models: first those of OpenRouter, a group each and governed, then whoever else."""
    if settings.openrouter.api_key is None:
        return list(models)
    governed: list[ChatModel] = [
        GovernedChatModel(model, governor, _payers(settings, group))
        for model, group in zip(models, model_groups(settings), strict=False)
    ]
    return [*governed, *models[len(governed) :]]


def _payers(settings: Settings, group: Sequence[str]) -> list[Provider]:
    """The one that has the price comes first."""
    own = openrouter(settings, FREE if is_free(group[0]) else PAID)
    return [each for each in (own, openrouter(settings)) if each is not None]


def has_free(settings: Settings) -> bool:
    """Whether a free model is among the configured ones."""
    return any(map(is_free, settings.openrouter.models))


def has_paid(settings: Settings) -> bool:
    """Whether one that costs money is."""
    return not all(map(is_free, settings.openrouter.models))


def limit_settings(settings: Settings) -> LimitSettings:
    """Who may ask on the platforms, and how much. Direct messages are in no server."""
    limits = settings.limits
    allowed = {"slack": settings.slack.allowed_users, "discord": settings.discord.allowed_users}
    people = {platform: frozenset(users) for platform, users in allowed.items() if users}
    servers = settings.discord.allowed_servers
    return LimitSettings(
        limits.per_person,
        limits.per_channel,
        limits.minutes,
        limits.characters,
        people,
        {"discord": frozenset({*servers, _DIRECT})} if servers else {},
    )
