"""What OpenRouter sends back: the chunks of a reply, and its errors as ours.

Codes and the shape of errors: https://openrouter.ai/docs/api/reference/errors-and-debugging.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from core.backends.openrouter_frames import Frame, framed
from core.backends.vendor_http import excerpt
from core.errors import (
    AccessDenied,
    MalformedReply,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)
from core.model import ModelEvent, ModelFinished, ModelStarted, ModelText, Usage

SERVICE = "OpenRouter"

_BAD_GATEWAY = 502
_MOST_FRAMES = 4
"""That are looked for in a reply: where each chunk has one of its own, none saves anything."""


class Reply:
    """One streamed reply, read chunk by chunk."""

    def __init__(self, requested: str, *, secret: str) -> None:
        self._model = requested
        self._secret = secret
        self._started = False
        self._reason: str | None = None
        self._usage = Usage()
        self._frame: Frame | None = None
        self._frames = 0

    @property
    def whole(self) -> bool:
        """Whether the model came to the end of its text."""
        return self._reason is not None

    def read(self, chunks: Sequence[bytes]) -> Iterator[ModelEvent]:
        """The events in some chunks, their text as one.

        Raises the ServiceError that one reports, once what came before it was given.
        """
        text, at = "", 0
        try:
            while at < len(chunks):
                if self._frame and (said := self._frame.texts(chunks[at:])):
                    text += "".join(said)
                    at += len(said)
                else:
                    text += self._read(chunks[at])
                    at += 1
        finally:
            if text:
                yield from self.start()
                yield ModelText(text)

    def _read(self, data: bytes) -> str:
        """A chunk's text."""
        chunk = parse(data)
        if "error" in chunk:
            raise_if_error(chunk, _BAD_GATEWAY, secret=self._secret)
        choice = _first_choice(chunk)
        if (model := chunk.get("model")) and isinstance(model, str):
            self._model = model
        if reason := choice.get("finish_reason"):
            self._read_reason(reason)
        if usage := chunk.get("usage"):
            self._usage = _usage(usage) or self._usage
        text = _text(choice)
        # Nothing but text is missed in what has the same frame.
        self._frame = self._found(data, text) if text and not reason and not usage else None
        return text

    def _found(self, data: bytes, text: str) -> Frame | None:
        """The frame of a chunk with that text."""
        frame = framed(data) if self._frames < _MOST_FRAMES else None
        if frame is None:
            return None
        self._frames += 1
        other = text + "."
        read = _text(_first_choice(parse(frame.around(other))))
        return frame if read == other else None

    def start(self) -> list[ModelEvent]:
        """ModelStarted, the first time."""
        if self._started:
            return []
        self._started = True
        return [ModelStarted(self._model)]

    def finish(self) -> list[ModelEvent]:
        """The end of a whole reply; ServiceUnavailable when it broke off."""
        if not self.whole:
            raise ServiceUnavailable(SERVICE, "the reply broke off before its end.")
        truncated = self._reason == "length"
        return [*self.start(), ModelFinished(self._model, self._usage, truncated)]

    def _read_reason(self, reason: object) -> None:
        if reason == "error":
            raise ServiceUnavailable(SERVICE, "the model failed in the middle of its reply.")
        if reason == "content_filter":
            raise RequestRejected(SERVICE, "the provider's content filter stopped the reply.")
        self._reason = str(reason)


def parse(data: str | bytes) -> dict[str, Any]:
    """The JSON object in `data`. Raises MalformedReply."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise MalformedReply(SERVICE, "a part of the reply is not JSON.") from exc
    if not isinstance(value, dict):
        raise MalformedReply(SERVICE, "a part of the reply is not a JSON object.")
    return value


def raise_if_error(
    body: dict[str, Any], status: int, *, secret: str, wait: float | None = None
) -> None:
    """Raises what a top-level `error` says; its own code counts for more than `status`."""
    error = body.get("error")
    if not error:
        return
    details = error if isinstance(error, dict) else {"message": error}
    code = details.get("code")
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() else status
    raise error_for(status, excerpt(details.get("message"), secret=secret), wait)


def error_for(status: int, said: str = "", wait: float | None = None) -> ServiceError:
    """The error that an HTTP status stands for. `said` is the service's own word on it."""
    because = f": {said.rstrip('.')}." if said else "."
    if status == 408:  # noqa: PLR2004 - statuses are clearest as numbers
        return ServiceUnavailable(SERVICE, f"the request timed out{because}", retry_after=wait)
    if status == 429:  # noqa: PLR2004
        return RateLimited(SERVICE, f"too many requests{because}", retry_after=wait)
    if status >= 500:  # noqa: PLR2004
        failed = f"failed with status {status}{because}"
        return ServiceUnavailable(SERVICE, failed, retry_after=wait)
    return _refusal(status, because)


def _refusal(status: int, because: str) -> ServiceError:
    match status:
        case 401:
            # The service's own words may quote a part of the key.
            hint = "Check OPENROUTER_API_KEY."
            return AccessDenied(SERVICE, "the key was not accepted.", hint=hint)
        case 402:
            hint = "Add credit at OpenRouter; at a negative balance free models stop as well."
            return QuotaExceeded(SERVICE, f"the credit is spent{because}", hint=hint)
        case 404:
            hint = "Check the model's name, or relax data_collection, zdr or max_price."
            nobody = f"no provider serves this model under the group's data policy{because}"
            return RequestRejected(SERVICE, nobody, hint=hint)
        case _:
            return RequestRejected(SERVICE, f"refused with status {status}{because}")


def _first_choice(chunk: dict[str, Any]) -> dict[str, Any]:
    """The chunk's choice; the last chunk, with the usage, has none."""
    choices = chunk.get("choices") or [{}]
    if not isinstance(choices, list) or not isinstance(choices[0], dict):
        raise MalformedReply(SERVICE, "a part of the reply has no choices that we can read.")
    return choices[0]


def _text(choice: dict[str, Any]) -> str:
    delta = choice.get("delta") or {}
    text = delta.get("content") if isinstance(delta, dict) else delta
    if isinstance(text, str):
        return text
    if text is not None:
        raise MalformedReply(SERVICE, "a part of the reply holds something other than text.")
    return ""


def _usage(usage: object) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    cost = usage.get("cost")
    return Usage(
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        cost=float(cost) if isinstance(cost, int | float) else None,
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
