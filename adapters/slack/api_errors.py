"""Slack's refusals and the SDK's exceptions, in our own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from core.errors import (
    AccessDenied,
    MalformedReply,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)

SERVICE = "Slack"
RETRY_AFTER = 30.0
"""Seconds to wait after a 429 that does not say how long."""

_WORD = re.compile(r"[A-Za-z0-9_]{1,80}")
_RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
_FAILED_INSIDE = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
)
_DENIED = {
    "access_denied": "",
    "account_inactive": "Install the app again, and set the new token.",
    "invalid_auth": "Set SLACK_BOT_TOKEN to the token that begins with xoxb-.",
    "missing_scope": "",
    "no_permission": "",
    "not_allowed_token_type": "The bot's token begins with xoxb-, the app's with xapp-.",
    "not_authed": "Set SLACK_BOT_TOKEN to the token that begins with xoxb-.",
    "org_login_required": "",
    "token_expired": "Install the app again, and set the new token.",
    "token_revoked": "Install the app again, and set the new token.",
}


class SlackRefused(RequestRejected):
    """Slack understood the call and refused it; `code` is its word for why."""

    def __init__(self, method: str, code: str, detail: str = "") -> None:
        super().__init__(SERVICE, f"{method} was refused: {code}{detail}")
        self.code = code


def translated(method: str, exc: Exception) -> ServiceError:
    """The error to raise instead of what the SDK raised in a call of `method`."""
    if isinstance(exc, SlackApiError):
        return _answered(method, exc)
    if isinstance(exc, aiohttp.ClientError | TimeoutError | OSError):
        return ServiceUnavailable(SERVICE, f"{method} got no answer ({type(exc).__name__})")
    return MalformedReply(SERVICE, f"{method} was answered with something that is no reply")


def _answered(method: str, exc: SlackApiError) -> ServiceError:
    status, reply = _status(exc), _reply(exc)
    code = _code(reply)
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in _RATE_LIMITED:
        return RateLimited(SERVICE, f"{method} is called too often", retry_after=_wait(exc))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _FAILED_INSIDE:
        return ServiceUnavailable(SERVICE, f"{method} failed inside Slack ({code or status})")
    if code in _DENIED:
        return _denied(method, code, reply)
    if not code:
        return MalformedReply(SERVICE, f"{method} was answered with something that is no reply")
    return SlackRefused(method, code, _detail(reply))


def _denied(method: str, code: str, reply: Mapping[str, Any]) -> AccessDenied:
    hint = _DENIED[code]
    if code == "missing_scope":
        hint = f"Add the scope {reply.get('needed')} to the app, and install it again."
    return AccessDenied(SERVICE, f"{method} was refused: {code}", hint=hint)


def _code(reply: Mapping[str, Any]) -> str:
    """Slack's word for what is wrong; nothing where something else stands in its place.

    What stands between us and Slack may reply, too, and say back what it was sent.
    """
    code = str(reply.get("error") or "")
    return code if _WORD.fullmatch(code) else ""


def _status(exc: SlackApiError) -> int:
    status = getattr(exc.response, "status_code", 0)
    return status if isinstance(status, int) else 0


def _reply(exc: SlackApiError) -> Mapping[str, Any]:
    data = getattr(exc.response, "data", None)
    return data if isinstance(data, Mapping) else {}


def _wait(exc: SlackApiError) -> float:
    headers: Mapping[str, str] = getattr(exc.response, "headers", None) or {}
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    try:
        return max(float(value), 0.0)
    except ValueError:
        return RETRY_AFTER


def _detail(reply: Mapping[str, Any]) -> str:
    """Which argument Slack did not like, where it says so."""
    metadata = reply.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, Mapping) else None
    return f" ({'; '.join(map(str, messages))})" if isinstance(messages, list) else ""
