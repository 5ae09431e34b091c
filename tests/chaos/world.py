"""The world that chaos happens in: both platforms, all services and the database, stood in for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.clocks import LIBRARY, wrong_by
from tests.support.command import Shell
from tests.support.discord_server import DiscordGuild, open_discord
from tests.support.door import open_door
from tests.support.front import Front, Papers, open_fronts
from tests.support.https_server import OPENSSL, make_certificate
from tests.support.own_postgres import OwnPostgres, open_own_postgres
from tests.support.pgbouncer import open_pgbouncer, pgbouncer
from tests.support.postgres import server_folder
from tests.support.providers import DIMENSIONS, MODEL, Providers, page
from tests.support.qdrant_server import QdrantServer
from tests.support.qdrant_server import serving as serving_qdrant
from tests.support.slack_server import SlackWorkspace, open_workspace

PARTS = 40
"""How many sections the docs have, and so how many answers can be told apart."""

_DAY = 86400.0

_RETRIES = (0.5, 2.0, 5.0, 10.0, 20.0, 40.0)


@dataclass(frozen=True)
class World:
    """What the bots stand on.

    `failing` says by path what ails the `providers`, which are met at two fronts. These show the
    `papers`, where OpenSSL is there to make some.
    """

    slack: SlackWorkspace
    discord: DiscordGuild
    providers: Providers
    failing: dict[str, str]
    cohere: Front
    openrouter: Front
    papers: Papers | None
    qdrant: QdrantServer
    postgres: OwnPostgres

    @property
    def variables(self) -> dict[str, str]:
        """The settings of a bot in remote mode, one of several."""
        trust = {"SSL_CERT_FILE": str(self.papers.trusted[0])} if self.papers else {}
        return {
            **trust,
            "DOCENT_LOG_LEVEL": "info",
            "DOCS_FOLDER": "docs",
            "DOCS_BASE_URL": "https://docs.example.com/",
            "DATABASE_URL": self.postgres.door.dsn,
            "DATABASE_SHARED": "true",
            "QDRANT_URL": self.qdrant.url,
            "COHERE_API_KEY": "stand-in",
            "COHERE_BASE_URL": self.cohere.url,
            "COHERE_DIMENSIONS": str(DIMENSIONS),
            "OPENROUTER_API_KEY": "stand-in",
            "OPENROUTER_BASE_URL": f"{self.openrouter.url}/api/v1",
            "OPENROUTER_MODELS": MODEL,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_BASE_URL": self.slack.api_url,
            "DISCORD_TOKEN": self.discord.token,
            "DISCORD_BASE_URL": self.discord.api_url,
        }


@asynccontextmanager
async def open_world() -> AsyncIterator[tuple[World, Shell]]:
    """All of it on loopback sockets, and how to start a bot in it, in a folder with docs."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(server_folder())
        for name in ("docs", "qdrant"):
            (folder / name).mkdir()
        (folder / "docs" / "reactors.md").write_text(page(PARTS), "utf-8")
        enter = stack.enter_async_context
        failing: dict[str, str] = {}
        providers, papers = Providers(failing.get), _papers(folder)
        fronts = await enter(open_fronts(providers.application(), papers))
        world = World(
            await enter(open_workspace()),
            await enter(open_discord()),
            providers,
            failing,
            *fronts,
            papers,
            await enter(serving_qdrant(folder / "qdrant")),
            await enter(open_own_postgres()),
        )
        world.slack.courier.retry_after = _RETRIES
        yield world, Shell(folder, world.variables)


def _papers(folder: Path) -> Papers | None:
    """A day old, so that a bot whose clock is behind takes them for valid as well."""
    if OPENSSL is None:
        return None
    made = []
    for name in ("trusted", "unknown"):
        (folder / name).mkdir()
        age = None if LIBRARY is None else wrong_by(-_DAY)
        made.append(make_certificate(folder / name, "localhost", variables=age))
    return Papers(*made)


@asynccontextmanager
async def open_bouncer(world: World, shell: Shell) -> AsyncIterator[Shell]:
    """The same with PgBouncer before the database, or the same where none is installed."""
    if pgbouncer() is None:
        yield shell
        return
    async with open_pgbouncer(world.postgres.door.dsn) as pooled, open_door(pooled) as door:
        through = {"DATABASE_URL": door.dsn, "DATABASE_POOLED": "true"}
        yield Shell(shell.folder, {**shell.variables, **through})
