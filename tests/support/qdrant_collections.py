"""The operations of a Qdrant server on real shards, in the shapes of its REST.

Like a new cluster of Qdrant Cloud it runs in strict mode: a filter on a field without an index
is refused.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import qdrant_edge as engine

Json = dict[str, Any]

INDEX_TYPES = {
    "keyword": engine.PayloadSchemaType.Keyword,
    "integer": engine.PayloadSchemaType.Integer,
}
DONE: Json = {"operation_id": 0, "status": "completed"}


class Refused(Exception):
    """The request ends with this status and this error."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


class Collections:
    """One shard a collection; each operation takes the collection's name and a body."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards = {
            path.name: engine.EdgeShard.load(str(path))
            for path in folder.iterdir()
            if path.is_dir()
        }

    def release(self) -> None:
        while self._shards:
            self._shards.popitem()[1].close()

    def _shard(self, name: str) -> engine.EdgeShard:
        if name not in self._shards:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        return self._shards[name]

    def exists(self, name: str, body: Json) -> Json:
        return {"exists": name in self._shards}

    def info(self, name: str, body: Json) -> Json:
        info = self._shard(name).info()
        kinds = {kind: name for name, kind in INDEX_TYPES.items()}
        return {
            "status": "green",
            "optimizer_status": "ok",
            "segments_count": info.segments_count,
            "points_count": info.points_count,
            "config": {
                "params": {},
                "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
                "optimizer_config": {
                    "deleted_threshold": 0.2,
                    "vacuum_min_vector_number": 1000,
                    "default_segment_number": 0,
                    "flush_interval_sec": 5,
                },
                "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
            },
            "payload_schema": {
                name: {"data_type": kinds[index.data_type], "points": index.points}
                for name, index in info.payload_schema.items()
            },
        }

    def create(self, name: str, body: Json) -> bool:
        if name in self._shards:
            raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
        config = engine.EdgeConfig(
            vectors={
                key: engine.EdgeVectorParams(
                    size=params["size"], distance=getattr(engine.Distance, params["distance"])
                )
                for key, params in body["vectors"].items()
            },
            sparse_vectors={
                key: engine.EdgeSparseVectorParams(
                    modifier=engine.Modifier.Idf if params.get("modifier") == "idf" else None
                )
                for key, params in body["sparse_vectors"].items()
            },
            wal_enabled=False,
        )
        self._shards[name] = engine.EdgeShard.create(str(self._folder / name), config)
        return True

    def drop(self, name: str, body: Json) -> bool:
        self._shard(name).close()
        del self._shards[name]
        shutil.rmtree(self._folder / name)
        return True

    def index(self, name: str, body: Json) -> Json:
        kind = INDEX_TYPES[body["field_schema"]]
        self._shard(name).update(
            engine.UpdateOperation.create_field_index(body["field_name"], kind)
        )
        return DONE

    def upsert(self, name: str, body: Json) -> Json:
        points = [
            engine.Point(
                point["id"],
                {name: vector_of(value) for name, value in point["vector"].items()},
                point.get("payload"),
            )
            for point in body["points"]
        ]
        self._shard(name).update(engine.UpdateOperation.upsert_points(points))
        return DONE

    def retrieve(self, name: str, body: Json) -> list[Json]:
        found = self._shard(name).retrieve(
            body["ids"], body.get("with_payload"), body.get("with_vector")
        )
        return [record_of(record) for record in found]

    def query(self, name: str, body: Json) -> Json:
        return self._answer(self._shard(name), [body])[0]

    def query_batch(self, name: str, body: Json) -> list[Json]:
        return self._answer(self._shard(name), body["searches"])

    def _answer(self, shard: engine.EdgeShard, searches: list[Json]) -> list[Json]:
        batch = engine.QueryBatchRequest([query_of(shard, search) for search in searches])
        return [
            {"points": [record_of(p) | {"version": 0, "score": p.score} for p in points]}
            for points in shard.query_batch(batch)
        ]

    def scroll(self, name: str, body: Json) -> Json:
        shard = self._shard(name)
        records, following = shard.scroll(
            engine.ScrollRequest(
                offset=body.get("offset"),
                limit=body.get("limit", 10),
                filter=chosen_by(shard, body),
                with_payload=body.get("with_payload"),
                with_vector=body.get("with_vector"),
            )
        )
        offset = None if following is None else str(following)
        return {"points": [record_of(r) for r in records], "next_page_offset": offset}

    def count(self, name: str, body: Json) -> Json:
        shard = self._shard(name)
        chosen = chosen_by(shard, body)
        return {"count": shard.count(engine.CountRequest(exact=body["exact"], filter=chosen))}

    def delete(self, name: str, body: Json) -> Json:
        shard = self._shard(name)
        shard.update(
            engine.UpdateOperation.delete_points(body["points"])
            if body.get("points")
            else engine.UpdateOperation.delete_points_by_filter(filter_of(shard, body["filter"]))
        )
        return DONE

    def set_payload(self, name: str, body: Json) -> Json:
        shard = self._shard(name)
        shard.update(
            engine.UpdateOperation.set_payload(body["points"], body["payload"])
            if body.get("points")
            else engine.UpdateOperation.set_payload_by_filter(
                filter_of(shard, body["filter"]), body["payload"]
            )
        )
        return DONE


def vector_of(value: Any) -> Any:
    return engine.SparseVector(**value) if isinstance(value, dict) else value


def query_of(shard: engine.EdgeShard, body: Json) -> engine.QueryRequest:
    query = body["query"]
    nearest = query.get("nearest", query) if isinstance(query, dict) else query
    idf = ((body.get("params") or {}).get("idf") or {}).get("corpus")
    params = engine.IdfParams(corpus=filter_of(shard, idf)) if idf else None
    return engine.QueryRequest(
        body.get("limit") or 10,
        query=engine.Query.Nearest(vector_of(nearest), using=body["using"]),
        filter=chosen_by(shard, body),
        with_payload=body.get("with_payload"),
        params=engine.SearchParams(idf=params),
    )


def filter_of(shard: engine.EdgeShard, body: Json) -> engine.Filter:
    """The engine's filter. In strict mode, every field of it must have an index."""
    for name in (condition["key"] for condition in body["must"] if "key" in condition):
        if name not in shard.info().payload_schema:
            raise Refused(
                400,
                f'Bad request: Index required but not found for "{name}" of one of the following '
                "types: [keyword]. Help: Create an index for this key or use a different filter.",
            )
    return engine.Filter(must=[condition_of(condition) for condition in body["must"]])


def chosen_by(shard: engine.EdgeShard, body: Json) -> engine.Filter | None:
    return filter_of(shard, body["filter"]) if body.get("filter") else None


def condition_of(body: Json) -> Any:
    if "has_id" in body:
        return engine.HasIdCondition(set(body["has_id"]))
    if body.get("range"):
        return engine.FieldCondition(body["key"], range=engine.RangeFloat(**body["range"]))
    match = body["match"]
    chosen = engine.MatchAny(match["any"]) if "any" in match else engine.MatchValue(match["value"])
    return engine.FieldCondition(body["key"], match=chosen)


def record_of(record: Any) -> Json:
    return {"id": str(record.id), "payload": record.payload, "vector": record.vector}
