"""The replies that routes have in common, for the OpenAPI description."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from adapters.web.problems import MEDIA_TYPE
from adapters.web.schemas import ProblemBody

Responses = dict[int | str, dict[str, Any]]

_EVENTS = """event: accepted
data: {"message_id":"01JD3K7Q8W","session_id":"c0ffee"}

event: searching
data: {}

event: passages
data: {"passages":[…]}

event: delta
data: {"text":"They can have defaults. [1]"}

event: answer
data: {"message_id":"01JD3K7Q8W","status":"answered","text":"They can have defaults. [1]",…}
"""


def problems(*statuses: int) -> Responses:
    """Errors that a route may reply with, beside those that every one may."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": ProblemBody.model_json_schema()}},
        }
        for status in sorted({*statuses, 401, 403, 429, 503})
    }


def stream(description: str, example: str = _EVENTS) -> dict[str, Any]:
    """A reply that is a stream where the client accepts one."""
    return {
        "description": description,
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": example}},
    }
