"""Tokens of an identity provider: whose they are, and which are not to be trusted."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.web.jwks import COOL_DOWN, FRESH, STALE, KeySet, open_key_set
from adapters.web.tokens import JwtTokens, TokenRules
from core.access.keys import Permission
from core.access.revocations import Revocations
from core.backends.postgres import Postgres
from core.errors import MalformedReply, ServiceError, ServiceUnavailable
from tests.support.http_server import Exchange, serving
from tests.support.identity import (
    AUDIENCE,
    ISSUER,
    IdentityProvider,
    ed25519,
    open_identity_provider,
    rsa,
)
from tests.support.quick_clock import QuickClock

RULES = TokenRules(ISSUER, AUDIENCE, frozenset({Permission.ASK}))


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    async with open_identity_provider() as opened:
        yield opened


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


class NothingRevoked:
    """For what has nothing to do with the database."""

    async def moment(self, subject: str) -> None:
        return None


@pytest.fixture
async def tokens(provider: IdentityProvider, clock: QuickClock) -> AsyncIterator[JwtTokens]:
    async with httpx.AsyncClient(timeout=60) as client:
        keys = KeySet(provider.url, client, patience=60.0, clock=clock.now)
        yield JwtTokens(keys, RULES, cast("Revocations", NothingRevoked()))


async def subject(tokens: JwtTokens, token: str) -> str | None:
    principal = await tokens.principal(token)
    return None if principal is None else principal.id


@pytest.mark.parametrize("make", [ed25519, rsa])
async def test_a_token_is_accepted_with_either_kind_of_key(
    provider: IdentityProvider, tokens: JwtTokens, make: object
) -> None:
    assert callable(make)
    provider.keys = [make("k")]
    principal = await tokens.principal(provider.token())
    assert principal is not None
    assert (principal.kind, principal.name) == ("jwt", "alice")
    assert principal.permissions == {Permission.ASK}


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"scope": "read admin other"}, {Permission.READ, Permission.ADMIN}),
        ({"scp": ["ask"]}, {Permission.ASK}),
        ({"scope": ""}, set()),
        ({"scope": 7}, set()),
        ({"scope": {"admin": True}}, set()),
    ],
)
async def test_a_token_may_do_what_its_scopes_say(
    provider: IdentityProvider,
    tokens: JwtTokens,
    claims: dict[str, Any],
    expected: set[Permission],
) -> None:
    principal = await tokens.principal(provider.token(**claims))
    assert principal is not None
    assert principal.permissions == expected


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 60},
        {"nbf": int(time.time()) + 3600},
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://evil.example.com"},
        {"iss": None},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 300},
        {"sub": "alice\0"},
        {"sub": "alice\ud800"},
    ],
)
async def test_a_token_that_says_the_wrong_thing_is_not(
    provider: IdentityProvider, tokens: JwtTokens, claims: dict[str, Any]
) -> None:
    try:
        token = provider.token(**claims)
    except TypeError:  # it makes none without a subject that is a text
        return
    assert await tokens.principal(token) is None


async def test_a_token_that_was_tampered_with_is_not(
    provider: IdentityProvider, tokens: JwtTokens
) -> None:
    head, body, signature = provider.token().split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    mine = base64.urlsafe_b64encode(json.dumps({**said, "sub": "bob"}).encode()).decode()
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for token in (
        f"{head}.{mine.rstrip('=')}.{signature}",
        f"{head}.{body}.{flipped}",
        f"{head}.{body}.",
        f"{head}.{body}",
        "",
        "a.b.c",
        "x" * 20_000,
    ):
        assert await tokens.principal(token) is None


async def test_nobody_signs_with_a_public_key_or_not_at_all(
    provider: IdentityProvider, tokens: JwtTokens
) -> None:
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "bob", "exp": int(time.time()) + 60}
    public = provider.keys[0].private.public_key().public_bytes_raw()
    forged = jwt.encode(said, public, algorithm="HS256", headers={"kid": "k1"})
    unsigned = jwt.encode(said, "", algorithm="none", headers={"kid": "k1"})
    stranger = provider.token(ed25519("k1"))
    for token in (forged, unsigned, stranger):
        assert await tokens.principal(token) is None


async def test_keys_are_fetched_once_and_again_for_one_that_is_new(
    provider: IdentityProvider, tokens: JwtTokens, clock: QuickClock
) -> None:
    for _ in range(5):
        assert await subject(tokens, provider.token()) == "jwt:alice"
    assert provider.asked == 1
    provider.keys.append(ed25519("k2"))
    await clock.sleep(COOL_DOWN)
    assert await subject(tokens, provider.token()) == "jwt:alice"
    assert await subject(tokens, provider.token(provider.keys[0])) == "jwt:alice"
    assert provider.asked == 2


async def test_tokens_of_unknown_keys_have_it_asked_no_more_than_now_and_then(
    provider: IdentityProvider, tokens: JwtTokens, clock: QuickClock
) -> None:
    stranger = ed25519("nobody")
    for _ in range(20):
        assert await tokens.principal(provider.token(stranger)) is None
    assert provider.asked == 1
    await clock.sleep(COOL_DOWN)
    assert await tokens.principal(provider.token(stranger)) is None
    assert provider.asked == 2


async def test_a_key_that_was_withdrawn_is_of_no_use_any_more(
    provider: IdentityProvider, tokens: JwtTokens, clock: QuickClock
) -> None:
    token = provider.token()
    assert await tokens.principal(token)
    provider.keys = [ed25519("k2")]
    await clock.sleep(FRESH)
    assert await tokens.principal(token) is None


async def test_while_the_provider_is_away_known_keys_do_for_an_hour(
    provider: IdentityProvider, tokens: JwtTokens, clock: QuickClock
) -> None:
    token = provider.token()
    assert await tokens.principal(token)
    provider.status = 500
    await clock.sleep(FRESH)
    assert await tokens.principal(token)
    with pytest.raises(ServiceUnavailable, match="500"):
        await tokens.principal(provider.token(ed25519("k2")))
    await clock.sleep(STALE)
    with pytest.raises(ServiceUnavailable):
        await tokens.principal(token)
    provider.status = 200
    await clock.sleep(COOL_DOWN)
    assert await tokens.principal(token)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"keys": 7}', '{"keys": [7]}', " " * 300_000])
async def test_what_is_no_set_of_keys_is_told_as_such(
    provider: IdentityProvider, tokens: JwtTokens, body: str
) -> None:
    provider.body = body
    with pytest.raises(MalformedReply):
        await tokens.principal(provider.token())


async def test_a_key_of_a_kind_that_nobody_knows_is_none(
    provider: IdentityProvider, tokens: JwtTokens
) -> None:
    provider.body = json.dumps({"keys": [{"kid": "k1", "kty": "new"}, {"kid": "k2"}, {}]})
    assert await tokens.principal(provider.token()) is None


async def test_a_provider_that_cannot_be_reached_is_told_as_such() -> None:
    async with open_key_set("http://127.0.0.1:9/jwks") as keys:
        with pytest.raises(ServiceError, match="could not be fetched"):
            await keys.find("k1")


async def test_a_provider_that_says_nothing_is_not_waited_for_without_end() -> None:
    async def silent(exchange: Exchange) -> None:
        await exchange.gone.wait()

    async with serving(silent) as server, httpx.AsyncClient() as client:
        with pytest.raises(ServiceUnavailable, match="could not be fetched"):
            await KeySet(server.url, client, patience=0.01).find("k1")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80), st.binary(max_size=80))
async def test_no_text_is_a_token(tokens: JwtTokens, text: str, data: bytes) -> None:
    encoded = base64.urlsafe_b64encode(data).decode()
    for token in (text, f"{encoded}.{text}.{encoded}", f"{encoded}.{encoded}.{encoded}"):
        assert await tokens.principal(token) is None


async def test_what_was_given_out_before_a_revocation_is_refused(
    provider: IdentityProvider, database: Postgres
) -> None:
    revocations, now = Revocations(database), int(time.time())
    await revocations.revoke("alice")
    async with open_key_set(provider.url) as keys:
        tokens = JwtTokens(keys, RULES, revocations)
        assert await tokens.principal(provider.token(iat=now - 5)) is None
        assert await tokens.principal(provider.token(iat=None)) is None
        assert await tokens.principal(provider.token(iat=now + 3)) is None  # their clock is ahead
        assert await subject(tokens, provider.token(iat=now - 5, sub="bob")) == "jwt:bob"
        await database.execute(
            "UPDATE revoked_tokens SET revoked_at = now() - make_interval(secs => 60)"
        )
        tokens = JwtTokens(keys, RULES, revocations)
        assert await tokens.principal(provider.token(iat=now - 70)) is None
        assert await subject(tokens, provider.token(iat=now)) == "jwt:alice"
