"""For admins: syncs, and what is served, spent and missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from starlette.responses import Response

from adapters.web.chat import PULSE
from adapters.web.corpus_schemas import GapsBody, QuotaBody, StatusBody, SyncBody, SyncRequest
from adapters.web.described import problems, stream
from adapters.web.services import Accept, Admin, Serving, require_json
from adapters.web.streams import PULSE_EVENT, event, streamed, wants_events
from adapters.web.syncing import SyncDesk, as_json

router = APIRouter(tags=["upkeep"])

_EVENTS = """event: progress
data: {"phase":"indexing","documents":3,"total":12,"chunks":57,"seconds":1.2,…}

event: report
data: {"generation":8,"added":["docs/query.md"],"documents":12,…}
"""
_FOLLOWED = stream("How it goes on, where `text/event-stream` is accepted", _EVENTS)


@router.post(
    "/sync",
    status_code=202,
    response_model=SyncBody,
    responses={200: _FOLLOWED, **problems(404, 413, 415, 422)},
    dependencies=[Depends(require_json)],
)
async def sync(body: SyncRequest, _: Admin, serving: Serving, accept: Accept = None) -> Response:
    """Bring the index in step with the docs. While a sync runs, you follow that one."""
    serving.syncs.begin(body.source)
    if wants_events(accept):
        return streamed(_progress(serving.syncs))
    return JSONResponse(as_json(serving.syncs.state), 202)


@router.get("/sync", response_model=SyncBody, responses={200: _FOLLOWED, **problems()})
async def last_sync(_: Admin, serving: Serving, accept: Accept = None) -> Response:
    """Get where the last sync stands that was begun over HTTP, or follow it."""
    if wants_events(accept):
        return streamed(_progress(serving.syncs))
    return JSONResponse(as_json(serving.syncs.state))


@router.get("/status", response_model=StatusBody, responses=problems())
async def status(_: Admin, serving: Serving) -> StatusBody:
    """Get what is served of each source, how its last sync ended, and when the next one begins."""
    return StatusBody.model_validate(await serving.insight.status())


@router.get("/quota", response_model=QuotaBody, responses=problems())
async def quota(_: Admin, serving: Serving) -> QuotaBody:
    """Get what is left of each provider's budget, and what follows when it is spent."""
    return QuotaBody.model_validate(await serving.insight.quota())


@router.get("/gaps", response_model=GapsBody, responses=problems(422))
async def gaps(
    _: Admin, serving: Serving, days: Annotated[int, Query(ge=1, le=3650)] = 30
) -> GapsBody:
    """Get the questions that the docs lack an answer to: refused, downvoted, unsupported."""
    return GapsBody.model_validate(await serving.insight.gaps(days))


async def _progress(syncs: SyncDesk) -> AsyncIterator[bytes]:
    async with aclosing(syncs.follow(PULSE)) as states:
        async for state in states:
            if state is None:
                yield PULSE_EVENT
                continue
            told = as_json(state)
            for name in ("progress", "report"):
                if told[name] is not None:
                    yield event(name, told[name])
            if told["problem"] is not None:
                yield event("error", told["problem"])
