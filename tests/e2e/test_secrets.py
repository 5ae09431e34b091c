"""No secret is in anything that Docent writes: every one is set, and all of it is searched."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from pydantic import BaseModel, SecretStr

from adapters.discord.credentials import DiscordCredentials
from bot.discord import discord_credentials
from bot.settings import Settings
from bot.slack import slack_credentials
from core.backends.postgres import Postgres
from tests.support.command import Shell
from tests.support.discord_server import ALICE, DiscordGuild
from tests.support.door import open_door
from tests.support.git_server import Repository, open_git_server
from tests.support.http_server import Exchange, serving
from tests.support.identity import AUDIENCE, ISSUER, open_identity_provider
from tests.support.postgres import server_folder
from tests.support.providers import DIMENSIONS, MODEL, open_providers, page
from tests.support.qdrant_server import serving as serving_qdrant
from tests.support.slack_server import SlackWorkspace

QUESTION = "What is the reactor of part 3 called?"
ANSWER = "Aquila3x"
SOURCE = '[[sources]]\nname = "docs"\ngit = "{}"\ntoken_variable = "DOCS_TOKEN"\n'

UP = (b"up in Slack", b"up in Discord", b"API is served at")

SECRETS = {
    "DATABASE_URL": "s3cret-of-the-database",
    "QDRANT_API_KEY": "s3cret-of-qdrant",
    "COHERE_API_KEY": "s3cret-of-cohere",
    "OPENROUTER_API_KEY": "s3cret-of-openrouter",
    "SLACK_BOT_TOKEN": SlackWorkspace.bot_token,
    "SLACK_APP_TOKEN": SlackWorkspace.app_token,
    "SLACK_SIGNING_SECRET": SlackWorkspace.signing_secret,
    "SLACK_CONFIG_TOKEN": SlackWorkspace.config_token,
    "DISCORD_TOKEN": DiscordGuild.token,
    "DOCS_TOKEN": "s3cret-of-git",
}
"""By variable; the address of the database holds its one as a password."""

COMMANDS = (
    ("doctor",),
    ("status",),
    ("quota",),
    ("trace",),
    ("keys", "list"),
    ("--debug", "ask", QUESTION),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder to run in; not one of pytest's, which are another user's."""
    with server_folder() as made:
        yield made


def _told(text: str, secrets: Mapping[str, str] = SECRETS) -> list[str]:
    """The names of the secrets that are in the text, as they are or as a header has them."""
    return [
        name
        for name, secret in secrets.items()
        if secret in text or b64encode(f"x-access-token:{secret}".encode()).decode() in text
    ]


def _all_of(ended: CompletedProcess[str]) -> str:
    return ended.stdout + ended.stderr


def _variables(dsn: str, **more: str) -> dict[str, str]:
    parts = urlsplit(dsn)
    where = f"postgres:{SECRETS['DATABASE_URL']}@{parts.hostname}:{parts.port}"
    database = urlunsplit(parts._replace(netloc=where))
    usual = {"DOCENT_LOG_LEVEL": "debug", "COHERE_DIMENSIONS": str(DIMENSIONS)}
    return {**SECRETS, **usual, "OPENROUTER_MODELS": MODEL, **more, "DATABASE_URL": database}


def test_every_secret_setting_is_among_them() -> None:
    groups = {name: field.annotation for name, field in Settings.model_fields.items()}
    secret = {
        f"{group}_{name}".upper()
        for group, model in groups.items()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    assert secret == SECRETS.keys() - {"DOCS_TOKEN"}


def test_no_secret_is_in_what_the_settings_show_of_themselves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docent.toml").write_text(SOURCE.format("https://git.example/docs"), "utf-8")
    for name, value in _variables("postgresql://localhost:5432/d").items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    credentials = (slack_credentials(settings), discord_credentials(settings))
    shown = [*map(repr, credentials), repr(settings), str(settings), settings.model_dump_json()]
    assert _told("\n".join(shown)) == []
    assert len(settings.secrets()) == len(SECRETS)
    assert SecretStr(SECRETS["DISCORD_TOKEN"]) == settings.discord.token
    assert isinstance(credentials[1], DiscordCredentials)


@asynccontextmanager
async def _running(shell: Shell) -> AsyncIterator[list[bytes]]:
    """A bot on all platforms; what it has said is in the list, all of it at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=shell.folder,
        env=shell.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = [b""]
    try:
        async with asyncio.timeout(240):
            while not all(each in said[0] for each in UP):
                line = await process.stdout.readline()
                assert line, said[0].decode()
                said[0] += line
        rest = asyncio.create_task(process.stdout.read())
        yield said
        os.kill(process.pid, signal.SIGTERM)
        async with asyncio.timeout(240):
            said[0] += await rest
            assert await process.wait() == 0, said[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ask_over_http(url: str, credentials: Iterable[str]) -> str:
    """All that is replied, to what is right and to what is wrong in every place."""
    replies = []
    async with httpx.AsyncClient(base_url=url, timeout=30.0) as client:
        for credential in credentials:
            bearer = {"Authorization": f"Bearer {credential}"}
            asked = await client.post("/chat", json={"question": QUESTION}, headers=bearer)
            assert ANSWER in asked.text, asked.text
            replies += [
                asked,
                await client.get("/sessions", headers=bearer),
                await client.get(f"{url.removesuffix('/api/v1')}/metrics", headers=bearer),
                await client.get(f"/chat/{credential}", headers=bearer),
                await client.get("/sessions", params={"before": credential}, headers=bearer),
                await client.post("/chat", json={"questoin": credential}, headers=bearer),
                await client.get("/me", headers={"Authorization": f"Basic {credential}"}),
                await client.get("/me", headers={"Authorization": f"Bearer {credential[:-9]}"}),
            ]
    return "\n".join(f"{each.status_code} {each.headers} {each.text}" for each in replies)


async def _outputs(shell: Shell, *commands: tuple[str, ...]) -> list[str]:
    """What each of the commands says."""
    ended = await asyncio.gather(*(asyncio.to_thread(shell.run, *each) for each in commands))
    return [_all_of(each) for each in ended]


async def test_a_whole_run_tells_no_secret_anywhere(
    folder: Path,
    database: Postgres,
    database_dsn: str,
    workspace: SlackWorkspace,
    guild: DiscordGuild,
) -> None:
    repository = Repository(folder / "repository")
    repository.commit({"reactors.md": page(8)})
    async with AsyncExitStack() as stack:
        door = await stack.enter_async_context(open_door(database_dsn))
        providers = await stack.enter_async_context(open_providers())
        identity = await stack.enter_async_context(open_identity_provider())
        (folder / "qdrant").mkdir()
        qdrant = await stack.enter_async_context(
            serving_qdrant(folder / "qdrant", api_key=SECRETS["QDRANT_API_KEY"])
        )
        git = stack.enter_context(open_git_server(repository, password=SECRETS["DOCS_TOKEN"]))
        (folder / "docent.toml").write_text(SOURCE.format(git), "utf-8")
        shell = Shell(
            folder,
            _variables(
                door.dsn,
                QDRANT_URL=qdrant.url,
                COHERE_BASE_URL=providers.url,
                OPENROUTER_BASE_URL=providers.openrouter,
                SLACK_BASE_URL=workspace.api_url,
                DISCORD_BASE_URL=guild.api_url,
                WEB_ENABLED="true",
                SERVER_PORT="0",
                JWT_JWKS_URL=identity.url,
                JWT_ISSUER=ISSUER,
                JWT_AUDIENCE=AUDIENCE,
            ),
        )
        [made] = await _outputs(shell, ("keys", "create", "one", "--scope=ask", "--scope=read"))
        key, token = made.split()[0], identity.token()
        async with _running(shell) as said:
            ts = await workspace.mention(workspace.general, QUESTION)
            [answer] = await workspace.answered(workspace.general, ts, seconds=60.0)
            await guild.dm(ALICE, QUESTION)
            [direct] = await guild.answered(guild.direct(ALICE), seconds=60.0)
            [url] = re.findall(r"API is served at (\S+),", said[0].decode())
            replied = await _ask_over_http(url, (key, token))
        outputs = await _outputs(shell, *COMMANDS)
    assert ANSWER in answer.shown
    assert ANSWER in direct.shown
    assert b" DEBUG " in said[0]
    assert ANSWER in outputs[-1]
    # What nobody could make up for themselves: a key's secret, and a token's signature.
    secrets = {**SECRETS, "a key": key.rpartition("_")[2], "a token": token.rpartition(".")[2]}
    told = (said[0].decode(), *outputs, replied, json.dumps([answer.blocks, direct.shown]))
    assert [_told(each, secrets) for each in told] == [[]] * len(told)
    assert _told(await _stored(database), secrets) == []
    assert _told(_files(folder / ".docent"), secrets) == []


async def _stored(database: Postgres) -> str:
    """All rows of all tables."""
    tables = await database.fetch(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    )
    rows = [await database.fetch(f'SELECT t::TEXT AS row FROM "{t["name"]}" AS t') for t in tables]  # noqa: S608 - they are ours
    text = "\n".join(row["row"] for table in rows for row in table)
    assert QUESTION in text
    return text


def _files(folder: Path) -> str:
    return "\n".join(
        path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()
    )


async def _say_back(exchange: Exchange) -> None:
    await exchange.reply(401, {"message": dict(exchange.headers), "error": str(exchange.headers)})


@pytest.mark.parametrize(
    "command", [("doctor",), ("quota",), ("--debug", "ask", QUESTION), ("run",)]
)
async def test_what_a_service_says_back_of_a_secret_goes_no_further(
    folder: Path, database_dsn: str, command: tuple[str, ...]
) -> None:
    async with serving(_say_back) as server, open_door(database_dsn) as door:
        (folder / "docent.toml").write_text(SOURCE.format(f"{server.url}/docs.git"), "utf-8")
        names = ("QDRANT_URL", "COHERE_BASE_URL", "OPENROUTER_BASE_URL", "DISCORD_BASE_URL")
        elsewhere = dict.fromkeys(names, server.url)
        shell = Shell(
            folder,
            _variables(door.dsn, **elsewhere, SLACK_BASE_URL=f"{server.url}/api/"),
        )
        ended = await asyncio.to_thread(shell.run, *command)
        sent = " ".join(str(each.headers) for each in server.exchanges)
    assert _told(sent), "no secret was sent, so that none could come back"
    assert _told(_all_of(ended)) == [], _all_of(ended)
