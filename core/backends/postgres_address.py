"""The address of a PostgreSQL server, as people are given it."""

from __future__ import annotations

import ssl
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from core.errors import ConfigurationError


def read_address(dsn: str) -> tuple[str, ssl.SSLContext | None]:
    """The address for asyncpg, and what verifies the server where asyncpg would not.

    Channel binding, which Neon's addresses ask for, asyncpg has not: a certificate that is verified
    takes its place. For verify-full it would look for a file of authorities, as libpq does; without
    one of them, those of the system are meant.
    """
    try:
        parts = urlsplit(dsn)
        _ = parts.port  # raises ValueError for what is no number
        query = dict(parse_qsl(parts.query))
    except ValueError:
        raise malformed() from None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise malformed()
    bound = query.pop("channel_binding", "") == "require"
    verified = (bound or query.get("sslmode") == "verify-full") and "sslrootcert" not in query
    address = urlunsplit(parts._replace(query=urlencode(query)))
    return address, ssl.create_default_context() if verified else None


def names_pooler(dsn: str) -> bool:
    """Whether the host is a pooler of Neon's."""
    return "-pooler" in (urlsplit(dsn).hostname or "")


def malformed() -> ConfigurationError:
    """The error for what is no address."""
    # Without the address and without a cause: both hold the password.
    return ConfigurationError(
        "DATABASE_URL is not the address of a PostgreSQL database.",
        hint="Write it as postgresql://user:password@host:5432/name, with special characters "
        "in the password percent-encoded.",
    )
