"""What qdrant-client raises, and what it means to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
import orjson
from grpc import RpcError, StatusCode  # type: ignore[import-untyped] # it carries no types
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from core.errors import (
    AccessDenied,
    MalformedReply,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)

SERVICE: Final = "Qdrant"

_KEY = "Check QDRANT_API_KEY: it must belong to this cluster, and allow writing."
_ADDRESS = "Check QDRANT_URL, and that the cluster runs: a free one is suspended when unused."
_LONGEST_REASON = 300

_REJECTED = frozenset(
    {
        StatusCode.INVALID_ARGUMENT,
        StatusCode.NOT_FOUND,
        StatusCode.ALREADY_EXISTS,
        StatusCode.FAILED_PRECONDITION,
        StatusCode.OUT_OF_RANGE,
        StatusCode.UNIMPLEMENTED,
    }
)


class CollectionMissing(RequestRejected):
    """The collection is not there, which is no error to a reader."""


@contextmanager
def client_errors() -> Iterator[None]:
    """Turns everything that the client raises into errors of ours."""
    try:
        yield
    except UnexpectedResponse as exc:
        raise _from_status(exc) from exc
    except ResponseHandlingException as exc:
        raise _from_transport(exc.source) from exc
    except RpcError as exc:
        raise _from_rpc(exc.code(), exc.details() or "") from exc
    except QdrantException as exc:
        wait = exc.retry_after_s if isinstance(exc, ResourceExhaustedResponse) else None
        raise _rate_limited(wait) from exc
    except RuntimeError as exc:  # a gRPC channel that cannot be made
        raise _unreachable(str(exc)) from exc
    except (AssertionError, TypeError, ValueError) as exc:
        # how the client, and the encoder under it, meet a shape that they did not expect
        raise MalformedReply(SERVICE, "an answer could not be read.", hint=_ADDRESS) from exc


def _from_status(exc: UnexpectedResponse) -> ServiceError:
    status, reason = exc.status_code or 0, _reason(exc.content)
    if status in {401, 403}:
        return _denied()
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return _rate_limited(None)
    if status == httpx.codes.REQUEST_TIMEOUT or httpx.codes.is_server_error(status):
        return ServiceUnavailable(SERVICE, reason or f"it failed with status {status}.")
    if httpx.codes.is_client_error(status):
        return _rejected(reason, not_found=status == httpx.codes.NOT_FOUND)
    return MalformedReply(SERVICE, f"it answered with status {status}.", hint=_ADDRESS)


def _from_transport(source: Exception) -> ServiceError:
    if isinstance(source, httpx.TimeoutException):
        return ServiceUnavailable(SERVICE, "it did not answer in time.")
    if isinstance(source, ValueError | httpx.DecodingError | httpx.TooManyRedirects):
        return MalformedReply(SERVICE, "an answer could not be read.", hint=_ADDRESS)
    return _unreachable(str(source) or type(source).__name__)


def _from_rpc(code: StatusCode, details: str) -> ServiceError:
    reason = details[:_LONGEST_REASON]
    if code in {StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED}:
        return _denied()
    if code is StatusCode.RESOURCE_EXHAUSTED:
        return _rate_limited(None)
    if code is StatusCode.DEADLINE_EXCEEDED:
        return ServiceUnavailable(SERVICE, "it did not answer in time.")
    if code in _REJECTED:
        return _rejected(reason, not_found=code is StatusCode.NOT_FOUND)
    if code is StatusCode.UNAVAILABLE:
        return _unreachable(reason)
    return ServiceUnavailable(SERVICE, f"it failed: {reason}")


def _unreachable(reason: str) -> ServiceUnavailable:
    return ServiceUnavailable(SERVICE, f"it cannot be reached: {reason}.", hint=_ADDRESS)


def _denied() -> AccessDenied:
    return AccessDenied(SERVICE, "the key was not accepted.", hint=_KEY)


def _rate_limited(retry_after: float | None) -> RateLimited:
    return RateLimited(SERVICE, "it was asked too often.", retry_after=retry_after)


def _rejected(reason: str, *, not_found: bool) -> RequestRejected:
    if not_found and "Collection" in reason:
        return CollectionMissing(SERVICE, reason)
    hint = "" if reason else _ADDRESS
    return RequestRejected(
        SERVICE, reason or "the address is not one of a Qdrant server.", hint=hint
    )


def _reason(content: bytes) -> str:
    """The error in Qdrant's envelope, or nothing where something else answered."""
    try:
        return str(orjson.loads(content)["status"]["error"])[:_LONGEST_REASON]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
