"""A server on the loopback whose connections end with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


class _Connections:
    """Those that are open, each with the task that serves it."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(task := asyncio.create_task(self._serve(reader, writer)))
        task.add_done_callback(self._tasks.discard)
        # Not within it: one that is cancelled may never have begun.
        task.add_done_callback(lambda _: writer.close())

    async def end(self) -> None:
        """Leaves none open, be it that the loop has accepted it only now."""
        for _ in range(3):
            await asyncio.sleep(0)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def accepting(serve: Serve) -> AsyncIterator[int]:
    """The port of a server that has each connection served, and closed after that."""
    connections = _Connections(serve)
    server = await asyncio.start_server(connections.begin, "127.0.0.1")
    [listener] = server.sockets
    try:
        yield listener.getsockname()[1]
    finally:
        # Not closed at once: asyncio leaves open what it accepts at that moment.
        asyncio.get_running_loop().remove_reader(listener.fileno())
        await connections.end()
        server.close()
