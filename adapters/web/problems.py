"""Errors as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import DocentError, QuestionRefused, ServiceError, ServiceUnavailable

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_RETRY = 5
"""Seconds after which to try again, where nothing better is known."""

_SHOWN_ERRORS = 20


_WRONG = {
    "missing": "is missing",
    "json_invalid": "is no JSON",
    "extra_forbidden": "is not known",
    "string_pattern_mismatch": "is blank, or has not its form",
    "string_too_short": "is too short",
    "string_too_long": "is longer than {max_length:,} characters",
}
"""By the framework's name for it; of others its own words are told."""


class Problem(Exception):
    """A refusal of a request."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"type": "about:blank", "title": title, "status": status}
        if detail:
            self.body["detail"] = detail
        self.body.update(more)

    def response(self) -> JSONResponse:
        """As it is sent."""
        return JSONResponse(self.body, self.status, self.headers, media_type=MEDIA_TYPE)


def problem_of(error: DocentError, *, in_full: bool = False) -> Problem:
    """What an error of the core means to who sent the request.

    What a service replied may tell how Docent is built: only admins are told it `in_full`.
    """
    detail = f"{error} {error.hint}".strip()
    if isinstance(error, QuestionRefused):
        if error.retry_after is None:
            return Problem(422, "Question refused", detail)
        return Problem(429, "Too many questions", detail, headers=_retry(error.retry_after))
    if isinstance(error, ServiceError):
        log.warning("A request was not served. %s", error)
        after = error.retry_after if isinstance(error, ServiceUnavailable) else None
        told = detail if in_full else f"{error.service} cannot be used at the moment."
        return Problem(503, "Service unavailable", told, headers=_retry(after or _RETRY))
    return Problem(503, "Not done", detail, headers=_retry(_RETRY))


def handle_problems(app: FastAPI) -> None:
    """Has every error of the app told in this form."""
    app.add_exception_handler(Problem, _of_problem)
    app.add_exception_handler(DocentError, _of_core)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(Exception, _of_fault)


def _retry(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, ceil(seconds)))}


async def _of_problem(_: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, Problem)  # noqa: S101 - registered for it
    return exc.response()


async def _of_core(_: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, DocentError)  # noqa: S101 - registered for it
    return problem_of(exc).response()


async def _of_framework(_: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)  # noqa: S101 - registered for it
    title = HTTPStatus(exc.status_code).phrase
    detail = exc.detail if exc.detail != title else ""
    return Problem(exc.status_code, title, detail, headers=exc.headers).response()


async def _of_validation(_: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, RequestValidationError)  # noqa: S101 - registered for it
    # Neither the input, which may be a secret in the wrong place, nor the exception behind it.
    errors = [
        {"loc": [part for part in error["loc"] if isinstance(part, str)], "msg": _told(error)}
        for error in exc.errors()[:_SHOWN_ERRORS]
    ]
    detail = "; ".join(f"{'.'.join(error['loc'])} {error['msg']}" for error in errors[:3])
    return Problem(422, "Not valid", f"{detail}.", errors=jsonable_encoder(errors)).response()


def _told(error: Mapping[str, Any]) -> str:
    """What goes on after the name of what is wrong."""
    kind, limits = error["type"], error.get("ctx", {})
    if kind in _WRONG:
        return _WRONG[kind].format_map(limits)
    return f"is wrong: {error['msg'][:1].lower()}{error['msg'][1:]}"


async def _of_fault(_: Request, exc: Exception) -> JSONResponse:
    return Problem(
        500, "Internal error", f"A fault of Docent's own ({type(exc).__name__})."
    ).response()
