"""Which models share a request, and what their providers may do with what they are sent."""

from __future__ import annotations

from typing import Literal

import pytest

from bot.models import is_free, model_groups, provider_preferences
from bot.settings import Settings
from bot.settings.groups import OpenRouterSettings

Collection = Literal["deny", "allow"]


def configured(*models: str, **more: Collection) -> Settings:
    return Settings(openrouter=OpenRouterSettings.model_validate({"models": models, **more}))


@pytest.mark.parametrize(
    ("models", "groups"),
    [
        (["a"], [("a",)]),
        (["a", "b", "c", "d"], [("a", "b", "c"), ("d",)]),
        (["a:free", "b", "c:free"], [("a:free",), ("b",), ("c:free",)]),
        (["a:free", "b:free", "c"], [("a:free", "b:free"), ("c",)]),
    ],
)
def test_free_and_paid_models_share_no_request(
    models: list[str], groups: list[tuple[str, ...]]
) -> None:
    assert model_groups(configured(*models)) == groups


@pytest.mark.parametrize(
    ("settings", "paid", "free"),
    [
        ({}, "deny", "deny"),
        ({"free_data_collection": "allow"}, "deny", "allow"),
        ({"data_collection": "allow"}, "allow", "allow"),
        ({"data_collection": "allow", "free_data_collection": "deny"}, "allow", "deny"),
    ],
)
def test_what_paid_models_are_sent_is_kept_by_nobody_though_free_ones_may(
    settings: dict[str, Collection], paid: Collection, free: Collection
) -> None:
    found = {
        name: provider_preferences(configured(name, **settings), free=is_free(name))
        for name in ("a", "b:free")
    }
    assert (found["a"]["data_collection"], found["b:free"]["data_collection"]) == (paid, free)
