"""Every implementation of the vector index, to be opened in a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from core.backends.qdrant import open_qdrant
from core.backends.qdrant_edge import open_edge
from core.model import EmbeddingModel
from core.ports import ChunkReader, VectorIndex, VectorWriter
from tests.support.qdrant_grpc import serving_grpc
from tests.support.qdrant_server import serving


class Store(VectorIndex, ChunkReader, Protocol):
    """What both backends are: the read side, and the way to the write side."""

    async def writer(self, model: EmbeddingModel) -> VectorWriter: ...


Opener = Callable[[Path], AbstractAsyncContextManager[Store]]


@asynccontextmanager
async def over_rest(folder: Path) -> AsyncIterator[Store]:
    async with serving(folder) as server, open_qdrant(server.url) as index:
        yield index


@asynccontextmanager
async def over_grpc(folder: Path) -> AsyncIterator[Store]:
    address = "http://127.0.0.1"
    async with (
        serving_grpc(folder) as port,
        open_qdrant(address, prefer_grpc=True, grpc_port=port) as index,
    ):
        yield index


OPENERS: dict[str, Opener] = {"edge": open_edge, "rest": over_rest, "grpc": over_grpc}
