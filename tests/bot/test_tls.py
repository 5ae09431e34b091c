"""A server with a certificate that nobody vouches for is told nothing, whichever client calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from slack_bolt.async_app import AsyncApp

from adapters.discord.checkup import check_token
from adapters.discord.client import open_client
from adapters.discord.credentials import DiscordCredentials
from adapters.slack.api import open_slack_api
from adapters.slack.rendering import notice
from adapters.slack.response_url import respond
from adapters.slack.transport import open_socket_mode
from bot.settings import Settings
from bot.settings.source import SourceSettings
from bot.sources import configured_sources
from core.backends.cohere import CohereModels, open_cohere
from core.backends.openrouter import ModelGroup, open_openrouter
from core.backends.openrouter_account import read_account
from core.backends.postgres import open_postgres
from core.backends.qdrant import open_qdrant
from core.errors import DocentError, ServiceError, ServiceUnavailable
from tests.support.https_server import (
    OPENSSL,
    make_certificate,
    serving_postgres_tls,
    serving_tls,
)
from tests.support.models import asking

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificate")

Call: TypeAlias = Callable[[str], Awaitable[object]]

DISCORD = f"{'A' * 24}.{'b' * 6}.{'c' * 27}"


async def _cohere(url: str) -> None:
    async with open_cohere("key", models=CohereModels(), base_url=url) as opened:
        await opened.embedder.embed_query("How?")


async def _openrouter(url: str) -> None:
    async with open_openrouter("key", [ModelGroup(("a/b",))], base_url=url) as (model,):
        async for _ in model.stream(asking("How?")):
            pass


async def _account(url: str) -> None:
    await read_account("key", ["a/b"], base_url=url)


async def _qdrant(url: str) -> None:
    async with open_qdrant(url, api_key="key", timeout=5) as index:
        await index.count("docs", 1)


async def _slack(url: str) -> None:
    async with open_slack_api("xoxb-1", base_url=f"{url}/api/"):
        pass


async def _slack_reply(url: str) -> None:
    await respond(f"{url}/commands/1", notice("Hello"))


async def _socket_mode(url: str) -> None:
    app = AsyncApp(token="xoxb-1", signing_secret="s")
    async with open_socket_mode(app, "xapp-1", base_url=f"{url}/api/", missed=lambda: None):
        pass


async def _discord(url: str) -> None:
    async with open_client(DiscordCredentials(DISCORD, f"{url}/api/v10")):
        pass


async def _discord_check(url: str) -> None:
    await check_token(DiscordCredentials(DISCORD, f"{url}/api/v10"))


async def _source(**how: object) -> None:
    settings = Settings(sources=(SourceSettings.model_validate({"name": "docs", **how}),))
    [(source, _)] = configured_sources(settings)
    await source.entries()


async def _website(url: str) -> None:
    await _source(website=url, allow_private=True)


async def _git(url: str) -> None:
    await _source(git=f"{url}/docs.git")


CALLS = (
    _cohere,
    _openrouter,
    _account,
    _qdrant,
    _slack,
    _slack_reply,
    _socket_mode,
    _discord,
    _discord_check,
    _website,
    _git,
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.mark.parametrize("call", CALLS)
async def test_a_server_that_signs_for_itself_is_told_nothing(
    call: Call, certificate: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    heard: list[bytes] = []
    async with serving_tls(*certificate, "{}", heard) as port, asyncio.timeout(30):
        with pytest.raises(DocentError) as refused:
            await call(f"https://localhost:{port}")
    assert heard == [], refused.value


@pytest.mark.parametrize(
    "query", ["sslmode=verify-full", "sslmode=require&channel_binding=require"]
)
async def test_a_database_that_has_to_prove_who_it_is_is_told_no_password(
    query: str, certificate: tuple[Path, Path]
) -> None:
    heard: list[bytes] = []
    async with serving_postgres_tls(*certificate, heard) as port:
        with pytest.raises(ServiceUnavailable, match="not to be trusted") as refused:
            async with open_postgres(f"postgresql://u:p@localhost:{port}/d?{query}"):
                pass
    assert "sslrootcert" in refused.value.hint
    assert b"".join(heard) == b""


async def test_a_database_may_be_vouched_for_by_an_authority_of_its_own(
    certificate: tuple[Path, Path],
) -> None:
    heard: list[bytes] = []
    query = f"sslmode=verify-full&channel_binding=require&sslrootcert={certificate[0]}"
    async with serving_postgres_tls(*certificate, heard) as port:
        with pytest.raises(ServiceError):  # it says no word of PostgreSQL's protocol
            async with open_postgres(f"postgresql://u:p@localhost:{port}/d?{query}"):
                pass
    assert b"user" in b"".join(heard)
