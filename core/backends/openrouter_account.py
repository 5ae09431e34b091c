"""What an OpenRouter key may still spend: https://openrouter.ai/docs/api/reference/limits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import httpx

from core.backends.openrouter import BASE_URL
from core.backends.openrouter_replies import SERVICE, error_for, parse
from core.backends.vendor_http import header_safe, unreachable
from core.errors import MalformedReply
from core.text.retry_after import retry_after

_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A key's plan. `remaining` is in US dollars, None without a limit."""

    free_tier: bool
    remaining: float | None


@dataclass(frozen=True, slots=True)
class Account:
    """A key's plan, as in Plan.

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
    async with await _client(api_key, base_url, transport) as client:
        plan = _plan(await _get(client, "key"))
        listed = await _get(client, "models")
    known = {model.get("id") for model in listed if isinstance(model, dict)}
    unknown = tuple(name for name in models if name not in known)
    return Account(plan.free_tier, plan.remaining, unknown)


async def read_plan(
    api_key: str, *, base_url: str = BASE_URL, transport: httpx.AsyncBaseTransport | None = None
) -> Plan:
    """The same without the list of all models, which is long."""
    async with await _client(api_key, base_url, transport) as client:
        return _plan(await _get(client, "key"))


async def _client(
    api_key: str, base_url: str, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {header_safe(SERVICE, api_key)}"}
    # To read the certificates takes 50 ms, in which the loop would answer nobody.
    return await asyncio.to_thread(
        httpx.AsyncClient,
        base_url=base_url,
        headers=headers,
        timeout=_TIMEOUT,
        transport=transport,
    )


def _plan(key: dict[str, Any]) -> Plan:
    remaining = key.get("limit_remaining")
    told = isinstance(remaining, int | float) and isfinite(remaining)
    return Plan(bool(key.get("is_free_tier")), remaining if told else None)


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
