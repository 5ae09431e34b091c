"""Server-sent events: how an answer is written as one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import orjson
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from adapters.web.live import Ended, LiveEvent, Postponed, Step, Waiting, Withdrawn, Withheld
from adapters.web.problems import Problem, problem_of
from adapters.web.rendering import answer_to, passage_bodies
from adapters.web.schemas import AcceptedBody, PassagesBody
from core.errors import ServiceError
from core.model import PassagesFound, Question, Queued, Replaced, Searching, TextDelta

MEDIA_TYPE = "text/event-stream"
PULSE_EVENT = b": waiting\n\n"
"""A comment, which no client shows and every proxy passes on."""

DELETED = Problem(410, "Deleted", "This question was deleted.")
WITHHELD = Problem(
    410, "Withheld", "This answer is from docs that are not answered from here any more."
)


def event(name: str, data: object) -> bytes:
    """One event, with JSON for its data."""
    body = data.model_dump(mode="json") if isinstance(data, BaseModel) else data
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(body) + b"\n\n"


def given_up(ended: Ended) -> Problem:
    """What a word of apology means to a program."""
    text = ended.answered.answer.text
    return Problem(503, "Not answered", text, headers={"Retry-After": "5"})


def chat_event(question: Question, given: LiveEvent) -> bytes:
    """An event of the question's answer."""
    match given:
        case Waiting():
            return PULSE_EVENT
        case Withdrawn():
            return event("error", DELETED.body)
        case Withheld():
            return event("error", WITHHELD.body)
        case Ended() if given.given_up:
            return event("error", given_up(given).body)
        case Ended(answered, turn_id):
            return event("answer", answer_to(question, answered.answer, turn_id))
        case _:
            return event(*_step(given))


def _step(given: Step) -> tuple[str, object]:
    match given:
        case Queued(before):
            return "queued", {"before": before}
        case Searching():
            return "searching", {}
        case PassagesFound(passages):
            return "passages", PassagesBody(passages=passage_bodies(passages))
        case TextDelta(text):
            return "delta", {"text": text}
        case Replaced(text):
            return "replaced", {"text": text}
        case Postponed(word):
            return "postponed", {"detail": word}


async def chat_events(
    question: Question, events: AsyncGenerator[LiveEvent, None]
) -> AsyncIterator[bytes]:
    """The whole stream. The status is sent by now: what goes wrong is an event too."""
    session_id = question.session.thread
    yield event("accepted", AcceptedBody(message_id=question.message_id, session_id=session_id))
    try:
        async with aclosing(events):
            async for given in events:
                yield chat_event(question, given)
    except ServiceError as exc:
        yield event("error", problem_of(exc).body)


def streamed(events: AsyncIterator[bytes]) -> StreamingResponse:
    """A response that no proxy keeps or holds back."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type=MEDIA_TYPE, headers=headers)


def wants_events(accept: str | None) -> bool:
    """Whether a client asks for a stream."""
    return MEDIA_TYPE in (accept or "")
