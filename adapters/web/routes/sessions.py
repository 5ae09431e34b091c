"""Conversations, and what their askers think of the answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from adapters.web.chat import PLATFORM, session_key
from adapters.web.described import problems
from adapters.web.problems import Problem
from adapters.web.rendering import principal_body, sessions_body, transcript_body
from adapters.web.schemas import (
    FeedbackRequest,
    Identifier,
    PrincipalBody,
    SessionsBody,
    TranscriptBody,
)
from adapters.web.services import Asker, Serving, require_json

_MOMENTS = (0.1, 0.3, 0.6, 1.0)
"""Seconds to wait for an answer to be stored, which is read a moment before."""

router = APIRouter(tags=["sessions"])


@router.get("/me", response_model=PrincipalBody, responses=problems())
async def me(asker: Asker) -> PrincipalBody:
    """Get who you are to this server, and what you may do."""
    return principal_body(asker)


@router.get("/sessions", response_model=SessionsBody, responses=problems(422))
async def sessions(
    asker: Asker,
    serving: Serving,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[datetime | None, Query(description="`next` of the page before")] = None,
) -> SessionsBody:
    """List your conversations, the latest first."""
    if before is not None:
        _require_moment(before)
    found = await serving.transcripts.sessions(
        PLATFORM, asker.kind, asker.name, limit=limit, before=before
    )
    return sessions_body(found, limit)


@router.get("/sessions/{session_id}", response_model=TranscriptBody, responses=problems(404, 422))
async def session(
    session_id: Identifier,
    asker: Asker,
    serving: Serving,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> TranscriptBody:
    """Get a conversation of yours: its latest questions with their answers, oldest first."""
    turns = await serving.transcripts.turns(session_key(asker, session_id), limit=limit)
    if not turns:
        raise _no_session()
    return transcript_body(session_id, turns, serving.chat.scope)


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    responses={204: {"description": "It is deleted"}, **problems(404, 422)},
)
async def delete_session(session_id: Identifier, asker: Asker, serving: Serving) -> Response:
    """Delete a conversation of yours, with its questions, answers and feedback."""
    if not await serving.chat.delete(asker, session_id):
        raise _no_session()
    return Response(status_code=204)


@router.delete(
    "/sessions",
    status_code=204,
    responses={204: {"description": "Nothing of it is kept"}, **problems()},
)
async def forget(asker: Asker, serving: Serving) -> Response:
    """Delete all your conversations, with their questions, answers and feedback."""
    await serving.chat.forget(asker)
    return Response(status_code=204)


@router.post(
    "/feedback",
    status_code=204,
    responses={204: {"description": "Noted"}, **problems(404, 409, 413, 415, 422)},
    dependencies=[Depends(require_json)],
)
async def rate(body: FeedbackRequest, asker: Asker, serving: Serving) -> Response:
    """Say what you think of an answer. The last word counts."""
    for pause in (*_MOMENTS, None):
        turn = await serving.chat.find(asker, body.message_id)
        if await serving.feedback.rate(turn.id, asker.id, body.value):
            return Response(status_code=204)
        if turn.status != "accepted" or pause is None:
            break
        await asyncio.sleep(pause)
    raise Problem(409, "No answer", "There is no answer to this question that could be rated.")


def _require_moment(before: datetime) -> None:
    if before.tzinfo is None:
        raise Problem(422, "Not valid", "`before` needs a time zone.")
    try:
        before.astimezone(UTC)
    except OverflowError:
        raise Problem(422, "Not valid", "`before` is beyond all time.") from None


def _no_session() -> Problem:
    return Problem(404, "Not found", "You have asked nothing in a session of that id.")
