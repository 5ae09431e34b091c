"""What the statuses of Qdrant's REST mean to us."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import orjson

from core.errors import (
    AccessDenied,
    ConfigurationError,
    MalformedReply,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)

SERVICE: Final = "Qdrant"
LONGEST_REASON: Final = 300
ADDRESS: Final = "Check QDRANT_URL, and that the cluster runs: a free one is suspended when unused."

_KEY = "Check QDRANT_API_KEY: it must belong to this cluster, and allow writing."


class CollectionMissing(RequestRejected):
    """The collection is not there, which is no error to a reader."""


def error_for(status: int, content: bytes, *, retry_after: float | None = None) -> ServiceError:
    """The error that a status stands for; `content` is the body it came with."""
    reason = _reason(content)
    if status in {401, 403}:
        return denied()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return rate_limited(retry_after)
    if status == HTTPStatus.REQUEST_TIMEOUT or 500 <= status < 600:  # noqa: PLR2004 - statuses are clearest as numbers
        return ServiceUnavailable(SERVICE, reason or f"it failed with status {status}.")
    if 400 <= status < 500:  # noqa: PLR2004 - as above
        return rejected(reason, not_found=status == HTTPStatus.NOT_FOUND)
    return MalformedReply(SERVICE, f"it answered with status {status}.", hint=ADDRESS)


def unreadable() -> MalformedReply:
    """An answer of a shape that nobody expected."""
    return MalformedReply(SERVICE, "an answer could not be read.", hint=ADDRESS)


def unreachable(reason: str) -> ServiceUnavailable:
    """A server that is not there."""
    return ServiceUnavailable(SERVICE, f"it cannot be reached: {reason}.", hint=ADDRESS)


def denied() -> AccessDenied:
    """A key that is wrong."""
    return AccessDenied(SERVICE, "the key was not accepted.", hint=_KEY)


def rate_limited(retry_after: float | None) -> RateLimited:
    """Too much at once."""
    return RateLimited(SERVICE, "it was asked too often.", retry_after=retry_after)


def rejected(reason: str, *, not_found: bool) -> RequestRejected:
    """A request that the server understood and will not serve."""
    if not_found and "Collection" in reason:
        return CollectionMissing(SERVICE, reason)
    hint = "" if reason else ADDRESS
    return RequestRejected(
        SERVICE, reason or "the address is not one of a Qdrant server.", hint=hint
    )


def malformed(url: str, why: str) -> ConfigurationError:
    """An address that is none."""
    return ConfigurationError(
        f"The address of Qdrant, {url!r}, is malformed: {why}.",
        hint="It looks like https://name.cloud.qdrant.io:6333 or http://localhost:6333.",
    )


def _reason(content: bytes) -> str:
    """The error in Qdrant's envelope, or nothing where something else answered."""
    try:
        return str(orjson.loads(content)["status"]["error"])[:LONGEST_REASON]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
