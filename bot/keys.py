"""What `docent keys` does: API keys are made, listed and revoked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import typer

from bot.app import open_database
from bot.settings import Settings
from core.access.keys import ApiKey, ApiKeys, Permission
from core.access.revocations import Revocations
from core.errors import ConfigurationError
from core.migrations.runner import migrate
from core.text.unicode import visible

SHOWN_ONCE = "This is the key. It is not kept, and so is shown only now."


async def create(
    settings: Settings, name: str, permissions: Sequence[Permission], days: int | None
) -> None:
    """Prints a new key, which works at once, also where a bot is running.

    Raises ConfigurationError for one without a name.
    """
    if not name.strip():
        raise ConfigurationError(
            "A key needs a name that says who or what it is for.",
            hint='For example: docent keys create "the support portal"',
        )
    expires = None if days is None else datetime.now(UTC) + timedelta(days=days)
    async with open_database(settings) as database:
        await migrate(database)
        _, text = await ApiKeys(database).create(name, permissions, expires_at=expires)
    typer.echo(SHOWN_ONCE, err=True)
    typer.echo(text)


async def list_all(settings: Settings, *, as_json: bool) -> None:
    """Prints every key without its secret."""
    async with open_database(settings) as database:
        await migrate(database)
        keys = await ApiKeys(database).all()
    if as_json:
        typer.echo(json.dumps([_as_json(key) for key in keys], indent=2))
        return
    for line in _lines(keys, datetime.now(UTC)):
        typer.echo(line)


async def revoke(settings: Settings, key_id: str) -> None:
    """Ends a key; a running bot notices within ten seconds, for its metrics within a day.

    Raises ConfigurationError.
    """
    async with open_database(settings) as database:
        await migrate(database)
        if not await ApiKeys(database).revoke(key_id):
            raise ConfigurationError(
                f"There is no key {key_id!r} that could be revoked.",
                hint="`docent keys list` shows which there are.",
            )


async def revoke_tokens(settings: Settings, subject: str) -> None:
    """Ends what an identity provider has given out to somebody so far."""
    async with open_database(settings) as database:
        await migrate(database)
        await Revocations(database).revoke(subject)


def _as_json(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.permissions),
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }


def _lines(keys: Sequence[ApiKey], now: datetime) -> Iterator[str]:
    if not keys:
        yield "There is no key. `docent keys create NAME` makes one."
    for key in keys:
        scopes = ", ".join(sorted(key.permissions))
        yield f"{key.id}  {visible(key.name)}  ({scopes})  {_standing(key, now)}"


def _standing(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {_day(key.revoked_at)}"
    if key.expires_at is None:
        return f"created {_day(key.created_at)}"
    return f"{'expired' if key.expires_at <= now else 'expires'} {_day(key.expires_at)}"


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d")
