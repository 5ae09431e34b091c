"""The HTTP API at work on a loopback socket, on real engines, with a model that a test decides on.

`python -m tests.support.web_server` serves it, with a model that takes its time, until Ctrl-C.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import httpx
from httpx_sse import ServerSentEvent, aconnect_sse
from pydantic import AnyHttpUrl

from bot.app import assemble
from bot.parts import App, Embedding
from bot.server import Front
from bot.settings import Settings
from bot.settings.groups import DocentSettings
from bot.settings.source import SourceSettings
from bot.settings.web import JwtSettings, WebSettings
from bot.sources import uploads_folder
from bot.web_api import run_web
from core.answering.assistant import Assistant
from core.answering.turns import Answerer
from core.backends.embedded_postgres import open_embedded_postgres
from core.backends.postgres import open_postgres
from core.backends.qdrant_edge import open_edge
from core.migrations.runner import migrate
from core.model import ModelEvent, ModelFinished, ModelStarted, ModelText, Prompt, Usage
from core.ports import ChatModel, Database
from tests.support.embedder import HashingEmbedder
from tests.support.identity import AUDIENCE, ISSUER
from tests.support.postgres import server_folder

PAGES = {
    "coffee.md": "# Coffee\n\n## Machine\n\nWhoever drank the last cup cleans the coffee machine.\n"
    "\n## Beans\n\nThe beans are in the cupboard above the sink.\n",
    "vault.md": "# Vault\n\nThe password of the vault is known to the keeper.\n",
    "query.md": "# Query parameters\n\n## Defaults\n\nA query parameter has a default value when "
    "the function's parameter has one.\n",
}
ASKED = "Who cleans the coffee machine?"


@dataclass
class SteppingModel:
    """Says the beginning of the best passage. With `claims`, it writes those, one a `step`."""

    claims: Sequence[str] = ()
    pause: float = 0.0
    prompts: list[Prompt] = field(default_factory=list)
    steps: asyncio.Semaphore | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        self.prompts.append(prompt)
        yield ModelStarted("stand-in/model")
        for claim in self.claims or [f"{_first_sentence(prompt)} [1]"]:
            if self.steps is not None:
                await self.steps.acquire()
            await asyncio.sleep(self.pause)
            yield ModelText(f"{claim}\n\n")
        yield ModelFinished("stand-in/model", Usage(10, 5, 0.001))


def _first_sentence(prompt: Prompt) -> str:
    text = prompt.passages[0].text if prompt.passages else "Nothing is written of that."
    return " ".join(text.split()).partition(". ")[0]


@dataclass
class Event:
    """A server-sent event."""

    name: str
    data: Any

    @classmethod
    def of(cls, sent: ServerSentEvent) -> Event:
        return cls(sent.event, json.loads(sent.data))


@dataclass
class WebServer:
    """A running API. `client` is at this machine, and has no key."""

    url: str
    app: App
    client: httpx.AsyncClient
    stop: asyncio.Event

    async def ask(self, text: str = ASKED, **how: Any) -> httpx.Response:
        """An answer in JSON. `key` is the Idempotency-Key; the rest belongs to the body."""
        key = how.pop("key", None)
        headers = {"Idempotency-Key": key} if key else {}
        return await self.client.post("/chat", json={"question": text, **how}, headers=headers)

    async def stream(self, text: str = ASKED, **how: Any) -> AsyncIterator[Event]:
        """An answer as it comes."""
        key = how.pop("key", None)
        headers = {"Idempotency-Key": key} if key else {}
        body = {"question": text, **how}
        async for event in self.events("POST", "/chat", json=body, headers=headers):
            yield event

    async def resume(self, message_id: str) -> AsyncIterator[Event]:
        """What there is of it and the rest, as it comes."""
        async for event in self.events("GET", f"/chat/{message_id}"):
            yield event

    async def events(self, method: str, path: str, **how: Any) -> AsyncIterator[Event]:
        """A stream to its end."""
        async with aconnect_sse(self.client, method, path, **how) as source:
            source.response.raise_for_status()
            async for sent in source.aiter_sse():
                yield Event.of(sent)

    def as_bearer(self, token: str) -> httpx.AsyncClient:
        """Somebody with a key or a token."""
        return httpx.AsyncClient(
            base_url=self.client.base_url, headers={"Authorization": f"Bearer {token}"}
        )


def web_settings(
    folder: Path, *, provider: str | None = None, issuer: str = ISSUER, **web: Any
) -> Settings:
    """One source of docs in the folder, and the API switched on.

    With a `provider`, which is the address of its keys, tokens are accepted.
    """
    tokens = JwtSettings()
    if provider:
        tokens = JwtSettings(jwks_url=AnyHttpUrl(provider), issuer=issuer, audience=AUDIENCE)
    return Settings(
        jwt=tokens,
        docent=DocentSettings(data_dir=folder / "data"),
        sources=(SourceSettings(name="docs", folder=folder / "docs"),),
        web=WebSettings(enabled=True, **{"requests_per_minute": 100_000, **web}),
    )


@asynccontextmanager
async def open_web(
    database: Database,
    folder: Path,
    *,
    model: ChatModel | None = None,
    answerer: Answerer | None = None,
    pages: Mapping[str, str] = PAGES,
    settings: Settings | None = None,
    port: int = 0,
) -> AsyncIterator[WebServer]:
    """A server that answers from `pages`; with an `answerer`, whatever that says."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / "docs" / name).write_text(text, "utf-8")
    settings = settings or web_settings(folder)
    if uploads := uploads_folder(settings):
        uploads.mkdir(parents=True, exist_ok=True)
    async with open_edge(folder / "index") as index:
        models = [model or SteppingModel()]
        app = await assemble(settings, index, database, Embedding(HashingEmbedder()), models)
        if answerer is not None:
            app = replace(app, assistant=cast("Assistant", answerer))
        await app.syncer.sync(app.sources)
        async with _running(app, port) as server:
            yield server


@asynccontextmanager
async def _running(app: App, port: int) -> AsyncIterator[WebServer]:
    stop, up = asyncio.Event(), asyncio.Queue[str]()
    front = Front(app.settings.server.host, port)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_web(front, app, stop, up.put_nowait))
        url = (await up.get()).partition("served at ")[2].partition("/api/v1")[0]
        async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=60) as client:
            yield WebServer(url, app, client, stop)
        stop.set()


async def serve(port: int = 8080) -> None:
    """Until the process is interrupted."""
    with server_folder() as data, TemporaryDirectory() as folder:
        async with (
            open_embedded_postgres(data) as dsn,
            open_postgres(dsn) as database,
        ):
            await migrate(database)
            claims = [
                "Whoever drank the last cup cleans the coffee machine [1].",
                "The beans are in the cupboard above the sink [1].",
                "The password of the vault is known to the keeper [1].",
            ]
            model = SteppingModel(claims, pause=0.7)
            async with open_web(database, Path(folder), model=model, port=port) as server:
                print(f"Serving {server.url}; Ctrl-C ends it.")  # noqa: T201 - for who runs it
                await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
