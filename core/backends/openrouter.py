"""Chat models through OpenRouter: https://openrouter.ai/docs/api/reference/overview."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError

from core.backends.openrouter_replies import SERVICE, Reply, error_for, parse, raise_if_error
from core.backends.vendor_http import header_safe, unreachable
from core.errors import ConfigurationError, MalformedReply, ServiceError, ServiceUnavailable
from core.model import ModelEvent, Prompt
from core.text.retry_after import retry_after
from core.text.unicode import well_formed

BASE_URL = "https://openrouter.ai/api/v1"

_MOST_MODELS = 3
_DONE = "[DONE]"
_MOST_BYTES = 8 * 2**20
_ERROR_BYTES = 64 * 2**10


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


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a connection, the first chunk, the next one, and the whole reply.

    Keep-alive comments count as silence.
    """

    connect: float = 5.0
    first_token: float = 20.0
    stall: float = 15.0
    total: float = 120.0


@asynccontextmanager
async def open_openrouter(
    api_key: str,
    groups: Sequence[ModelGroup],
    *,
    base_url: str = BASE_URL,
    patience: Patience | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[tuple[OpenRouterChatModel, ...]]:
    """One chat model for each group, over one pool of connections.

    Raises ConfigurationError. No request is made until a model is asked.
    """
    key = header_safe(SERVICE, api_key)
    patience = patience or Patience()
    client = httpx.AsyncClient(
        base_url=_checked(base_url),
        headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(patience.connect, read=None),
        limits=httpx.Limits(max_connections=1000, max_keepalive_connections=20),
        transport=transport,
    )
    async with client:
        yield tuple(OpenRouterChatModel(client, group, patience, secret=key) for group in groups)


def _checked(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as exc:
        raise ConfigurationError(f"The address of OpenRouter is malformed: {exc}") from exc
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigurationError(
            "The address of OpenRouter is not one of a web service.",
            hint=f"It looks like {BASE_URL}.",
        )
    return url


class OpenRouterChatModel:
    """A group of models as one ChatModel. Safe to use from several tasks at once."""

    def __init__(
        self, client: httpx.AsyncClient, group: ModelGroup, patience: Patience, *, secret: str
    ) -> None:
        self._client = client
        self._group = group
        self._patience = patience
        self._secret = secret

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """The reply as it comes. Every failure is a ServiceError; closing cancels the request."""
        reply = Reply(self._group.models[0], secret=self._secret)
        try:
            async with aclosing(self._chunks(prompt)) as chunks:
                async for data in chunks:
                    for event in reply.read(data):
                        yield event
        except ServiceError:
            # After the last word only the usage is still to come: not worth another model.
            if not reply.whole:
                raise
        for event in reply.finish():
            yield event

    async def _chunks(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """The data of each chunk, up to the [DONE] that ends them."""
        started = asyncio.get_running_loop().time()
        first = started + self._patience.first_token
        with _translated():
            async with asyncio.timeout_at(first):
                response = await self._send(prompt)
        try:
            async with aclosing(self._events(response, first, started)) as events:
                async for data in events:
                    if data == _DONE:
                        return
                    yield data
        finally:
            await response.aclose()

    async def _events(
        self, response: httpx.Response, first: float, started: float
    ) -> AsyncGenerator[str, None]:
        loop = asyncio.get_running_loop()
        response.stream = _Bounded(response.stream, _MOST_BYTES)
        async with aclosing(EventSource(response).aiter_sse()) as events:
            deadline = first
            while True:
                with _translated():
                    async with asyncio.timeout_at(deadline):
                        event = await anext(events, None)
                if event is None:
                    return
                if event.data:
                    yield event.data
                deadline = min(loop.time() + self._patience.stall, started + self._patience.total)

    async def _send(self, prompt: Prompt) -> httpx.Response:
        request = self._client.build_request(
            "POST",
            "chat/completions",
            json=_body(self._group, prompt),
            headers={"Accept": "text/event-stream"},
        )
        response = await self._client.send(request, stream=True)
        try:
            await self._check(response)
        except BaseException:
            await response.aclose()
            raise
        return response

    async def _check(self, response: httpx.Response) -> None:
        """Lets through only a stream of events."""
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.is_success and media == "text/event-stream":
            return
        body = await _beginning(response, _ERROR_BYTES)
        wait = retry_after(response.headers)
        if media == "application/json":
            # Also with status 200: an error that came up after the request was let in.
            told = _told(body)
            status = 502 if response.is_success else response.status_code
            raise_if_error(told, status, secret=self._secret, wait=wait)
        if not response.is_success:
            raise error_for(response.status_code, wait=wait)
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


async def _beginning(response: httpx.Response, limit: int) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > limit:
            break
    return body[:limit]


def _told(body: bytes) -> dict[str, Any]:
    try:
        return parse(body)
    except MalformedReply:
        return {}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
        raise unreachable(SERVICE) from exc
    except (TimeoutError, httpx.TimeoutException) as exc:
        raise ServiceUnavailable(SERVICE, "did not answer in time.") from exc
    except (SSEError, httpx.DecodingError) as exc:
        raise MalformedReply(SERVICE, "answered with something other than a stream.") from exc
    except (httpx.HTTPError, httpx.StreamError) as exc:
        raise ServiceUnavailable(SERVICE, "broke the connection.") from exc


class _Bounded(httpx.AsyncByteStream):
    """A stream that may not grow without end: one endless line would fill the memory."""

    def __init__(self, stream: Any, limit: int) -> None:
        self._stream = stream
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise MalformedReply(SERVICE, "sent a reply that is far too large.")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
