"""Which models are asked, in requests of as many as OpenRouter takes, and on what conditions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from bot.settings import Settings
from core.answering.verifying.judging import Judge
from core.ports import ChatModel

MODELS_A_REQUEST = 3


def is_free(model: str) -> bool:
    """Whether OpenRouter asks no money for it."""
    return model.endswith(":free")


def model_groups(settings: Settings) -> list[tuple[str, ...]]:
    """The configured models, a group for each request, in which all are free or none is."""
    groups: list[tuple[str, ...]] = []
    for _, alike in groupby(settings.openrouter.models, is_free):
        names = tuple(alike)
        starts = range(0, len(names), MODELS_A_REQUEST)
        groups += [names[start : start + MODELS_A_REQUEST] for start in starts]
    return groups


def provider_preferences(settings: Settings, *, free: bool) -> dict[str, Any]:
    """Whom OpenRouter may choose to serve a group of free models, or one of paid ones."""
    openrouter = settings.openrouter
    collection = openrouter.data_collection
    if free and openrouter.free_data_collection is not None:
        collection = openrouter.free_data_collection
    provider: dict[str, Any] = {"data_collection": collection}
    if openrouter.zdr:
        provider["zdr"] = True
    if openrouter.max_price is not None:
        provider["max_price"] = {
            "prompt": openrouter.max_price,
            "completion": openrouter.max_price,
        }
    return provider


def judge(settings: Settings, models: Sequence[ChatModel]) -> Judge | None:
    """The first of the models as a judge of claims; None without a model, or without patience."""
    answer = settings.answer
    if settings.openrouter.api_key is None or not answer.judge_seconds:
        return None
    return Judge(models[0], patience=answer.judge_seconds, unsupported=answer.unsupported)
