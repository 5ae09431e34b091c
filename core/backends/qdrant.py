"""The way in to a Qdrant server or Qdrant Cloud."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from yarl import URL

from core.backends.http_session import open_session
from core.backends.qdrant_api import QdrantApi
from core.backends.qdrant_rest import QdrantRest
from core.backends.qdrant_statuses import SERVICE, malformed
from core.backends.vendor_http import header_safe

if TYPE_CHECKING:
    from core.backends.qdrant_remote import QdrantRemote

_PORT: Final = 6333

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_qdrant(
    url: str,
    *,
    api_key: str | None = None,
    prefer_grpc: bool = False,
    grpc_port: int = 6334,
    timeout: int = 10,  # noqa: ASYNC109 - not of this function: of each request
) -> AsyncIterator[QdrantRest | QdrantRemote]:
    """The collections of a server, over REST, or over gRPC if preferred.

    `timeout` is in whole seconds, for each request; over REST one that is long to send has more.
    Nothing is sent before the first call. Raises ConfigurationError for an address or a key that
    cannot be one.
    """
    address = _checked(url)
    if api_key:
        api_key = header_safe(SERVICE, api_key)
    if api_key and address.scheme == "http":
        where = address.with_user(None)
        log.warning("The key for %s is sent unencrypted; use https where you can.", where)
    if not prefer_grpc:
        headers = {"api-key": api_key} if api_key else {}
        async with open_session(headers) as session:
            yield QdrantRest(QdrantApi(session, address, timeout=timeout))
        return
    connect = await asyncio.to_thread(_imported)
    remote = connect(url, api_key=api_key, grpc_port=grpc_port, timeout=timeout)
    try:
        yield remote
    finally:
        await remote.close()


def _imported() -> Callable[..., QdrantRemote]:
    from core.backends.qdrant_remote import connect  # noqa: PLC0415 - it takes half a second

    return connect


def _checked(url: str) -> URL:
    try:
        address = URL(url)
        port = address.explicit_port  # a number that is none raises here
    except ValueError as exc:
        raise malformed(url, str(exc)) from exc
    if address.scheme not in {"http", "https"} or not address.host or " " in address.host:
        raise malformed(url, "it is not one of a web service")
    return address if port is not None else address.with_port(_PORT)
