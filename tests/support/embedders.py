"""Every implementation of the embedder, ready to embed without a network."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx

from core.backends.cohere import CohereModels, open_cohere
from core.ports import Embedder
from tests.support.embedder import HashingEmbedder
from tests.support.local_model import local_model
from tests.support.played import played

Opener = Callable[[], AbstractAsyncContextManager[Embedder]]


@asynccontextmanager
async def local() -> AsyncIterator[Embedder]:
    yield local_model()


@asynccontextmanager
async def cohere() -> AsyncIterator[Embedder]:
    models = CohereModels(dimensions=256)
    async with (
        played(_embed) as url,
        open_cohere("key", models=models, base_url=url) as opened,
    ):
        yield opened.embedder


async def _embed(request: httpx.Request) -> httpx.Response:
    """As https://docs.cohere.com/reference/embed, with vectors that know words."""
    asked = json.loads(request.content)
    embedder = HashingEmbedder(dimensions=asked["output_dimension"])
    vectors = await embedder.embed_documents(asked["texts"])
    encoded = [base64.b64encode((3 * vector).tobytes()).decode() for vector in vectors]
    meta = {"billed_units": {"input_tokens": sum(len(text.split()) for text in asked["texts"])}}
    return httpx.Response(200, json={"id": "1", "embeddings": {"base64": encoded}, "meta": meta})


OPENERS: dict[str, Opener] = {"local": local, "cohere": cohere}
