"""What the routes work with, and who they work for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from adapters.chat.errands import Start
from adapters.web.chat import Chat
from adapters.web.gatekeeper import Gatekeeper
from adapters.web.library import Library
from adapters.web.principals import Principal
from adapters.web.problems import Problem
from adapters.web.rates import Rates
from adapters.web.syncing import SyncDesk
from adapters.web.uploads import Uploads
from core.access.keys import Permission
from core.conversation.feedback import Feedback
from core.conversation.transcripts import Transcripts


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the server, as it was found last. Without a `needed` one nobody is answered."""

    name: str
    state: Literal["ok", "probing", "away"]
    needed: bool


@dataclass(frozen=True, slots=True)
class Insight:
    """What admins are told, as JSON."""

    status: Callable[[], Awaitable[dict[str, Any]]]
    quota: Callable[[], Awaitable[dict[str, Any]]]
    gaps: Callable[[int], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Services:
    """The parts behind the API. `parts` and `metrics` are told from memory.

    Without `uploads` there is no place for any. `start` has work go on that nobody waits for, and
    nobody waits longer than `patience`, in seconds, for a change of the documents.
    """

    chat: Chat
    transcripts: Transcripts
    feedback: Feedback
    gatekeeper: Gatekeeper
    rates: Rates
    library: Library
    uploads: Uploads | None
    syncs: SyncDesk
    insight: Insight
    start: Start
    parts: Callable[[], Sequence[Part]]
    metrics: Callable[[], bytes]
    patience: float = 60.0


def services(request: Request) -> Services:
    """Those of the app that was asked."""
    return cast("Services", request.app.state.services)


Serving = Annotated[Services, Depends(services)]

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An API key from `docent keys create`, or a JWT of the configured issuer.",
)


def allowed(
    permission: Permission, *, probing: bool = False
) -> Callable[..., Awaitable[Principal]]:
    """A dependency: who sent the request, where they may do that. Raises Problem."""

    async def principal(
        request: Request,
        serving: Serving,
        _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> Principal:
        authorization = request.headers.get("authorization")
        address = request.client.host if request.client else ""
        found = await serving.gatekeeper.admit(authorization, address=address, probing=probing)
        request.state.headers = serving.rates.take(found.id)
        if not found.may(permission):
            raise Problem(
                403, "Forbidden", f"This key or token lacks the permission `{permission}`."
            )
        return found

    return principal


Asker = Annotated[Principal, Depends(allowed(Permission.ASK))]
Reader = Annotated[Principal, Depends(allowed(Permission.READ))]
Admin = Annotated[Principal, Depends(allowed(Permission.ADMIN))]


def require_json(request: Request) -> None:
    """A dependency: raises Problem for a body that is no JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "Unsupported media type", "Send application/json.")


Accept = Annotated[str | None, Header(include_in_schema=False)]
