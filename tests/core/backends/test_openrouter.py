"""OpenRouter, played by a server of the test's own on a loopback socket."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import warnings
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager, closing, nullcontext, suppress
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from core.backends.http_session import open_session
from core.backends.openrouter import ModelGroup, OpenRouterChatModel, open_openrouter
from core.backends.streaming import AT_ONCE, Lingering, Looks, Patience
from core.errors import (
    AccessDenied,
    ConfigurationError,
    MalformedReply,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    ServiceError,
    ServiceUnavailable,
)
from core.model import Message, ModelEvent, ModelFinished, ModelStarted, ModelText, Prompt, Usage
from tests.support.closed_port import closed_port
from tests.support.http_server import Exchange, Handler, HttpServer, serving

KEY = "sk-or-v1-0123456789abcdef"
PROMPT = Prompt("Be brief.", (Message("user", "Hello?"),), "Hello?", (), 77)
LONG = replace(PROMPT, max_tokens=1024)
GROUP = ModelGroup(("a/one", "b/two", "c/three"), {"data_collection": "deny", "zdr": True})
HASTY = Patience(first_token=0.2)
IMPATIENT = Patience(stall=0.2)
"""With what falls silent once it has begun, which it has all the time for."""


def chunk(text: str | None = None, *, reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "model": "b/two",
        "choices": [{"delta": {"content": text}, "finish_reason": reason}],
        **more,
    }


WHOLE = (
    chunk("Hel"),
    chunk("lo."),
    chunk(None, reason="stop"),
    {
        "model": "b/two",
        "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "cost": 0.5},
    },
    "[DONE]",
)


def streaming(*events: object) -> Handler:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        for event in events:
            await exchange.event(event)

    return handle


@asynccontextmanager
async def model_at(
    url: str, group: ModelGroup = GROUP, patience: Patience | None = None
) -> AsyncIterator[OpenRouterChatModel]:
    async with open_openrouter(KEY, [group], base_url=url, patience=patience) as models:
        yield models[0]


async def ask(model: OpenRouterChatModel) -> list[ModelEvent]:
    return [event async for event in model.stream(PROMPT)]


def said(events: Iterable[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ModelText))


async def asked(
    handler: Handler, patience: Patience | None = None
) -> tuple[list[ModelEvent], ServiceError | None, HttpServer]:
    """The events, the error that ended them, and what the server saw."""
    events: list[ModelEvent] = []
    async with serving(handler) as server, model_at(server.url, patience=patience) as model:
        try:
            async for event in model.stream(PROMPT):
                events.append(event)  # noqa: PERF401 - what came before an error counts as well
        except ServiceError as exc:
            return events, exc, server
    return events, None, server


async def test_a_reply_streams_and_ends_with_the_model_that_answered_and_its_cost() -> None:
    events, error, _ = await asked(streaming(*WHOLE))

    assert error is None
    assert events[0] == ModelStarted("b/two")
    assert said(events) == "Hello."
    assert events[-1] == ModelFinished("b/two", Usage(9, 2, 0.5))


async def test_text_is_handed_on_before_more_has_come() -> None:
    heard = asyncio.Event()

    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(WHOLE[0])
        async with asyncio.timeout(10):
            await heard.wait()
        for event in WHOLE[1:]:
            await exchange.event(event)

    events: list[ModelEvent] = []
    async with serving(handle) as server, model_at(server.url) as model:
        async for event in model.stream(PROMPT):
            events.append(event)
            heard.set()

    assert events[1] == ModelText("Hel")
    assert said(events) == "Hello."


async def test_of_a_short_reply_every_word_is_taken_at_once() -> None:
    words = [f"{n} " for n in range(2 * AT_ONCE)]
    heard = asyncio.Semaphore(0)

    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        async with asyncio.timeout(10):
            for word in words:
                await exchange.event(chunk(word))
                await heard.acquire()
            for event in WHOLE[2:]:
                await exchange.event(event)
            # The connection stays open.
            await exchange.gone.wait()

    async with serving(handle) as server, open_session({}) as session:
        address, never = URL(server.url) / "chat/completions", Looks(3600.0)
        with closing(Lingering(3600.0)) as lingering:
            model = OpenRouterChatModel(
                session, address, GROUP, Patience(), never, lingering, secret=KEY
            )
            events: list[ModelEvent] = []
            async for event in model.stream(PROMPT):
                events.append(event)
                if isinstance(event, ModelText):
                    heard.release()

    assert events[1:-1] == [ModelText(word) for word in words]


async def test_of_a_long_reply_each_look_takes_all_that_has_come() -> None:
    words = [f"{n} " for n in range(300)]

    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        for word in words:
            await exchange.event(chunk(word))
            await asyncio.sleep(0)
        for event in WHOLE[2:]:
            await exchange.event(event)

    events, error, _ = await asked(handle)

    assert error is None
    assert said(events) == "".join(words)
    assert len(events) < len(words) / 2


@pytest.mark.parametrize("ending", [[], WHOLE[2:]])
async def test_of_a_long_reply_nothing_is_lost_that_came_before_its_connection_broke(
    ending: list[object],
) -> None:
    words = [f"{n} " for n in range(48)]

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for event in (*map(chunk, words), *ending):
            data = event if isinstance(event, str) else json.dumps(event)
            await response.write(f"data: {data}\n\n".encode())
            await asyncio.sleep(0.002)
        assert request.transport is not None
        request.transport.close()
        return response

    application = web.Application()
    application.router.add_post("/chat/completions", answer)
    events: list[ModelEvent] = []
    async with TestServer(application) as server, model_at(str(server.make_url("/"))) as model:
        with suppress(ServiceError) if not ending else nullcontext():
            async for event in model.stream(LONG):
                events.append(event)  # noqa: PERF401 - what came before an error counts as well

    assert said(events) == "".join(words)
    assert isinstance(events[-1], ModelFinished) == bool(ending)


async def test_the_request_carries_the_prompt_the_models_and_the_preferences() -> None:
    _, _, server = await asked(streaming(*WHOLE))

    (exchange,) = server.exchanges
    assert exchange.path == "/chat/completions"
    assert exchange.headers["authorization"] == f"Bearer {KEY}"
    assert exchange.headers["accept-encoding"] == "identity"
    assert exchange.json == {
        "model": "a/one",
        "models": ["b/two", "c/three"],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello?"},
        ],
        "provider": {"data_collection": "deny", "zdr": True},
        "max_tokens": 77,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_a_group_of_one_without_preferences_sends_neither() -> None:
    async with (
        serving(streaming(*WHOLE)) as server,
        model_at(f"{server.url}/api/v1/", ModelGroup(("a/one",))) as model,
    ):
        await ask(model)

    assert server.exchanges[0].path == "/api/v1/chat/completions"
    assert not {"models", "provider"} & server.exchanges[0].json.keys()


async def test_a_schema_is_asked_of_providers_that_keep_to_it_beside_the_preferences() -> None:
    prompt = Prompt("", (Message("user", "Hello?"),), "Hello?", (), 77, {"type": "object"})

    async with serving(streaming(*WHOLE)) as server, model_at(server.url) as model:
        assert [event async for event in model.stream(prompt)]

    assert server.exchanges[0].json["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "strict": True, "schema": {"type": "object"}},
    }
    preferences = {"data_collection": "deny", "zdr": True, "require_parameters": True}
    assert server.exchanges[0].json["provider"] == preferences


async def test_half_a_character_in_a_prompt_does_no_harm() -> None:
    prompt = Prompt("\ud800 Be brief.", (Message("user", "Hello\ud800?"),), "Hello?", (), 77)

    async with serving(streaming(*WHOLE)) as server, model_at(server.url) as model:
        events = [event async for event in model.stream(prompt)]

    assert said(events) == "Hello."
    assert server.exchanges[0].json["messages"][1]["content"] == "Hello??"


async def test_comments_and_empty_chunks_are_no_text() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream; charset=utf-8")
        await exchange.send(": OPENROUTER PROCESSING\n\n: again\r\n\r\nid: 1\n\n")
        for event in ({"choices": None}, {"choices": [{"delta": None}]}, chunk(""), *WHOLE):
            await exchange.event(event)

    events, error, _ = await asked(handle)

    assert error is None
    assert said(events) == "Hello."


async def test_line_separators_of_unicode_do_not_end_an_event() -> None:
    text = "one\u2028two\x85three"
    line = '{"model":"b/two","choices":[{"delta":{"content":"one\u2028two\x85three"}}]}'

    events, error, _ = await asked(streaming(line, *WHOLE[2:]))

    assert error is None
    assert events[1] == ModelText(text)


async def test_a_reply_at_its_token_limit_is_marked() -> None:
    events, _, _ = await asked(streaming(chunk("Hel", reason="length"), "[DONE]"))

    assert events[-1] == ModelFinished("b/two", Usage(), truncated=True)


async def test_a_reply_without_a_model_or_usage_keeps_what_was_asked_for() -> None:
    said = {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}
    odd = {"choices": [], "usage": {"prompt_tokens": "9", "completion_tokens": -1, "cost": "x"}}

    events, _, _ = await asked(streaming({**said, "model": 7, "usage": 3}, odd, "[DONE]"))

    assert events == [ModelStarted("a/one"), ModelText("Hi"), ModelFinished("a/one", Usage())]


async def test_a_whole_text_without_the_closing_line_is_whole() -> None:
    events, error, _ = await asked(streaming(*WHOLE[:4]))

    assert error is None
    assert events[-1] == ModelFinished("b/two", Usage(9, 2, 0.5))


async def test_after_the_closing_line_nothing_is_waited_for() -> None:
    async def handle(exchange: Exchange) -> None:
        await streaming(*WHOLE)(exchange)
        await exchange.gone.wait()

    async with asyncio.timeout(10):
        events, error, _ = await asked(handle)

    assert error is None
    assert events[-1] == ModelFinished("b/two", Usage(9, 2, 0.5))


async def test_usage_that_came_before_the_end_is_kept() -> None:
    usage = chunk("Hi", usage={"prompt_tokens": 3, "completion_tokens": 1})

    events, _, _ = await asked(streaming(usage, chunk(None, reason="stop"), "[DONE]"))

    assert events[-1] == ModelFinished("b/two", Usage(3, 1))


async def test_an_empty_reply_has_a_beginning_and_an_end() -> None:
    events, _, _ = await asked(streaming(chunk(None, reason="stop"), "[DONE]"))

    assert events == [ModelStarted("b/two"), ModelFinished("b/two", Usage())]


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (400, RequestRejected, "refused with status 400: because"),
        (401, AccessDenied, "the key was not accepted."),
        (402, QuotaExceeded, "the credit is spent: because"),
        (403, RequestRejected, "refused with status 403: because"),
        (404, RequestRejected, "data policy: because"),
        (408, ServiceUnavailable, "timed out: because"),
        (413, RequestRejected, "status 413"),
        (429, RateLimited, "too many requests: because"),
        (500, ServiceUnavailable, "failed with status 500: because"),
        (502, ServiceUnavailable, "status 502"),
        (503, ServiceUnavailable, "status 503"),
        (529, ServiceUnavailable, "status 529"),
    ],
)
@pytest.mark.parametrize("where", ["status", "body", "stream", "middle"])
async def test_every_error_has_its_own_name_wherever_it_comes(
    status: int, error: type[ServiceError], words: str, where: str
) -> None:
    """An error can be the status, the body of a 200, or a chunk of a stream."""
    body: dict[str, Any] = {"error": {"code": status, "message": "because.", "metadata": {}}}
    before = [chunk("Half")] if where == "middle" else []

    async def handle(exchange: Exchange) -> None:
        if where in {"status", "body"}:
            await exchange.reply(status if where == "status" else 200, body)
        else:
            await streaming(*before, chunk(reason="error", **body))(exchange)

    events, raised, _ = await asked(handle)

    assert type(raised) is error
    assert words in str(raised)
    assert len(events) == (2 if where == "middle" else 0)


@pytest.mark.parametrize("status", [429, 503])
async def test_the_time_to_wait_is_kept(status: int) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.reply(status, {"error": {"message": "slow down"}}, retry_after="7")

    _, error, _ = await asked(handle)

    assert isinstance(error, ServiceUnavailable)
    assert error.retry_after == 7


@pytest.mark.parametrize(
    "body", ["<html>Bad gateway</html>", "", "[1]", '{"error": null}', "x" * 100_000]
)
async def test_an_error_page_that_is_not_json_is_told_by_its_status(body: str) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(503, content_type="application/json", retry_after="3")
        await exchange.send(body)

    _, error, _ = await asked(handle)

    assert isinstance(error, ServiceUnavailable)
    assert error.retry_after == 3


async def test_an_error_that_has_no_end_is_not_read_to_it() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(503, content_type="text/html")
        while not exchange.gone.is_set():
            await exchange.send("no " * 10_000)

    _, error, _ = await asked(handle)

    assert "status 503" in str(error)


@pytest.mark.parametrize(
    ("events", "error"),
    [
        # Cut off.
        ([], ServiceUnavailable),
        ([chunk("Half")], ServiceUnavailable),
        ([chunk("Half"), "[DONE]"], ServiceUnavailable),
        ([chunk("Half", reason="error")], ServiceUnavailable),
        ([{"error": "as a string"}], ServiceUnavailable),
        ([{"error": {"code": "server_error", "message": None}}], ServiceUnavailable),
        ([chunk("Half", reason="content_filter")], RequestRejected),
        # Not to be read.
        (["{not json"], MalformedReply),
        (["[1, 2]"], MalformedReply),
        (["[" * 100_000], MalformedReply),
        ([{"choices": "text"}], MalformedReply),
        ([{"choices": ["text"]}], MalformedReply),
        (
            [{"choices": [{"delta": "text"}]}, {"choices": [{"delta": {"content": 7}}]}],
            MalformedReply,
        ),
        ([chunk("x" * 9_000_000), *WHOLE], MalformedReply),
    ],
)
async def test_a_reply_that_is_not_whole_is_an_error(
    events: list[object], error: type[ServiceError]
) -> None:
    _, raised, _ = await asked(streaming(*events))

    assert type(raised) is error


@pytest.mark.parametrize("media", ["text/html", "application/json", ""])
async def test_what_is_not_a_stream_is_not_read_as_one(media: str) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type=media)
        await exchange.send('{"choices": [{"message": {"content": "Hello."}}]}')

    _, error, _ = await asked(handle)

    assert isinstance(error, MalformedReply)


async def test_a_stream_that_is_not_text_is_an_error() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream", content_encoding="gzip")
        await exchange.event("not gzip")

    _, error, _ = await asked(handle)

    assert isinstance(error, MalformedReply)


async def test_a_broken_connection_is_an_error() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream", transfer_encoding="chunked")
        await exchange.send("5\r\ndata:")
        exchange.abort()

    _, error, _ = await asked(handle)

    assert isinstance(error, ServiceUnavailable)


async def test_nobody_listening_is_an_error() -> None:
    with closed_port() as port:
        async with model_at(f"http://127.0.0.1:{port}") as model:
            with pytest.raises(ServiceUnavailable, match="could not be reached") as raised:
                await ask(model)
    assert "OPENROUTER_BASE_URL" in raised.value.hint


async def silent(exchange: Exchange) -> None:
    await exchange.gone.wait()


async def headers_only(exchange: Exchange) -> None:
    await exchange.head(content_type="text/event-stream")
    await exchange.gone.wait()


async def keeping_alive(exchange: Exchange) -> None:
    await exchange.head(content_type="text/event-stream")
    while not exchange.gone.is_set():
        await exchange.send(": OPENROUTER PROCESSING\n\n")
        await asyncio.sleep(0.01)


async def stalling(exchange: Exchange) -> None:
    await exchange.head(content_type="text/event-stream")
    await exchange.event(chunk("Half"))
    await exchange.gone.wait()


@pytest.mark.parametrize(
    ("handler", "patience", "heard"),
    [
        (silent, HASTY, 0),
        (headers_only, HASTY, 0),
        (keeping_alive, HASTY, 0),
        (stalling, IMPATIENT, 2),
        (headers_only, Patience(total=0.2), 0),
    ],
)
async def test_silence_is_not_waited_out(handler: Handler, patience: Patience, heard: int) -> None:
    async with asyncio.timeout(15):  # less than the first token may take
        events, error, _ = await asked(handler, patience)

    assert isinstance(error, ServiceUnavailable)
    assert "in time" in str(error)
    assert len(events) == heard


async def test_a_reply_that_never_ends_is_ended() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        while not exchange.gone.is_set():
            await exchange.event(chunk("more "))
            await asyncio.sleep(0.01)

    async with asyncio.timeout(10):  # less than any silence may take
        _, error, _ = await asked(handle, Patience(total=0.2))

    assert isinstance(error, ServiceUnavailable)


async def silence(exchange: Exchange) -> None:
    await exchange.gone.wait()


async def rubbish(exchange: Exchange) -> None:
    await exchange.event("{not json")


async def late_error(exchange: Exchange) -> None:
    await exchange.event({"error": {"code": 502, "message": "too late"}})


async def nothing(exchange: Exchange) -> None:
    """Hangs up before all that was announced is sent."""


@pytest.mark.parametrize("end", [silence, rubbish, late_error, nothing])
async def test_a_text_that_came_to_its_end_outlives_what_happens_to_its_usage(end: Handler) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream", content_length="100000")
        await exchange.event(chunk("Whole.", reason="stop"))
        await end(exchange)

    events, error, _ = await asked(handle, IMPATIENT)

    assert error is None
    assert events[1:] == [ModelText("Whole."), ModelFinished("b/two", Usage())]


async def test_a_reader_who_goes_away_cancels_the_request() -> None:
    async with serving(stalling) as server, model_at(server.url) as model:
        async with aclosing(model.stream(PROMPT)) as events:
            await anext(events)
        async with asyncio.timeout(30):
            await server.exchanges[0].gone.wait()


async def test_a_cancelled_reader_cancels_the_request() -> None:
    heard = asyncio.Event()

    async def handle(exchange: Exchange) -> None:
        heard.set()
        await stalling(exchange)

    async with serving(handle) as server, model_at(server.url) as model:
        reading = asyncio.create_task(ask(model))
        await heard.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        async with asyncio.timeout(30):
            await server.exchanges[0].gone.wait()


async def endless(exchange: Exchange) -> None:
    await exchange.send("no")
    await exchange.gone.wait()


@pytest.mark.parametrize(
    ("status", "media"), [(503, "text/event-stream"), (200, "text/html"), (503, "text/html")]
)
async def test_the_connection_of_an_error_is_given_back(status: int, media: str) -> None:
    """Not when the garbage collector comes by."""

    async def handle(exchange: Exchange) -> None:
        await exchange.head(status, content_type=media)
        await endless(exchange)

    hasty = Patience(first_token=1.0)  # in which the request has arrived
    async with serving(handle) as server, model_at(server.url, patience=hasty) as model:
        with pytest.raises(ServiceError):
            await ask(model)
        async with asyncio.timeout(30):
            await server.exchanges[0].gone.wait()


async def test_a_reply_that_came_to_its_end_leaves_its_connection_to_the_next() -> None:
    connections: set[object] = set()

    async def answer(request: web.Request) -> web.StreamResponse:
        connections.add(request.transport)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for event in WHOLE:
            data = event if isinstance(event, str) else json.dumps(event)
            await response.write(f"data: {data}\n\n".encode())
        await response.write_eof()
        return response

    application = web.Application()
    application.router.add_post("/chat/completions", answer)
    async with TestServer(application) as server, model_at(str(server.make_url("/"))) as model:
        for _ in range(3):
            assert said(await ask(model)) == "Hello."
            await asyncio.sleep(0.05)

    assert len(connections) == 1


def test_a_reply_whose_end_does_not_come_leaves_no_connection_open() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream", content_length="100000")
        for event in WHOLE:
            await exchange.event(event)
        await exchange.gone.wait()

    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        events, error, _ = asyncio.run(asked(handle))
        gc.collect()

    assert error is None
    assert said(events) == "Hello."
    assert [each for each in complaints if "Unclosed connection" in str(each.message)] == []


@pytest.mark.parametrize("models", [(), ("a", "b", "c", "d")])
def test_a_group_holds_one_to_three_models(models: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError):
        ModelGroup(models)


@pytest.mark.parametrize(
    "url", ["", "openrouter.ai/api", "ftp://a.example", "http://a.example:port", "https://"]
)
async def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError):
        async with model_at(url):
            pass


@pytest.mark.parametrize("key", ["", " ", "sk-or\nx", "sk or", "schlüssel"])
async def test_a_key_that_cannot_be_one_is_refused_without_being_told(key: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        async with open_openrouter(key, [GROUP]):
            pass

    assert not key.strip() or key not in str(raised.value) + raised.value.hint


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_no_error_repr_or_log_holds_the_key(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def handle(exchange: Exchange) -> None:
        await exchange.reply(status, {"error": {"message": f"bad key {KEY} from you"}})

    async with serving(handle) as server, model_at(server.url) as model:
        with pytest.raises(ServiceError) as raised:
            await ask(model)

    told = [str(raised.value), repr(raised.value), raised.value.hint, repr(model), caplog.text]
    assert not any(KEY in text for text in told)
