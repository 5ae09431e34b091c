"""Questions and their answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import JSONResponse
from starlette.responses import Response as AnyResponse

from adapters.web.described import problems, stream
from adapters.web.live import End, Ended, LiveEvent, Postponed, Withdrawn, Withheld
from adapters.web.problems import Problem
from adapters.web.rendering import answer_to
from adapters.web.schemas import AnswerBody, ChatRequest, Identifier, PendingBody
from adapters.web.services import Accept, Asker, Serving, require_json
from adapters.web.streams import (
    DELETED,
    WITHHELD,
    chat_events,
    given_up,
    streamed,
    wants_events,
)
from core.model import Question

PATIENCE = 60.0
"""Seconds after which a reply in JSON says that the answer is to come."""

router = APIRouter(tags=["chat"])

_REPLIES = {
    200: stream("The answer; a stream of events, where `text/event-stream` is accepted"),
    202: {"model": PendingBody, "description": "Stored, and answered later: ask for it again"},
    **problems(404, 410, 413, 415, 422),
}


@router.post(
    "/chat", response_model=AnswerBody, responses=_REPLIES, dependencies=[Depends(require_json)]
)
async def ask(
    body: ChatRequest,
    asker: Asker,
    serving: Serving,
    accept: Accept = None,
    idempotency_key: Annotated[Identifier | None, Header()] = None,
) -> AnyResponse:
    """Ask a question.

    It is stored before anything is sent, and answered whether you stay or leave. Sent again with
    the same `Idempotency-Key`, it is not asked again: you get its answer, or the rest of it.
    """
    message_id = idempotency_key or uuid4().hex
    question, is_new = await serving.chat.ask(asker, body.session_id, message_id, body.question)
    return await _reply(question, serving.chat.follow(question, is_new=is_new), accept)


@router.get("/chat/{message_id}", response_model=AnswerBody, responses=_REPLIES)
async def answer(
    message_id: Identifier, asker: Asker, serving: Serving, accept: Accept = None
) -> AnyResponse:
    """Get the answer to a question of yours, or as a stream the rest of it."""
    question = (await serving.chat.find(asker, message_id)).question
    return await _reply(question, serving.chat.follow(question), accept)


@router.post(
    "/chat/{message_id}/stop",
    status_code=204,
    responses={204: {"description": "It ends here"}, **problems(404, 409, 422)},
)
async def stop(message_id: Identifier, asker: Asker, serving: Serving) -> Response:
    """End an answer where it is. What there is of it stays."""
    if not await serving.chat.stop(asker, message_id):
        raise Problem(409, "Ended", "This answer had ended already, or was stopped before.")
    return Response(status_code=204)


async def _reply(
    question: Question, events: AsyncGenerator[LiveEvent, None], accept: str | None
) -> AnyResponse:
    if wants_events(accept):
        return streamed(chat_events(question, events))
    end = await _end(events)
    match end:
        case Withdrawn():
            raise DELETED
        case Withheld():
            raise WITHHELD
        case Ended() if end.given_up:
            raise given_up(end)
        case Ended(answered, turn_id):
            body = answer_to(question, answered.answer, turn_id)
            return JSONResponse(body.model_dump(mode="json"))
        case _:
            return _pending(question, end)


async def _end(events: AsyncGenerator[LiveEvent, None]) -> End | Postponed | None:
    """How the answer ends; None where it takes too long."""
    try:
        async with asyncio.timeout(PATIENCE), aclosing(events):
            async for event in events:
                if isinstance(event, End | Postponed):
                    return event
    except TimeoutError:
        pass
    return None


def _pending(question: Question, postponed: Postponed | None) -> JSONResponse:
    body = PendingBody(
        message_id=question.message_id,
        session_id=question.session.thread,
        detail=postponed.word if postponed else None,
    )
    headers = {"Location": f"/api/v1/chat/{question.message_id}", "Retry-After": "2"}
    return JSONResponse(body.model_dump(mode="json"), 202, headers)
