"""`docent keys`: a key is printed once, listed without its secret, and revoked by its id."""

from __future__ import annotations

import json
import re

import pytest
from pydantic import SecretStr

from bot.keys import SHOWN_ONCE, create, list_all, revoke, revoke_tokens
from bot.log import REDACTED, redacted
from bot.settings import Settings
from bot.settings.groups import DatabaseSettings
from core.access.keys import ApiKeys, Permission
from core.access.revocations import Revocations
from core.backends.postgres import Postgres
from core.errors import ConfigurationError


@pytest.fixture
def settings(database_dsn: str) -> Settings:
    group = DatabaseSettings.model_construct(url=SecretStr(database_dsn), pooled=False)
    return Settings.model_construct(database=group)


async def test_a_key_is_printed_alone_and_works(
    settings: Settings, database: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    await create(settings, "CI", [Permission.ADMIN], None)
    printed = capsys.readouterr()
    assert printed.err.strip() == SHOWN_ONCE
    key = await ApiKeys(database).find(printed.out.strip())
    assert key is not None
    assert key.permissions == {Permission.ADMIN}


@pytest.mark.parametrize("name", ["", "  "])
async def test_a_key_without_a_name_is_not_made(
    settings: Settings, database: Postgres, name: str
) -> None:
    with pytest.raises(ConfigurationError, match="needs a name"):
        await create(settings, name, [Permission.ASK], None)
    assert await ApiKeys(database).all() == []


async def test_the_list_tells_all_but_the_secret(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await list_all(settings, as_json=False)
    assert "no key" in capsys.readouterr().out
    for name, days in (("CI", None), ("guest", 3)):
        await create(settings, name, [Permission.ASK, Permission.READ], days)
    secrets = [key.split("_", 2)[2] for key in capsys.readouterr().out.split()]
    await list_all(settings, as_json=True)
    found = capsys.readouterr().out
    assert not any(secret in found for secret in secrets)
    (first, second) = json.loads(found)
    assert first["scopes"] == ["ask", "read"]
    assert second["expires_at"] > second["created_at"]
    await revoke(settings, first["id"])
    await list_all(settings, as_json=False)
    one, two = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"{first['id']}  CI  \(ask, read\)  revoked \d{{4}}-\d\d-\d\d", one)
    assert "guest" in two
    assert "expires" in two


async def test_a_key_that_is_not_there_is_not_revoked(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="no key 'abc'") as refused:
        await revoke(settings, "abc")
    assert "keys list" in refused.value.hint


async def test_a_key_never_reaches_the_log(database: Postgres) -> None:
    _, text = await ApiKeys(database).create("CI", [Permission.ASK])
    assert redacted(f"key {text}!") == f"key {REDACTED}!"


async def test_tokens_are_revoked_by_whose_they_are(settings: Settings, database: Postgres) -> None:
    revocations = Revocations(database)
    assert await revocations.moment("alice") is None
    await revoke_tokens(settings, "alice")
    first = await revocations.moment("alice")
    await revoke_tokens(settings, "alice")
    again = await revocations.moment("alice")
    assert first is not None
    assert again is not None
    assert again > first
