"""Cohere's errors as ours: https://docs.cohere.com/reference/errors."""

from __future__ import annotations

from collections.abc import Mapping

from core.backends.vendor_http import excerpt
from core.errors import (
    AccessDenied,
    MalformedReply,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)
from core.text.retry_after import retry_after

SERVICE = "Cohere"

_SPENT = "calls / month"
_SUCCESS = range(200, 300)
_KEY_HINT = "Check COHERE_API_KEY."


def error_for(
    status: int | None, body: object, headers: Mapping[str, str] | None, *, secret: str
) -> ServiceError:
    """The error that a status stands for, with the service's own word where it is safe."""
    said = body.get("message") if isinstance(body, Mapping) else None
    told = excerpt(said, secret=secret).rstrip(".")
    because = f": {told}." if told else "."
    if status == 429:  # noqa: PLR2004 - statuses are clearest as numbers
        return _too_many(because, headers or {})
    if status is None or status in _SUCCESS:
        return MalformedReply(SERVICE, "the reply does not have the form that we know.")
    if status in {408, 499} or status >= 500:  # noqa: PLR2004
        wait = retry_after(headers or {})
        failed = f"failed with status {status}{because}"
        return ServiceUnavailable(SERVICE, failed, retry_after=wait)
    return _refusal(status, because)


def _too_many(because: str, headers: Mapping[str, str]) -> ServiceError:
    # The spent month of a trial key and a full minute have the same status.
    if _SPENT in because.lower():
        hint = "Use a production key, or wait for the next month."
        return QuotaExceeded(SERVICE, f"the plan's calls are used up{because}", hint=hint)
    wait = retry_after(headers)
    return RateLimited(SERVICE, f"too many requests{because}", retry_after=wait)


def _refusal(status: int, because: str) -> ServiceError:
    match status:
        case 401 | 403 | 498:
            # The service's own words may quote a part of the key.
            return AccessDenied(SERVICE, "the key was not accepted.", hint=_KEY_HINT)
        case 402:
            hint = "Check the billing of the Cohere account."
            return QuotaExceeded(SERVICE, f"the plan is spent{because}", hint=hint)
        case _:
            return RequestRejected(SERVICE, f"refused with status {status}{because}")
