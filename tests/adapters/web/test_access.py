"""Who is let in, to what, and how often."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.access.keys import ApiKeys, Permission
from core.backends.postgres import Postgres
from tests.support.identity import ed25519, open_identity_provider
from tests.support.web_server import ASKED, WebServer, open_web, web_settings

ELSEWHERE = "https://evil.example.com"
FRIEND = "http://localhost:3000"


@pytest.fixture
async def local(database: Postgres, tmp_path: Path) -> AsyncIterator[WebServer]:
    """Nobody has made a key."""
    settings = web_settings(tmp_path, origins=(FRIEND,))
    async with open_web(database, tmp_path, settings=settings) as opened:
        yield opened


@pytest.fixture
async def keys(database: Postgres) -> ApiKeys:
    return ApiKeys(database)


@pytest.fixture
async def asking(keys: ApiKeys) -> str:
    return (await keys.create("asker", [Permission.ASK]))[1]


@pytest.fixture
async def guarded(database: Postgres, asking: str, tmp_path: Path) -> AsyncIterator[WebServer]:
    """There is a key, so that it takes one."""
    settings = web_settings(tmp_path, requests_per_minute=20)
    async with open_web(database, tmp_path, settings=settings) as opened:
        yield opened


def is_problem(reply: httpx.Response, status: int) -> bool:
    assert reply.status_code == status, reply.text
    assert reply.json()["status"] == status
    return reply.headers["content-type"] == "application/problem+json"


async def test_without_a_key_who_is_at_this_machine_may_do_anything(local: WebServer) -> None:
    me = (await local.client.get("/me")).json()
    assert me == {"kind": "local", "name": "local", "permissions": ["admin", "ask", "read"]}


async def test_only_names_of_this_machine_are_answered(local: WebServer) -> None:
    for host in ("localhost", "localhost:8080", "127.0.0.1:1", "127.0.0.2", "[::1]:8080"):
        assert (await local.client.get("/me", headers={"Host": host})).status_code == 200
    for host in ("evil.example.com", "evil.example.com:8080", "127.0.0.1.x", "[", ""):
        assert is_problem(await local.client.get("/me", headers={"Host": host}), 421)


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "CF-Connecting-IP"]
)
async def test_behind_a_proxy_nobody_passes_for_this_machine(local: WebServer, header: str) -> None:
    assert is_problem(await local.client.get("/me", headers={header: "203.0.113.9"}), 403)


async def test_pages_of_other_websites_may_not_ask(local: WebServer) -> None:
    asked = await local.client.post(
        "/chat", json={"question": ASKED}, headers={"Origin": ELSEWHERE}
    )
    assert is_problem(asked, 403)
    friend = await local.client.post("/chat", json={"question": ASKED}, headers={"Origin": FRIEND})
    assert friend.status_code == 200
    assert friend.headers["access-control-allow-origin"] == FRIEND
    own = {"Origin": local.url}
    assert (await local.client.post("/chat", json={"question": ASKED}, headers=own)).is_success


async def test_a_browser_is_told_which_pages_may_ask(local: WebServer) -> None:
    for origin, admitted in ((FRIEND, True), (ELSEWHERE, False)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        reply = await local.client.options("/chat", headers=headers)
        assert (reply.headers.get("access-control-allow-origin") == origin) is admitted


async def test_where_there_is_a_key_it_takes_one(guarded: WebServer, asking: str) -> None:
    without = await guarded.client.get("/me")
    assert is_problem(without, 401)
    assert without.headers["www-authenticate"].startswith("Bearer")
    async with guarded.as_bearer(asking) as client:
        me = (await client.get("/me")).json()
        assert (me["kind"], me["permissions"]) == ("key", ["ask"])
    for wrong in (asking[:-2] + "xx", "docent_", "eyJhbGciOiJub25lIn0.e30.", "🗝".encode().hex()):
        async with guarded.as_bearer(wrong) as client:
            assert is_problem(await client.get("/me"), 401)
    basic = await guarded.client.get("/me", auth=("user", "password"))
    assert is_problem(basic, 401)


async def test_a_session_is_found_by_nobody_but_its_asker(
    guarded: WebServer, keys: ApiKeys, asking: str
) -> None:
    _, other = await keys.create("other", [Permission.ADMIN])
    async with guarded.as_bearer(asking) as one, guarded.as_bearer(other) as two:
        body = {"question": ASKED, "session_id": "s"}
        first = await one.post("/chat", json=body, headers={"Idempotency-Key": "m"})
        assert first.is_success
        assert (await two.get("/sessions")).json()["sessions"] == []
        for path in ("/sessions/s", "/chat/m"):
            assert is_problem(await two.get(path), 404)
        assert is_problem(await two.delete("/sessions/s"), 404)
        assert is_problem(await two.post("/chat/m/stop"), 404)
        # The same ids are the other's own.
        second = await two.post("/chat", json=body, headers={"Idempotency-Key": "m"})
        assert second.json()["turn_id"] != first.json()["turn_id"]


async def test_each_key_has_so_many_requests_a_minute_and_is_told(
    guarded: WebServer, keys: ApiKeys, asking: str
) -> None:
    _, other = await keys.create("other", [Permission.ASK])
    async with guarded.as_bearer(asking) as one, guarded.as_bearer(other) as two:
        first = await one.get("/me")
        assert first.headers["ratelimit-policy"] == '"requests";q=20;w=60'
        assert first.headers["ratelimit"].startswith('"requests";r=19;t=')
        for _ in range(19):
            assert (await one.get("/me")).is_success
        refused = await one.get("/me")
        assert is_problem(refused, 429)
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert (await two.get("/me")).is_success


async def test_what_is_no_request_of_ours_is_explained(local: WebServer) -> None:
    client = local.client
    assert is_problem(await client.get("/nothing"), 404)
    wrong = await client.put("/chat")
    assert is_problem(wrong, 405)
    assert wrong.headers["allow"]
    assert is_problem(await client.post("/chat", content="question=x"), 415)
    form = {"Content-Type": "text/plain"}
    assert is_problem(await client.post("/chat", content='{"question": "x"}', headers=form), 415)
    assert is_problem(await client.post("/chat", json={"question": " \n"}), 422)
    assert is_problem(await client.post("/chat", json={}), 422)
    assert is_problem(await client.post("/chat", json={"question": "x", "more": 1}), 422)
    json = {"Content-Type": "application/json"}
    assert is_problem(await client.post("/chat", content="{", headers=json), 422)
    assert is_problem(await client.post("/chat", content="{" * 600_000, headers=json), 413)
    key = {"Idempotency-Key": "no spaces, please"}
    assert is_problem(await client.post("/chat", json={"question": "x"}, headers=key), 422)
    long = await client.post("/chat", json={"question": "x" * 50_000})
    assert is_problem(long, 422)
    assert "characters" in long.json()["detail"]


async def test_a_body_without_an_announced_end_is_cut_where_it_is_too_large(
    local: WebServer,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    json = {"Content-Type": "application/json"}
    assert is_problem(await local.client.post("/chat", content=endless(), headers=json), 413)


async def test_a_token_of_the_identity_provider_opens_it_too(
    database: Postgres, tmp_path: Path
) -> None:
    async with open_identity_provider() as provider:
        settings = web_settings(tmp_path, provider=provider.url)
        async with open_web(database, tmp_path, settings=settings) as server:
            assert is_problem(await server.client.get("/me"), 401)
            async with server.as_bearer(provider.token()) as client:
                me = (await client.get("/me")).json()
                assert (me["kind"], me["name"]) == ("jwt", "alice")
                assert is_problem(await client.get("/status"), 403)
            async with server.as_bearer(provider.token(scope="admin")) as client:
                assert (await client.get("/status")).is_success
            async with server.as_bearer(provider.token(aud="another")) as client:
                assert is_problem(await client.get("/me"), 401)
            provider.status = 500
            async with server.as_bearer(provider.token(ed25519("new"))) as client:
                assert (await client.get("/me")).status_code in (401, 503)
