"""Which models are asked, in requests of as many as OpenRouter takes, and on what conditions."""

from __future__ import annotations

from typing import Any

from bot.settings import Settings

MODELS_A_REQUEST = 3


def model_groups(settings: Settings) -> list[tuple[str, ...]]:
    """The configured models, a group for each request."""
    names = settings.openrouter.models
    starts = range(0, len(names), MODELS_A_REQUEST)
    return [names[start : start + MODELS_A_REQUEST] for start in starts]


def provider_preferences(settings: Settings) -> dict[str, Any]:
    """Whom OpenRouter may choose to serve them."""
    openrouter = settings.openrouter
    provider: dict[str, Any] = {"data_collection": openrouter.data_collection}
    if openrouter.zdr:
        provider["zdr"] = True
    if openrouter.max_price is not None:
        provider["max_price"] = {
            "prompt": openrouter.max_price,
            "completion": openrouter.max_price,
        }
    return provider
