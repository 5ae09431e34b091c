"""What an OpenRouter key may still spend: https://openrouter.ai/docs/api/reference/limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from core.backends.openrouter import BASE_URL
from core.backends.openrouter_replies import SERVICE, error_for, parse
from core.backends.vendor_http import header_safe, unreachable
from core.errors import MalformedReply
from core.text.retry_after import retry_after

_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """A key's plan. `remaining` is in US dollars, None without a limit.

    `unknown_models` are those of the asked-for ones that OpenRouter does not list.
    """

    free_tier: bool
    remaining: float | None
    unknown_models: tuple[str, ...]


async def read_account(
    api_key: str,
    models: Sequence[str],
    *,
    base_url: str = BASE_URL,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Account:
    """Asks OpenRouter; costs nothing. Raises ServiceError and ConfigurationError."""
    headers = {"Authorization": f"Bearer {header_safe(SERVICE, api_key)}"}
    async with httpx.AsyncClient(
        base_url=base_url, headers=headers, timeout=_TIMEOUT, transport=transport
    ) as client:
        key = await _get(client, "key")
        listed = await _get(client, "models")
    known = {model.get("id") for model in listed if isinstance(model, dict)}
    remaining = key.get("limit_remaining")
    return Account(
        free_tier=bool(key.get("is_free_tier")),
        remaining=remaining if isinstance(remaining, int | float) else None,
        unknown_models=tuple(name for name in models if name not in known),
    )


async def _get(client: httpx.AsyncClient, path: str) -> Any:
    try:
        response = await client.get(path)
    except httpx.HTTPError as exc:
        raise unreachable(SERVICE) from exc
    if not response.is_success:
        raise error_for(response.status_code, wait=retry_after(response.headers))
    data = parse(response.content).get("data")
    expected = list if path == "models" else dict
    if not isinstance(data, expected):
        raise MalformedReply(SERVICE, f"the reply about {path} is not one that we know.")
    return data
