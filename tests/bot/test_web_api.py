"""Who may reach the HTTP API, by how it is set up."""

from __future__ import annotations

import pytest
from pydantic import AnyHttpUrl, ValidationError

from adapters.web.middleware import is_loopback
from bot.settings import Settings
from bot.settings.groups import ServerSettings
from bot.settings.web import JwtSettings, WebSettings
from bot.web_api import anybody_may, doors, keys_required, token_rules
from core.access.keys import ApiKeys, Permission
from core.backends.postgres import Postgres
from core.errors import ConfigurationError

EVERYWHERE = Settings(server=ServerSettings(host="0.0.0.0"))
HERE = Settings()
WITH_TOKENS = JwtSettings(jwks_url=AnyHttpUrl("https://id.example.com/jwks"))


async def test_beyond_this_machine_it_takes_a_key_whether_there_is_one_or_not(
    database: Postgres,
) -> None:
    keys = ApiKeys(database)
    assert await keys_required(EVERYWHERE, keys)
    assert not await anybody_may(EVERYWHERE, keys)
    await keys.create("CI", [Permission.ASK])
    assert await keys_required(EVERYWHERE, keys)
    assert await anybody_may(EVERYWHERE, keys)


async def test_an_identity_provider_will_do(database: Postgres) -> None:
    settings = EVERYWHERE.model_copy(update={"jwt": WITH_TOKENS})
    assert await anybody_may(settings, ApiKeys(database))


async def test_at_this_machine_no_key_is_needed_until_there_is_one(database: Postgres) -> None:
    keys = ApiKeys(database)
    assert not await keys_required(HERE, keys)
    await keys.create("CI", [Permission.ASK])
    assert await keys_required(HERE, keys)


async def test_that_the_last_key_has_ended_lets_nobody_in_without_one(database: Postgres) -> None:
    keys = ApiKeys(database)
    made, _ = await keys.create("CI", [Permission.ADMIN])
    await keys.revoke(made.id)
    assert await keys_required(HERE, keys)
    assert not await anybody_may(HERE, keys)


@pytest.mark.parametrize(
    ("url", "required"),
    [
        ("https://docs.example.com/", True),
        ("http://192.168.0.1:8080", True),
        ("http://localhost:8080", False),
        ("http://[::1]:8080", False),
    ],
)
async def test_behind_a_proxy_for_others_it_takes_a_key(
    database: Postgres, url: str, *, required: bool
) -> None:
    settings = Settings(server=ServerSettings(public_url=AnyHttpUrl(url)))
    assert await keys_required(settings, ApiKeys(database)) is required


@pytest.mark.parametrize(
    ("origin", "required"), [("https://app.example.com", True), ("http://localhost:3000/", False)]
)
async def test_where_pages_of_others_may_call_it_takes_a_key(
    database: Postgres, origin: str, *, required: bool
) -> None:
    settings = Settings(web=WebSettings(origins=(origin,)))
    assert await keys_required(settings, ApiKeys(database)) is required


@pytest.mark.parametrize(
    "origin", ["*", "null", "app.example.com", "https://*.example.com", "https://a.com/path"]
)
def test_pages_that_may_call_are_named_one_by_one(origin: str) -> None:
    with pytest.raises(ValidationError, match=r"such as https://app\.example\.com"):
        WebSettings(origins=(origin,))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("[::1]", True),
        ("127.0.0.1.example.com", False),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.1", False),
        ("docs.example.com", False),
    ],
)
def test_what_only_this_machine_reaches(host: str, *, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_the_doors_are_as_the_settings_say() -> None:
    settings = Settings(
        server=ServerSettings(public_url=AnyHttpUrl("https://docs.example.com:443/docent/")),
        web=WebSettings(origins=("https://app.example.com/",), upload_megabytes=3),
    )
    made = doors(settings, required=True)
    assert not made.local
    assert made.site == "https://docs.example.com"
    assert made.origins == ("https://app.example.com",)
    assert doors(Settings(), required=False).site is None
    assert made.upload_bytes == 3_000_000


def test_a_provider_whose_tokens_may_be_for_others_is_not_trusted() -> None:
    with pytest.raises(ConfigurationError, match="another service"):
        token_rules(WITH_TOKENS.model_copy(update={"issuer": "https://id.example.com"}))
    for half in (JwtSettings(issuer="https://id.example.com"), JwtSettings(audience="docent")):
        assert half.named
        with pytest.raises(ConfigurationError, match="JWT_JWKS_URL is not"):
            token_rules(half)
    whole = {"issuer": "https://id.example.com", "audience": "docent"}
    rules = token_rules(WITH_TOKENS.model_copy(update=whole))
    assert rules.default == {Permission.ASK, Permission.READ}
    with pytest.raises(ConfigurationError, match="JWT_SCOPES"):
        token_rules(WITH_TOKENS.model_copy(update={**whole, "scopes": ("write",)}))
