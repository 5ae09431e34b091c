"""For those who run Docent: whether it lives, whether it answers, and what it counts."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from adapters.web.described import problems
from adapters.web.principals import Principal
from adapters.web.schemas import HealthBody, PartBody, ReadyBody
from adapters.web.services import Serving, allowed
from core.access.keys import Permission

METRICS_TYPE = "text/plain; version=1.0.0; charset=utf-8"

router = APIRouter(tags=["operations"])


@router.head("/health", include_in_schema=False)
@router.get("/health", response_model=HealthBody)
async def health() -> HealthBody:
    """Tell that the process is alive."""
    return HealthBody(version=version("docent"))


@router.head("/ready", include_in_schema=False)
@router.get(
    "/ready",
    response_model=ReadyBody,
    responses={503: {"model": ReadyBody, "description": "A part is away that is needed"}},
)
async def ready(serving: Serving) -> JSONResponse:
    """Tell whether questions are answered now.

    It is as the last question found it, from memory: a probe wakes no database.
    """
    parts = [
        PartBody(name=part.name, state=part.state, needed=part.needed) for part in serving.parts()
    ]
    is_ready = not any(part.needed and part.state == "away" for part in parts)
    body = ReadyBody(ready=is_ready, parts=parts)
    return JSONResponse(body.model_dump(mode="json"), 200 if is_ready else 503)


@router.get(
    "/metrics",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Counters"},
        **problems(),
    },
    response_class=Response,
)
async def metrics(
    _: Annotated[Principal, Depends(allowed(Permission.READ, probing=True))], serving: Serving
) -> Response:
    """Get what Prometheus collects. No word of anybody's question is in it."""
    return Response(serving.metrics(), media_type=METRICS_TYPE)
