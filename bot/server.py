"""The HTTP server, for platforms that deliver by request."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from core.errors import ConfigurationError

GOODBYE = 5
"""Seconds that open requests get at the end."""


@asynccontextmanager
async def serving(application: Any, host: str, port: int) -> AsyncIterator[str]:
    """Serves an ASGI application until the block ends; its address.

    Raises ConfigurationError when the address is taken or none of this machine's.
    """
    with _listening(host, port) as listener:
        config = uvicorn.Config(
            application,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
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


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as exc:
        raise ConfigurationError(
            f"Docent cannot listen on {host}:{port}: {exc.strerror}.",
            hint="Set SERVER_HOST and SERVER_PORT to an address of this machine that is free.",
        ) from exc
