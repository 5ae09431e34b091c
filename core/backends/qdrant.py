"""The way in to a Qdrant server or Qdrant Cloud."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.backends.qdrant_remote import QdrantRemote


@asynccontextmanager
async def open_qdrant(
    url: str,
    *,
    api_key: str | None = None,
    prefer_grpc: bool = False,
    grpc_port: int = 6334,
    timeout: int = 10,  # noqa: ASYNC109 - not of this function: the client's, for each request
) -> AsyncIterator[QdrantRemote]:
    """The collections of a server, over REST, or over gRPC if preferred.

    `timeout` is in whole seconds, for each request. Nothing is sent before the first call.
    Raises ConfigurationError when the address is malformed.
    """
    # the client takes more than a second to import, which only those who have a server pay
    from core.backends.qdrant_remote import QdrantRemote, connect  # noqa: PLC0415 - see above

    client = connect(
        url, api_key=api_key, prefer_grpc=prefer_grpc, grpc_port=grpc_port, timeout=timeout
    )
    try:
        yield QdrantRemote(client)
    finally:
        await client.close()
