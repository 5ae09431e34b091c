"""Chat models through OpenRouter: https://openrouter.ai/docs/api/reference/overview."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

import orjson
from yarl import URL

from core.backends.http_connection import Response
from core.backends.http_session import Session, beginning, open_session, session_errors
from core.backends.openrouter_replies import SERVICE, Reply, error_for, parse, raise_if_error
from core.backends.server_sent_events import EventReader
from core.backends.streaming import (
    AT_ONCE,
    AT_ONCE_OF_SHORT,
    Lingering,
    Looks,
    Patience,
    Slices,
    Waiting,
)
from core.backends.vendor_http import header_safe, unreachable
from core.errors import ConfigurationError, MalformedReply, ServiceError
from core.model import ModelEvent, Prompt
from core.text.retry_after import retry_after
from core.text.unicode import well_formed

BASE_URL = "https://openrouter.ai/api/v1"

_MOST_MODELS = 3
_DONE = b"[DONE]"
_MOST_BYTES = 8 * 2**20
_ERROR_BYTES = 64 * 2**10
_SHORT = 128
"""Tokens of a prompt whose reply nobody reads as it comes: a question to complete, a greeting."""
_LINGER = 1.0
"""Seconds for the end of a stream to come after its last event: a new connection costs more."""


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """Up to three models, tried in order by OpenRouter itself within one request.

    `provider` goes into the request as it is: `data_collection`, `zdr`, `max_price`, `order`, …
    (https://openrouter.ai/docs/guides/routing/provider-selection). `data_collection: "deny"` rules
    out most free models, hence a choice for each group.
    """

    models: tuple[str, ...]
    provider: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.models) <= _MOST_MODELS:
            raise ConfigurationError(
                f"A group of OpenRouter models holds {len(self.models)} models, not 1 to 3.",
                hint="Split the models into groups of at most three.",
            )


@asynccontextmanager
async def open_openrouter(
    api_key: str,
    groups: Sequence[ModelGroup],
    *,
    base_url: str = BASE_URL,
    patience: Patience | None = None,
) -> AsyncIterator[tuple[OpenRouterChatModel, ...]]:
    """One chat model for each group, over one pool of connections.

    Raises ConfigurationError. No request is made until a model is asked.
    """
    key = header_safe(SERVICE, api_key)
    address, patience = _checked(base_url), patience or Patience()
    headers = {
        "Authorization": f"Bearer {key}",
        "Accept-Encoding": "identity",
        "Accept": "text/event-stream",
        "Content-Type": "application/json",
    }
    async with open_session(headers, connect=patience.connect) as session:
        looks = Looks()
        with closing(Lingering(_LINGER)) as lingering:
            yield tuple(
                OpenRouterChatModel(session, address, group, patience, looks, lingering, secret=key)
                for group in groups
            )


def _checked(base_url: str) -> URL:
    """The address that chats are asked for."""
    try:
        url = URL(base_url)
    except ValueError as exc:
        raise ConfigurationError(f"The address of OpenRouter is malformed: {exc}") from exc
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigurationError(
            "The address of OpenRouter is not one of a web service.",
            hint=f"It looks like {BASE_URL}.",
        )
    return url / "chat/completions"


class OpenRouterChatModel:
    """A group of models as one ChatModel. Safe to use from several tasks at once."""

    def __init__(
        self,
        session: Session,
        address: URL,
        group: ModelGroup,
        patience: Patience,
        looks: Looks,
        lingering: Lingering,
        *,
        secret: str,
    ) -> None:
        self._looks = looks
        self._lingering = lingering
        self._session = session
        self._address = address
        self._group = group
        self._patience = patience
        self._secret = secret

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """The reply as it comes. Every failure is a ServiceError; closing cancels the request."""
        reply = Reply(self._group.models[0], secret=self._secret)
        try:
            async with aclosing(self._received(prompt)) as received:
                async for chunks in received:
                    for event in reply.read(chunks):
                        yield event
        except ServiceError:
            # After the last word only the usage is still to come: not worth another model.
            if not reply.whole:
                raise
        for event in reply.finish():
            yield event

    async def _received(self, prompt: Prompt) -> AsyncGenerator[list[bytes], None]:
        """The data of the chunks that came since the last look, up to the [DONE] that ends them."""
        waiting = Waiting(self._patience)
        response = await self._send(prompt, waiting)
        waiting.watch(response)
        at_once = AT_ONCE_OF_SHORT if prompt.max_tokens <= _SHORT else AT_ONCE
        slices = Slices(response.body, self._looks, at_once=at_once)
        events, left = EventReader(), _MOST_BYTES
        done = False
        try:
            with session_errors(SERVICE, unreachable), waiting.told():
                while received := await response.body.read():
                    left -= len(received)
                    if left < 0:
                        raise MalformedReply(SERVICE, "sent a reply that is far too large.")
                    chunks = events.feed(received)
                    if _DONE in chunks:
                        done = True
                        yield chunks[: chunks.index(_DONE)]
                        return
                    if chunks:
                        waiting.heard()
                        yield chunks
                        await slices.wait()
        finally:
            waiting.end()
            if done and not response.closed:
                self._lingering.add(response)
            else:
                response.close()

    async def _send(self, prompt: Prompt, waiting: Waiting) -> Response:
        body = orjson.dumps(_body(self._group, prompt))
        with session_errors(SERVICE, unreachable):
            async with asyncio.timeout_at(waiting.until):
                response = await self._session.request("POST", self._address, body)
                try:
                    await self._check(response)
                except BaseException:
                    response.close()
                    raise
        return response

    async def _check(self, response: Response) -> None:
        """Lets through only a stream of events."""
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        success = 200 <= response.status < 300  # noqa: PLR2004 - statuses are clearest as numbers
        if success and media == "text/event-stream":
            return
        body = await beginning(response, _ERROR_BYTES)
        wait = retry_after(response.headers)
        if media == "application/json":
            # Also with status 200: an error that came up after the request was let in.
            status = 502 if success else response.status
            raise_if_error(_told(body), status, secret=self._secret, wait=wait)
        if not success:
            raise error_for(response.status, wait=wait)
        raise MalformedReply(SERVICE, f"answered with {media or 'no content type'}, not a stream.")


def _body(group: ModelGroup, prompt: Prompt) -> dict[str, Any]:
    first, *others = group.models
    body: dict[str, Any] = {
        "model": first,
        "messages": [
            {"role": "system", "content": well_formed(prompt.system)},
            *({"role": m.role, "content": well_formed(m.text)} for m in prompt.messages),
        ],
        "max_tokens": prompt.max_tokens,
        "temperature": 0,
        "stream": True,
        # OpenRouter sends the usage always; others who speak this protocol want to be asked.
        "stream_options": {"include_usage": True},
    }
    if others:
        body["models"] = others
    if group.provider:
        body["provider"] = dict(group.provider)
    return body if prompt.schema is None else body | _within(prompt.schema, group)


def _within(schema: Mapping[str, Any], group: ModelGroup) -> dict[str, Any]:
    """Asks for JSON, of providers alone that keep to a schema.

    https://openrouter.ai/docs/guides/features/structured-outputs.
    """
    described = {"name": "reply", "strict": True, "schema": dict(schema)}
    return {
        "response_format": {"type": "json_schema", "json_schema": described},
        "provider": {**group.provider, "require_parameters": True},
    }


def _told(body: bytes) -> dict[str, Any]:
    try:
        return parse(body)
    except MalformedReply:
        return {}
