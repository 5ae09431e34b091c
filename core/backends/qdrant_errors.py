"""What qdrant-client raises, and what it means to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from grpc import RpcError, StatusCode  # type: ignore[import-untyped] # it carries no types
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from core.backends.qdrant_statuses import (
    LONGEST_REASON,
    SERVICE,
    denied,
    error_for,
    rate_limited,
    rejected,
    unreachable,
    unreadable,
)
from core.errors import ServiceError, ServiceUnavailable

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
        raise rate_limited(wait) from exc
    except RuntimeError as exc:  # a gRPC channel that cannot be made
        raise unreachable(str(exc)) from exc
    except (AssertionError, TypeError, ValueError) as exc:
        # how the client, and the encoder under it, meet a shape that they did not expect
        raise unreadable() from exc


def _from_status(exc: UnexpectedResponse) -> ServiceError:
    return error_for(exc.status_code or 0, exc.content)


def _from_transport(source: Exception) -> ServiceError:
    if isinstance(source, httpx.TimeoutException):
        return ServiceUnavailable(SERVICE, "it did not answer in time.")
    if isinstance(source, ValueError | httpx.DecodingError | httpx.TooManyRedirects):
        return unreadable()
    return unreachable(str(source) or type(source).__name__)


def _from_rpc(code: StatusCode, details: str) -> ServiceError:
    reason = details[:LONGEST_REASON]
    if code in {StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED}:
        return denied()
    if code is StatusCode.RESOURCE_EXHAUSTED:
        return rate_limited(None)
    if code is StatusCode.DEADLINE_EXCEEDED:
        return ServiceUnavailable(SERVICE, "it did not answer in time.")
    if code in _REJECTED:
        return rejected(reason, not_found=code is StatusCode.NOT_FOUND)
    if code is StatusCode.UNAVAILABLE:
        return unreachable(reason)
    return ServiceUnavailable(SERVICE, f"it failed: {reason}")
