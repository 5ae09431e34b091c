"""The HTTP server, which all platforms share that are reached by request."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import uvicorn

from bot.address import listening

GOODBYE = 5
"""Seconds that open requests get at the end."""

_OTHER_FILES = 256
"""Open files that are kept for the database, the index and the chats."""


class Front:
    """One address for several applications, each under its path.

    The server runs from the first mount to the end of the last.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self._port = port
        self._mounted: dict[str, Any] = {}
        self._changing = asyncio.Lock()
        self._serving: AbstractAsyncContextManager[str] | None = None
        self._address = ""

    @asynccontextmanager
    async def mount(self, path: str, application: Any) -> AsyncIterator[str]:
        """Has an ASGI application serve `path` and what is below it; the server's address.

        The longest path wins. Raises ConfigurationError as `serving` does.
        """
        async with self._changing:
            if self._serving is None:
                opening = serving(self._serve, self.host, self._port)
                self._address = await opening.__aenter__()
                self._serving = opening
            self._mounted[path] = application
        try:
            yield self._address
        finally:
            async with self._changing:
                if len(self._mounted) == 1:
                    # Requests that are under way still need their application.
                    await self._serving.__aexit__(None, None, None)
                    self._serving = None
                del self._mounted[path]

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        asked = scope["path"] + "/"
        fitting = [path for path in self._mounted if asked.startswith(path.rstrip("/") + "/")]
        serve = self._mounted[max(fitting, key=len)] if fitting else _nothing_here
        await serve(scope, receive, send)


async def _nothing_here(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving(
    application: Any, host: str, port: int, *, connections: int | None = None
) -> AsyncIterator[str]:
    """Serves an ASGI application until the block ends; its address.

    With so many `connections` at once (as many as `most_connections` says) a request is refused.
    Raises ConfigurationError when the address is taken or none of this machine's.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    with listening(host, port) as listener:
        config = uvicorn.Config(
            application,
            interface="asgi3",
            lifespan="off",
            ws="none",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=connections or most_connections(files),
            timeout_graceful_shutdown=GOODBYE,
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        name = f"[{host}]" if ":" in host else host
        try:
            yield f"http://{name}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


def most_connections(files: int) -> int | None:
    """Of a process that may have so many files open; None is as many as come."""
    if files == resource.RLIM_INFINITY:
        return None
    return max(files - _OTHER_FILES, files // 2)
