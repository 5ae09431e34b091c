"""What the services that speak HTTP have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.errors import ConfigurationError


def header_safe(service: str, api_key: str) -> str:
    """The key, fit for a header. Raises ConfigurationError, without the key in it."""
    key = api_key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(
            f"The {service} key is empty or holds characters that no key has.",
            hint=f"Copy the key again from {service}, without quotes or line breaks.",
        )
    return key


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from a Retry-After header in either of its forms (RFC 9110, 10.2.3)."""
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "").strip()
    try:
        seconds = float(value)
    except ValueError:
        return _until(value)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def excerpt(message: object, *, secret: str, limit: int = 200) -> str:
    """What a service said, on one line, short, and never with the key in it."""
    text = " ".join(str(message).split()) if isinstance(message, str) else ""
    text = text.replace(secret, "[key]") if secret else text
    return text if len(text) <= limit else text[: limit - 1] + "…"
