"""The gRPC of a Qdrant server, over the same collections as its REST stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped] # it carries no types
from qdrant_client import grpc as rpc
from qdrant_client import models
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc
from qdrant_client.grpc.collections_service_pb2_grpc import (
    CollectionsServicer,
    add_CollectionsServicer_to_server,
)
from qdrant_client.grpc.points_service_pb2_grpc import (
    PointsServicer,
    add_PointsServicer_to_server,
)

from tests.support.qdrant_collections import Collections, Json, Refused

STATUSES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ALREADY_EXISTS,
}


class PointsService(PointsServicer):
    """Each method turns a message into REST's body, and the result back into a message."""

    def __init__(self, collections: Collections) -> None:
        self._do = collections

    async def Upsert(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        points = [GrpcToRest.convert_point_struct(point) for point in request.points]
        return self._done("upsert", request, {"points": [plain(point) for point in points]})

    async def SetPayload(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        payload = GrpcToRest.convert_payload(request.payload)
        return self._done("set_payload", request, {**selected(request), "payload": payload})

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        points = GrpcToRest.convert_points_selector(request.points)
        return self._done("delete", request, plain(points))

    async def CreateFieldIndex(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        kind = rpc.FieldType.Name(request.field_type).removeprefix("FieldType").lower()
        body = {"field_name": request.field_name, "field_schema": kind}
        return self._done("index", request, body)

    async def QueryBatch(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        searches = {"searches": [query_of(query) for query in request.query_points]}
        answers = self._do.query_batch(request.collection_name, searches)
        return rpc.QueryBatchResponse(
            result=[
                rpc.BatchResult(
                    result=[
                        RestToGrpc.convert_scored_point(models.ScoredPoint(**point))
                        for point in answer["points"]
                    ]
                )
                for answer in answers
            ]
        )

    async def Scroll(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        body = {
            "filter": plain(GrpcToRest.convert_filter(request.filter)),
            "limit": request.limit,
            "with_payload": GrpcToRest.convert_with_payload_interface(request.with_payload),
            "with_vector": GrpcToRest.convert_with_vectors_selector(request.with_vectors),
        }
        found = self._do.scroll(request.collection_name, body)["points"]
        records = [RestToGrpc.convert_record(models.Record(**record)) for record in found]
        return rpc.ScrollResponse(result=records)

    async def Count(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        body = {
            "filter": plain(GrpcToRest.convert_filter(request.filter)),
            "exact": request.exact,
        }
        count = self._do.count(request.collection_name, body)["count"]
        return rpc.CountResponse(result=rpc.CountResult(count=count))

    def _done(self, operation: str, request: Any, body: Json) -> Any:
        getattr(self._do, operation)(request.collection_name, body)
        result = rpc.UpdateResult(operation_id=0, status=rpc.UpdateStatus.Completed)
        return rpc.PointsOperationResponse(result=result)


class CollectionsService(CollectionsServicer):
    """As `PointsService`, for collections as a whole."""

    def __init__(self, collections: Collections) -> None:
        self._do = collections

    async def CollectionExists(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        answer = self._do.exists(request.collection_name, {})
        return rpc.CollectionExistsResponse(result=rpc.CollectionExists(**answer))

    async def Get(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        info = models.CollectionInfo(**self._do.info(request.collection_name, {}))
        return rpc.GetCollectionInfoResponse(result=RestToGrpc.convert_collection_info(info))

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        vectors: Any = GrpcToRest.convert_vectors_config(request.vectors_config)
        sparse = GrpcToRest.convert_sparse_vector_config(request.sparse_vectors_config)
        body = {
            "vectors": {name: plain(params) for name, params in vectors.items()},
            "sparse_vectors": {name: plain(params) for name, params in sparse.items()},
        }
        result = self._do.create(request.collection_name, body)
        return rpc.CollectionOperationResponse(result=result)

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802 - Qdrant's name
        result = self._do.drop(request.collection_name, {})
        return rpc.CollectionOperationResponse(result=result)


class Refusals(grpc.aio.ServerInterceptor):  # type: ignore[misc] # of an untyped library
    """Turns what an operation raises into a status, as Qdrant does."""

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any
    ) -> Any:
        handler = await continuation(handler_call_details)

        async def handle(request: Any, context: Any) -> Any:
            try:
                return await handler.unary_unary(request, context)
            except Refused as exc:
                await context.abort(STATUSES[exc.status], str(exc))
            except Exception as exc:  # noqa: BLE001 - the engine raises nothing narrower
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Wrong input: {exc}")

        return grpc.unary_unary_rpc_method_handler(
            handle,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


def plain(model: Any) -> Json:
    return model.model_dump(mode="json", exclude_none=True)  # type: ignore[no-any-return]


def selected(request: Any) -> Json:
    return plain(GrpcToRest.convert_points_selector(request.points_selector))


def query_of(message: Any) -> Json:
    nearest = GrpcToRest.convert_query(message.query)
    params = GrpcToRest.convert_search_params(message.params)
    return {
        "query": plain(nearest),
        "using": message.using,
        "filter": plain(GrpcToRest.convert_filter(message.filter)),
        "params": plain(params),
        "limit": message.limit,
        "with_payload": GrpcToRest.convert_with_payload_interface(message.with_payload),
    }


@asynccontextmanager
async def serving_grpc(folder: Path) -> AsyncIterator[int]:
    """The server's port on the loopback interface."""
    collections = Collections(folder)
    server = grpc.aio.server(interceptors=[Refusals()])
    add_PointsServicer_to_server(PointsService(collections), server)  # type: ignore[no-untyped-call]
    add_CollectionsServicer_to_server(CollectionsService(collections), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(grace=None)
        collections.release()
