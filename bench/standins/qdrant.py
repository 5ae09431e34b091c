"""A Qdrant over its real engine, which remembers what it answered: its time is not ours.

A search is told by its first vector, of which there are few; the first one of a kind is made, and
whoever asks the like gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from bench.standins.server import Exchange, Handler
from tests.support.qdrant_collections import Collections, Refused

Operation: TypeAlias = Callable[[str, dict[str, Any]], Any]

_COLLECTIONS: Final = "/collections/"
_SEARCHES: Final = ("/points/query/batch", "/points/query")


def qdrant(folder: Path) -> Handler:
    """The REST that clients of Qdrant speak, as far as they need it here."""
    do = Collections(folder)
    operations: dict[tuple[str, str], Operation] = {
        ("GET", "/exists"): do.exists,
        ("GET", ""): do.info,
        ("PUT", ""): do.create,
        ("DELETE", ""): do.drop,
        ("PUT", "/index"): do.index,
        ("PUT", "/points"): do.upsert,
        ("POST", "/points"): do.retrieve,
        ("POST", "/points/query"): do.query,
        ("POST", "/points/query/batch"): do.query_batch,
        ("POST", "/points/scroll"): do.scroll,
        ("POST", "/points/count"): do.count,
        ("POST", "/points/delete"): do.delete,
        ("POST", "/points/payload"): do.set_payload,
    }
    answered: dict[object, bytes] = {}

    def handle(exchange: Exchange, method: str, path: str, body: bytes) -> None:
        name, _, rest = path.partition("?")[0].removeprefix(_COLLECTIONS).partition("/")
        rest = f"/{rest}" if rest else ""
        operation = operations.get((method, rest))
        if operation is None or not path.startswith(_COLLECTIONS):
            exchange.reply(b'{"title":"qdrant","version":"1.19.0"}')
            return
        asked = orjson.loads(body) if body else {}
        key = (name, rest, _kind(asked)) if rest in _SEARCHES else None
        if key not in answered:
            status, answer = _answer(operation, name, asked)
            if key is None or status != 200:
                exchange.reply(answer, status=status)
                return
            answered[key] = answer
        exchange.reply(answered[key])

    return handle


def _answer(operation: Operation, name: str, asked: dict[str, Any]) -> tuple[int, bytes]:
    try:
        result = operation(name, asked)
    except Refused as exc:
        return exc.status, orjson.dumps({"status": {"error": str(exc)}, "time": 0.0})
    return 200, orjson.dumps({"result": result, "status": "ok", "time": 0.0}, default=str)


def _kind(asked: dict[str, Any]) -> object:
    """What tells searches apart: the shape, and the beginning of the first vector in it."""
    searches = asked.get("searches", [asked])
    vectors = (_vector(each) for search in searches for each in _parts(search))
    first = next((tuple(vector[:4]) for vector in vectors if vector), None)
    return first, len(searches), searches[0].get("limit")


def _parts(search: dict[str, Any]) -> list[dict[str, Any]]:
    prefetch = search.get("prefetch") or []
    return [*(prefetch if isinstance(prefetch, list) else [prefetch]), search]


def _vector(search: dict[str, Any]) -> list[float]:
    query = search.get("query")
    nearest = query.get("nearest", query) if isinstance(query, dict) else query
    return nearest if isinstance(nearest, list) else []
