"""What the services that speak HTTP have in common."""

from __future__ import annotations

from core.errors import ConfigurationError, ServiceUnavailable


def header_safe(service: str, api_key: str) -> str:
    """The key, fit for a header. Raises ConfigurationError, without the key in it."""
    key = api_key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(
            f"The {service} key is empty or holds characters that no key has.",
            hint=f"Copy the key again from {service}, without quotes or line breaks.",
        )
    return key


def excerpt(message: object, *, secret: str, limit: int = 200) -> str:
    """What a service said, on one line, short, and never with the key in it."""
    text = " ".join(str(message).split()) if isinstance(message, str) else ""
    text = text.replace(secret, "[key]") if secret else text
    return text if len(text) <= limit else text[: limit - 1] + "…"


def unreachable(service: str) -> ServiceUnavailable:
    """The error where no connection came about."""
    variable = f"{service.upper()}_BASE_URL"
    return ServiceUnavailable(
        service,
        "could not be reached.",
        hint=f"Check that this machine reaches the internet, and {variable} if it is set.",
    )
