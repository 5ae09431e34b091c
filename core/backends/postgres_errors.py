"""What asyncpg and the socket under it raise, as ours."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager

import asyncpg

from core.errors import (
    AccessDenied,
    DocentError,
    MalformedReply,
    QuotaExceeded,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)

_SERVICE = "PostgreSQL"

# The driver has three roots; a refused or broken socket is an OSError, and so is TimeoutError.
DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html; the longest prefix decides, and
# what is not listed was a statement that the server understood and refused.
_BY_SQLSTATE: Mapping[str, type[ServiceError]] = {
    "08": ServiceUnavailable,  # connection
    "25006": ServiceUnavailable,  # read-only: a standby that is not promoted yet
    "28": AccessDenied,
    "40": ServiceUnavailable,  # serialization, deadlock
    "42501": AccessDenied,  # insufficient privilege
    "53": ServiceUnavailable,  # too many connections, out of memory
    "53100": QuotaExceeded,  # disk full, and Neon's project size limit
    "55": ServiceUnavailable,  # lock not available
    "57": ServiceUnavailable,  # shutting down, starting up, cancelled
    "57P04": RequestRejected,  # database dropped
    "58": ServiceUnavailable,  # system error
    "XX": ServiceUnavailable,  # internal error, and a pooler's own
}

_HINTS: Mapping[type[DocentError], str] = {
    ServiceUnavailable: "Check that the server of DATABASE_URL runs and can be reached.",
    AccessDenied: "Check the user, the password and the rights in DATABASE_URL.",
    QuotaExceeded: "Make room in the database, or choose a larger plan.",
}

# A prepared statement that is not there, or there already: PgBouncer changed the server.
_LOST_STATEMENTS = frozenset({"26000", "42P05"})
_POOLER_HINT = "A pooler stands before this database: set DATABASE_POOLED=true."

_CERTIFICATE_HINT = (
    "Check the host in DATABASE_URL; for a certificate of your own authority, add "
    "sslrootcert=/path/to/ca.pem to it."
)

_BY_DRIVER: Mapping[type[Exception], type[ServiceError]] = {
    asyncpg.DataError: RequestRejected,
    asyncpg.UnsupportedClientFeatureError: RequestRejected,
    asyncpg.UnsupportedServerFeatureError: RequestRejected,
    asyncpg.ProtocolError: MalformedReply,
    # The plan went stale when the schema changed; the driver has dropped it by now.
    asyncpg.InvalidCachedStatementError: ServiceUnavailable,
}


class _DriverErrors:
    """By hand, as it is around each statement: a generator takes three times as long."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: object
    ) -> None:
        if isinstance(exc, DRIVER_ERRORS):
            raise translate(exc) from exc


_DRIVER_ERRORS = _DriverErrors()


def driver_errors() -> AbstractContextManager[None]:
    """Turns everything that the driver raises into errors of ours."""
    return _DRIVER_ERRORS


def translate(exc: BaseException) -> ServiceError:
    """What an exception of asyncpg or of the socket means, without its detail: that holds data."""
    kind = _kind(exc)
    return kind(_SERVICE, _sentence(exc), hint=_hint(exc, kind))


def _hint(exc: BaseException, kind: type[ServiceError]) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return _CERTIFICATE_HINT
    if getattr(exc, "sqlstate", None) in _LOST_STATEMENTS:
        return _POOLER_HINT
    return _HINTS.get(kind, "")


def _kind(exc: BaseException) -> type[ServiceError]:
    for driver_class, ours in _BY_DRIVER.items():
        if isinstance(exc, driver_class):
            return ours
    if not isinstance(exc, asyncpg.PostgresError):
        return ServiceUnavailable
    state = exc.sqlstate or "XX000"
    prefixes = [prefix for prefix in _BY_SQLSTATE if state.startswith(prefix)]
    return _BY_SQLSTATE[max(prefixes, key=len)] if prefixes else RequestRejected


def _sentence(exc: BaseException) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({exc.verify_message})"
    if isinstance(exc, TimeoutError):
        return "it did not answer in time"
    if isinstance(exc, OSError):
        return f"the connection failed ({exc.strerror or type(exc).__name__})"
    first = str(exc.args[0]) if exc.args else ""
    return first.partition("\n")[0] or type(exc).__name__
