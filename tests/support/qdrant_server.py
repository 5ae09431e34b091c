"""A stand-in for a Qdrant server: its REST as qdrant-client speaks it, over the real engine.

`python -m tests.support.qdrant_server --port 0` runs it alone and prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

from tests.support.qdrant_collections import Collections, Json, Refused

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


ANSWERS_OF_NOTHING: dict[str, Callable[[Json], Json | list[Json]]] = {
    "/points/query/batch": lambda body: [{"points": []} for _ in body["searches"]],
    "/points/query": lambda _: {"points": []},
    "/points/scroll": lambda _: {"points": [], "next_page_offset": None},
    "/points/count": lambda _: {"count": 0},
    "/points": lambda _: [],
}
"""What a collection that holds nothing answers to a POST, by the end of the path."""


@dataclass
class Trouble:
    """What goes wrong while it is set, with every request or with those whose path ends in `of`.

    Of those, only with the ones that have `holding` in them. With `empty`, whoever looks for points
    finds none. `met` counts the requests that it befell.
    """

    status: int = 0
    body: bytes = b'{"status": {"error": "trouble"}, "time": 0.0}'
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    disconnect: bool = False
    empty: bool = False
    of: str = ""
    holding: bytes = b""
    met: int = 0

    async def befalls(self, request: web.Request) -> bool:
        """Whether it is one of those that go wrong."""
        looks = request.method == "POST" and request.path.endswith(tuple(ANSWERS_OF_NOTHING))
        if not request.path.endswith(self.of) or (self.empty and not looks):
            return False
        return self.holding in await request.read()


class QdrantServer:
    """`requests` is what came in (method and path), `trouble` what goes wrong."""

    def __init__(self, collections: Collections, *, api_key: str | None = None) -> None:
        self.url = ""
        self.trouble: Trouble | None = None
        self.requests: list[tuple[str, str]] = []
        self._collections = collections
        self._api_key = api_key

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._before], client_max_size=32 * 2**20)
        do, at = self._collections, "/collections/{name}"
        app.add_routes(
            [
                web.get(at + "/exists", handling(do.exists)),
                web.get(at, handling(do.info)),
                web.put(at, handling(do.create)),
                web.delete(at, handling(do.drop)),
                web.put(at + "/index", handling(do.index)),
                web.put(at + "/points", handling(do.upsert)),
                web.post(at + "/points", handling(do.retrieve)),
                web.post(at + "/points/query", handling(do.query)),
                web.post(at + "/points/query/batch", handling(do.query_batch)),
                web.post(at + "/points/scroll", handling(do.scroll)),
                web.post(at + "/points/count", handling(do.count)),
                web.post(at + "/points/delete", handling(do.delete)),
                web.post(at + "/points/payload", handling(do.set_payload)),
            ]
        )
        return app

    @web.middleware
    async def _before(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        if self.trouble and await self.trouble.befalls(request):
            self.trouble.met += 1
            return await troubled(request, self.trouble)
        if self._api_key and request.headers.get("api-key") != self._api_key:
            return web.Response(status=401, text="Must provide an API key or an Authorization")
        return await handler(request)


async def troubled(request: web.Request, trouble: Trouble) -> web.StreamResponse:
    if trouble.empty:
        return await _nothing(request)
    await asyncio.sleep(trouble.delay)
    if trouble.disconnect and request.transport:
        request.transport.abort()
    return web.Response(status=trouble.status or 503, body=trouble.body, headers=trouble.headers)


async def _nothing(request: web.Request) -> web.Response:
    answers = (do for end, do in ANSWERS_OF_NOTHING.items() if request.path.endswith(end))
    result = next(answers)(await request.json())
    return web.json_response({"result": result, "status": "ok", "time": 0.0})


def handling(operation: Callable[[str, Json], Any]) -> Handler:
    """The operation in Qdrant's envelope."""

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.body_exists else {}
        try:
            result = operation(request.match_info["name"], body)
        except Refused as exc:
            return refusal(exc.status, str(exc))
        except Exception as exc:  # noqa: BLE001 - the engine raises nothing narrower
            return refusal(400, f"Wrong input: {exc}")
        return web.json_response({"result": result, "status": "ok", "time": 0.0})

    return handle


def refusal(status: int, error: str) -> web.Response:
    return web.json_response({"status": {"error": error}, "time": 0.0}, status=status)


@asynccontextmanager
async def serving(
    folder: Path, *, api_key: str | None = None, port: int = 0
) -> AsyncIterator[QdrantServer]:
    """The server on a loopback socket; `url` is its address."""
    collections = Collections(folder)
    server = QdrantServer(collections, api_key=api_key)
    runner = web.AppRunner(server.application(), handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
        collections.release()


async def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for a Qdrant server.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where to keep the collections")
    parser.add_argument("--api-key")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.folder or Path(scratch)
        async with serving(folder, api_key=args.api_key, port=args.port) as server:
            print(server.url, flush=True)  # noqa: T201 - the caller reads the address
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
