"""A Qdrant over its real engine, which remembers what it answered: its time is not ours.

A search is told by its first vector, of which there are few; the first one of a kind is made, and
whoever asks the like gets the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson
from qdrant_edge import SparseVector

from bench.standins.server import Exchange, Handler
from tests.support.qdrant_collections import Collections, Refused

Operation: TypeAlias = Callable[[str, dict[str, Any]], Any]

_COLLECTIONS: Final = "/collections/"
_SEARCHES: Final = ("/points/query/batch", "/points/query")


def qdrant(folder: Path) -> Handler:
    """The REST that clients of Qdrant speak, as far as they need it here."""
    do = Collections(folder)
    params: dict[str, dict[str, Any]] = {}
    operations: dict[tuple[str, str], Operation] = {
        ("GET", "/exists"): do.exists,
        ("GET", ""): partial(_info, do, params),
        ("PUT", ""): partial(_create, do, params),
        ("DELETE", ""): do.drop,
        ("PUT", "/index"): do.index,
        ("PUT", "/points"): do.upsert,
        ("POST", "/points"): do.retrieve,
        ("POST", "/points/query"): partial(_query, do),
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


def _create(
    do: Collections, params: dict[str, dict[str, Any]], name: str, asked: dict[str, Any]
) -> Any:
    params[name] = {kind: asked.get(kind) for kind in ("vectors", "sparse_vectors")}
    return do.create(name, asked)


def _info(
    do: Collections, params: dict[str, dict[str, Any]], name: str, asked: dict[str, Any]
) -> Any:
    """With the vectors that the collection was created with, which some clients look up."""
    info = do.info(name, asked)
    return {**info, "config": {**info["config"], "params": params.get(name, {})}}


def _query(do: Collections, name: str, asked: dict[str, Any]) -> Any:
    """One search, or several whose ranks are fused: https://qdrant.tech/documentation/concepts/hybrid-queries/."""
    if not asked.get("prefetch"):
        return do.query(name, asked)
    searches = [{**each, "with_payload": True} for each in asked["prefetch"]]
    scores: dict[str, float] = defaultdict(float)
    found: dict[str, dict[str, Any]] = {}
    for answer in do.query_batch(name, {"searches": searches}):
        for rank, point in enumerate(answer["points"]):
            scores[point["id"]] += 1 / (rank + 2)
            found[point["id"]] = point
    best = sorted(scores, key=lambda id_: -scores[id_])[: asked.get("limit") or 10]
    return {"points": [found[id_] | {"score": scores[id_]} for id_ in best]}


def _answer(operation: Operation, name: str, asked: dict[str, Any]) -> tuple[int, bytes]:
    try:
        result = operation(name, asked)
    except Exception as exc:  # noqa: BLE001 - the engine raises nothing narrower
        status = exc.status if isinstance(exc, Refused) else 400
        return status, orjson.dumps({"status": {"error": str(exc)}, "time": 0.0})
    return 200, orjson.dumps({"result": result, "status": "ok", "time": 0.0}, default=_json)


def _json(value: Any) -> object:
    """What orjson does not know: a sparse vector, or an id."""
    if isinstance(value, SparseVector):
        return {"indices": list(value.indices), "values": list(value.values)}
    return str(value)


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
