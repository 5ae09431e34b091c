"""A stand-in for Cohere and OpenRouter, whose faults are chosen for each request.

The model answers a question about "part N" with the sentence that the docs have for it, so that a
reader can tell from an answer which question it belongs to.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from aiohttp import web

from tests.support.embedder import HashingEmbedder

Json: TypeAlias = dict[str, Any]
Reply: TypeAlias = Callable[[Json], Json]

DIMENSIONS = 256
MODEL = "stand-in/model"
EMBED, RERANK, CHAT = "/v2/embed", "/v2/rerank", "/api/v1/chat/completions"

NAMED_WAIT = 1
"""Seconds that a rate limit asks for."""

STATUSES: Mapping[str, tuple[int, Mapping[str, str]]] = {
    "402": (402, {}),
    "408": (408, {}),
    "429": (429, {"Retry-After": str(NAMED_WAIT)}),
    "500": (500, {}),
    "503": (503, {}),
}
FAULTS = ("broken off", "slow first byte", "stall", "truncated", "malformed", *STATUSES)

_PART = re.compile(r"part (\d+)", re.IGNORECASE)
_LAST = "Last question: "


def said_of(part: int) -> str:
    """What the docs and the model say of a part; no other part has its name."""
    return f"The reactor of part {part} is called Aquila{part}x."


def page(parts: int) -> str:
    """A document with a section for each part."""
    sections = (f"## Part {n}\n\n{said_of(n)}\n" for n in range(parts))
    return "\n".join(["# Reactors\n", *sections])


def no_fault(path: str) -> str | None:
    """What all is well with."""
    return None


@dataclass
class Providers:
    """Where they listen; `fault` names what the next request of a path meets.

    `asked` counts the requests of each path, `met` those of them that met a fault.
    """

    fault: Callable[[str], str | None] = no_fault
    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    _embedder: HashingEmbedder = field(default_factory=lambda: HashingEmbedder("c", DIMENSIONS))

    @property
    def openrouter(self) -> str:
        return f"{self.url}/api/v1"

    def application(self) -> web.Application:
        app = web.Application(client_max_size=2**24)
        app.add_routes(
            [
                web.post(EMBED, self._replying(self._embed)),
                web.post(RERANK, self._replying(_rerank)),
                web.post(CHAT, self._chat),
                web.get("/api/v1/key", _key),
                web.get("/api/v1/models", _models),
            ]
        )
        return app

    def _embed(self, body: Json) -> Json:
        vectors = (self._embedder._vector(text) for text in body["texts"])
        encoded = [base64.b64encode(v.astype("<f4").tobytes()).decode() for v in vectors]
        return {"id": "1", "embeddings": {"base64": encoded}, "texts": body["texts"]}

    def _replying(self, reply: Reply) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.json()
            text = json.dumps(reply(body))
            return await self._answer(request, text, text[: len(text) // 2], "application/json")

        return handle

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        text = _streamed(_written((await request.json())["messages"]))
        # The first words of it, so that what breaks off breaks off in mid-stream.
        part = text[: text.index("\n\n", len(text) // 3) + 2]
        return await self._answer(request, text, part, "text/event-stream")

    async def _answer(
        self, request: web.Request, whole: str, part: str, media: str
    ) -> web.StreamResponse:
        self.asked[request.path] += 1
        fault = self.fault(request.path)
        self.met[request.path] += fault is not None
        if fault is not None and fault in STATUSES:
            status, headers = STATUSES[fault]
            error = {"message": "stand-in", "error": {"code": status, "message": "stand-in"}}
            return web.json_response(error, status=status, headers=headers)
        if fault == "broken off":
            _hang_up(request)
            return web.Response()
        if fault == "slow first byte":
            await asyncio.sleep(3600)
        response = web.StreamResponse(headers={"Content-Type": media})
        await response.prepare(request)
        cut = fault in {"stall", "truncated"}
        body = "{]" if fault == "malformed" and media != "text/event-stream" else whole
        if fault == "malformed" and media == "text/event-stream":
            body = "data: {]\n\n"
        await response.write((part if cut else body).encode())
        if fault == "stall":
            await asyncio.sleep(3600)
        if fault == "truncated":
            _hang_up(request)
        return response


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _rerank(body: Json) -> Json:
    """By the terms that the query and a text share."""
    query = set(re.findall(r"\w+", body["query"].lower()))
    scores = [
        len(query & set(re.findall(r"\w+", text.lower()))) / (len(query) or 1)
        for text in body["documents"]
    ]
    results = [{"index": int(n), "relevance_score": scores[n]} for n in np.argsort(scores)[::-1]]
    return {"id": "1", "results": results}


def _written(messages: list[Json]) -> str:
    """The answer to the last message; the last question itself, where it is to be completed."""
    said = str(messages[-1]["content"])
    if _LAST in said:
        return said.rpartition(_LAST)[2]
    parts = _PART.findall(said)
    return f"{said_of(int(parts[-1]))[:-1]} [1]." if parts else "Hello."


def _streamed(text: str) -> str:
    """Server-sent events, word by word."""
    words = re.findall(r"\S+\s*", text)
    chunks: list[Json] = [{"delta": {"content": word}, "finish_reason": None} for word in words]
    chunks.append({"delta": {"content": None}, "finish_reason": "stop"})
    events: list[Json] = [{"model": MODEL, "choices": [chunk]} for chunk in chunks]
    usage = {"prompt_tokens": 100, "completion_tokens": len(words), "cost": 0.0001}
    events.append({"model": MODEL, "choices": [], "usage": usage})
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


async def _key(_: web.Request) -> web.Response:
    return web.json_response({"data": {"limit_remaining": None, "is_free_tier": False}})


async def _models(_: web.Request) -> web.Response:
    return web.json_response({"data": [{"id": MODEL}]})


@asynccontextmanager
async def open_providers() -> AsyncIterator[Providers]:
    """Both on one loopback socket."""
    providers = Providers()
    runner = web.AppRunner(
        providers.application(), handler_cancellation=True, shutdown_timeout=0.1, access_log=None
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        providers.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield providers
    finally:
        await runner.cleanup()
