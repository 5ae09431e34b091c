"""A real Better Auth server signs people in, and its tokens open the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import jwt
import pytest

from adapters.web.jwks import COOL_DOWN, FRESH, KeySet
from adapters.web.tokens import JwtTokens, TokenRules
from core.access.keys import Permission
from core.access.revocations import Revocations
from core.backends.postgres import Postgres
from tests.support.better_auth import MISSING, Algorithm, BetterAuth, Person, better_auth
from tests.support.quick_clock import QuickClock
from tests.support.web_server import open_web, web_settings

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"Better Auth {MISSING}")

EMAIL = "alice@example.com"


@pytest.fixture
def alg() -> Algorithm:
    return "EdDSA"


@pytest.fixture
def server(tmp_path: Path, alg: Algorithm) -> Iterator[BetterAuth]:
    with better_auth(tmp_path, alg) as started:
        yield started


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


@pytest.fixture
async def tokens(
    server: BetterAuth, clock: QuickClock, database: Postgres
) -> AsyncIterator[JwtTokens]:
    rules = TokenRules(server.url, "docent", frozenset({Permission.ASK}))
    async with httpx.AsyncClient(timeout=60) as client:
        keys = KeySet(server.jwks_url, client, patience=60.0, clock=clock.now)
        yield JwtTokens(keys, rules, Revocations(database))


@pytest.fixture
def alice(server: BetterAuth) -> Iterator[Person]:
    with server.person(EMAIL) as person:
        person.sign_up().raise_for_status()
        yield person


@pytest.mark.parametrize("alg", ["EdDSA", "RS256"])
async def test_who_signs_up_and_in_has_a_token_that_opens_the_api(
    server: BetterAuth, database: Postgres, tmp_path: Path
) -> None:
    settings = web_settings(tmp_path, provider=server.jwks_url, issuer=server.url)
    with server.person(EMAIL) as person:
        assert person.ask_for_token().status_code == 401
        user = person.sign_up().raise_for_status().json()["user"]["id"]
        person.client.cookies.clear()
        person.sign_in().raise_for_status()
        token = person.token()
    async with open_web(database, tmp_path, settings=settings) as web:
        async with web.as_bearer(token) as client:
            me = (await client.get("/me")).json()
            assert me == {"kind": "jwt", "name": user, "permissions": ["ask", "read"]}
            answer = await client.post("/chat", json={"question": "Who cleans the coffee machine?"})
            assert answer.json()["status"] == "answered"
        async with web.as_bearer(token[:-8] + "AAAAAAAA") as client:
            assert (await client.get("/me")).status_code == 401


async def test_a_token_that_is_not_for_us_is_refused(
    server: BetterAuth, alice: Person, tokens: JwtTokens
) -> None:
    assert await tokens.principal(alice.token())
    assert await tokens.principal(server.signed())
    assert await tokens.principal(server.signed(audience="another")) is None
    assert await tokens.principal(server.signed(issuer="https://evil.example.com")) is None
    assert await tokens.principal(server.signed(expirationTime=1_700_000_000)) is None
    head, body, signature = alice.token().split(".")
    other = server.signed().split(".")[1]
    assert await tokens.principal(f"{head}.{other}.{signature}") is None
    assert await tokens.principal(f"{head}.{body}.") is None


async def test_a_key_is_rotated_while_tokens_are_in_use(
    server: BetterAuth, alice: Person, tokens: JwtTokens, clock: QuickClock
) -> None:
    old = alice.token()
    assert await tokens.principal(old)
    server.do("rotate")
    new = alice.token()
    await clock.sleep(COOL_DOWN)
    assert await tokens.principal(new)
    assert await tokens.principal(old)
    server.do("withdraw")
    await clock.sleep(FRESH)
    assert await tokens.principal(old) is None
    assert await tokens.principal(new)


async def test_who_was_signed_out_or_banned_has_no_new_token_and_the_last_can_be_revoked(
    server: BetterAuth, alice: Person, tokens: JwtTokens, database: Postgres
) -> None:
    last = alice.token()
    alice.revoke_sessions().raise_for_status()
    assert alice.ask_for_token().status_code == 401
    # What was given out before is good until it expires, within a quarter of an hour, or until
    # `docent keys revoke-tokens`.
    subject = jwt.decode(last, options={"verify_signature": False})["sub"]
    await Revocations(database).revoke(subject)
    assert await tokens.principal(last) is None
    alice.client.cookies.clear()
    server.do("ban", email=EMAIL)
    assert alice.sign_in().status_code == 403
    assert alice.ask_for_token().status_code == 401
