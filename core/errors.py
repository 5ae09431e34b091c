"""The errors that Docent raises, one tree:

DocentError                     says what happened and, in its hint, what to do
├── ConfigurationError          a setting is missing, malformed or contradicts another
├── DataFolderLocked            another process holds the embedded engines
├── ServiceError                a service did not do what was asked of it
│   ├── ServiceUnavailable      refused, timed out or 5xx: works later, `retry_after` may say when
│   │   ├── RateLimited         asked too often
│   │   └── IndexLost           the vector index lost what was indexed: to be rebuilt
│   ├── QuotaExceeded           the plan or the credit is spent: waiting a moment won't help
│   ├── AccessDenied            the credentials were not accepted
│   ├── RequestRejected         the service understood the request, and refused it
│   └── MalformedReply          the service answered with something that we cannot read
├── CorpusError                 the docs could not be brought in
│   ├── SourceUnavailable       a source could not be listed; nothing is known of its contents
│   ├── DocumentUnreadable      one document could not be read; the others can
│   ├── PartialRebuild          the index has to be written anew, which takes all its sources
│   ├── SyncRunning             a sync holds the lease; one runs at a time
│   └── ShrinkRefused           the sync would remove more than the set share of a source
├── QuestionRefused             it is too long, or too much was asked there lately
└── LeaseLost                   another worker took this turn over; drop what is in hand
"""

from __future__ import annotations


class DocentError(Exception):
    """Anything that a person may be told about.

    `str(error)` is one sentence on what happened; `hint` is one on what to do, or empty.
    Neither ever holds a secret.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigurationError(DocentError):
    """A setting is missing, malformed or contradicts another."""


class DataFolderLocked(DocentError):
    """Another process holds the embedded engines, which admit one at a time."""


class ServiceError(DocentError):
    """A service did not do what was asked of it. `service` is its name as people know it."""

    def __init__(self, service: str, message: str, *, hint: str = "") -> None:
        super().__init__(f"{service}: {message}", hint=hint)
        self.service = service


class ServiceUnavailable(ServiceError):
    """Refused, timed out or failed inside the service: the same call may work later.

    `retry_after` is in seconds, or None when the service did not say.
    """

    def __init__(
        self, service: str, message: str, *, hint: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(service, message, hint=hint)
        self.retry_after = retry_after


class RateLimited(ServiceUnavailable):
    """Asked too often."""


class IndexLost(ServiceUnavailable):
    """The vector index holds other chunks than were indexed, most often none.

    The sources still have it all.
    """

    def __init__(self, chunks: int, found: int = 0) -> None:
        super().__init__(
            "Vector index",
            f"it holds {found or 'nothing'} of the {chunks} chunks that are on record.",
            hint="Write it anew from the sources: `docent rebuild`, or /reingest in a chat.",
        )


class QuotaExceeded(ServiceError):
    """The plan or the credit is spent."""


class AccessDenied(ServiceError):
    """The credentials were not accepted."""


class RequestRejected(ServiceError):
    """The service understood the request and refused it; asking again changes nothing."""


class MalformedReply(ServiceError):
    """The service answered with something that we cannot read."""


class CorpusError(DocentError):
    """The docs could not be brought in. `source` is the one that is to blame, where it is one."""

    def __init__(self, message: str, *, hint: str = "", source: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.source = source


class SourceUnavailable(CorpusError):
    """A source could not be listed, so nothing may be concluded about its contents."""


class DocumentUnreadable(CorpusError):
    """One document could not be read; the sync goes on with the others."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class PartialRebuild(CorpusError):
    """The index has to be written anew, and not all that it serves is part of the sync."""


class SyncRunning(CorpusError):
    """Another sync holds the lease; one runs at a time over all instances."""


class ShrinkRefused(CorpusError):
    """The sync would remove more than the set share of a source's documents."""


class QuestionRefused(DocentError):
    """A question is too long, or its author or its channel asked too much lately.

    `retry_after` is in how many seconds it is let in; None where waiting does not help.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class LeaseLost(DocentError):
    """Another worker took this turn over: what is in hand must not be posted or stored."""
