"""Questions over HTTP: answered once each, whoever stays or leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.web.chat import session_key
from adapters.web.principals import LOCAL
from core.backends.postgres import Postgres
from core.conversation.inbox import Inbox
from core.model import Question, Scope
from tests.support.web_server import ASKED, Event, SteppingModel, WebServer, open_web, web_settings

CLAIMS = (
    "Whoever drank the last cup cleans the coffee machine [1].",
    "The beans are in the cupboard above the sink [1].",
)


@pytest.fixture
def model() -> SteppingModel:
    return SteppingModel()


@pytest.fixture
async def server(
    database: Postgres, tmp_path: Path, model: SteppingModel
) -> AsyncIterator[WebServer]:
    async with open_web(database, tmp_path, model=model) as opened:
        yield opened


async def test_an_answer_in_json_has_its_citations(server: WebServer) -> None:
    reply = await server.ask()
    assert reply.status_code == 200, reply.text
    answer = reply.json()
    assert answer["status"] == "answered"
    assert "last cup" in answer["text"]
    [citation] = answer["citations"]
    assert citation["title"] == "Coffee"
    assert "last cup" in citation["quote"]
    assert answer["model"] == "stand-in/model"
    assert answer["turn_id"]


async def test_a_stream_tells_each_step_and_ends_with_the_same_answer(
    server: WebServer, model: SteppingModel
) -> None:
    model.claims = CLAIMS
    events = [event async for event in server.stream(key="m1")]
    names = [event.name for event in events]
    assert names[:3] == ["accepted", "searching", "passages"]
    assert names[-1] == "answer"
    assert events[0].data == {"message_id": "m1", "session_id": events[-1].data["session_id"]}
    shown = "".join(event.data["text"] for event in events if event.name == "delta")
    assert shown == events[-1].data["text"]
    assert "last cup" in events[2].data["passages"][0]["text"]
    again = await server.client.get("/chat/m1")
    assert again.json() == events[-1].data


async def test_a_follow_up_knows_its_session(server: WebServer, model: SteppingModel) -> None:
    first = (await server.ask()).json()
    second = (await server.ask("And where are the beans?", session_id=first["session_id"])).json()
    assert second["session_id"] == first["session_id"]
    assert ASKED in str(model.prompts[-1].messages)
    transcript = (await server.client.get(f"/sessions/{first['session_id']}")).json()
    assert [turn["question"] for turn in transcript["turns"]] == [ASKED, "And where are the beans?"]
    assert transcript["turns"][0]["answer"] == first


async def test_the_same_key_is_answered_once(server: WebServer, model: SteppingModel) -> None:
    replies = await asyncio.gather(*(server.ask(key="m1") for _ in range(5)))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.text for reply in replies}) == 1
    assert len(model.prompts) == 1
    assert (await server.ask(key="m1")).json() == replies[0].json()
    assert len(model.prompts) == 1


async def test_a_key_of_another_question_is_refused(server: WebServer) -> None:
    await server.ask(key="m1")
    other = await server.ask("Where are the beans?", key="m1")
    assert other.status_code == 422
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["title"] == "Idempotency key reused"
    moved = await server.ask(key="m1", session_id="another")
    assert moved.status_code == 422


async def test_who_leaves_in_the_middle_finds_the_answer_and_who_comes_back_the_rest(
    server: WebServer, model: SteppingModel
) -> None:
    model.claims, model.steps = CLAIMS, asyncio.Semaphore(1)
    async for event in server.stream(key="m1"):
        if event.name == "delta":
            break
    events: list[Event] = []
    async for event in server.resume("m1"):
        events.append(event)
        if event.name == "delta":
            model.steps.release()
    assert events[-1].name == "answer"
    assert "cupboard" in events[-1].data["text"]
    shown = "".join(event.data["text"] for event in events if event.name == "delta")
    assert shown == events[-1].data["text"]
    assert len(model.prompts) == 1


async def test_an_answer_is_stopped_where_it_is(server: WebServer, model: SteppingModel) -> None:
    model.claims, model.steps = CLAIMS, asyncio.Semaphore(1)
    stopped, last = [], Event("", None)
    async for event in server.stream(key="m1"):
        last = event
        if event.name == "delta":
            stopped.append((await server.client.post("/chat/m1/stop")).status_code)
    assert stopped[0] == 204
    assert last.name == "answer"
    assert last.data["status"] == "stopped"
    assert "cupboard" not in last.data["text"]
    late = await server.client.post("/chat/m1/stop")
    assert late.status_code == 409
    unknown = await server.client.post("/chat/m2/stop")
    assert unknown.status_code == 404


async def test_who_wants_to_be_forgotten_is(server: WebServer) -> None:
    asked = [(await server.ask(text)).json() for text in (ASKED, "Where are the beans?")]
    assert (await server.client.delete("/sessions")).status_code == 204
    async with asyncio.timeout(30):
        while (await server.client.get("/sessions")).json()["sessions"]:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
    for answer in asked:
        for path in (f"/sessions/{answer['session_id']}", f"/chat/{answer['message_id']}"):
            assert (await server.client.get(path)).status_code == 404
    assert (await server.client.delete("/sessions")).status_code == 204


async def test_sessions_are_listed_and_deleted_with_all_that_was_said(server: WebServer) -> None:
    first = (await server.ask(key="m1")).json()
    second = (await server.ask("Where are the beans?")).json()
    listed = (await server.client.get("/sessions")).json()
    assert [each["id"] for each in listed["sessions"]] == [
        second["session_id"],
        first["session_id"],
    ]
    assert listed["next"] is None
    page = (await server.client.get("/sessions", params={"limit": 1})).json()
    rest = await server.client.get("/sessions", params={"before": page["next"]})
    assert [each["title"] for each in rest.json()["sessions"]] == [ASKED]
    gone = await server.client.delete(f"/sessions/{first['session_id']}")
    assert gone.status_code == 204
    for path in (f"/sessions/{first['session_id']}", "/chat/m1"):
        assert (await server.client.get(path)).status_code == 404
    again = await server.client.delete(f"/sessions/{first['session_id']}")
    assert again.status_code == 404
    assert (await server.ask(key="m1")).status_code == 410


async def test_an_answer_is_withheld_once_its_source_is_private(
    database: Postgres, tmp_path: Path
) -> None:
    async with open_web(database, tmp_path) as server:
        await server.ask(key="m1", session_id="s")
    settings = web_settings(tmp_path)
    private = settings.sources[0].model_copy(update={"private": True})
    settings = settings.model_copy(update={"sources": (private,)})
    async with open_web(database, tmp_path, settings=settings) as server:
        transcript = await server.client.get("/sessions/s")
        (turn,) = transcript.json()["turns"]
        assert (turn["question"], turn["state"], turn["answer"]) == (ASKED, "withheld", None)
        replies = [transcript, await server.client.get("/chat/m1"), await server.ask(key="m1")]
        assert [reply.status_code for reply in replies] == [200, 410, 410]
        streamed = [event async for event in server.resume("m1")]
        assert [event.name for event in streamed] == ["accepted", "error"]
        assert "last cup" not in f"{[reply.text for reply in replies]} {streamed}"


async def test_what_was_asked_before_its_source_was_private_is_not_answered_from_it(
    database: Postgres, tmp_path: Path, model: SteppingModel
) -> None:
    asked = Question(
        session_key(LOCAL, "s"), "m1", LOCAL.id, ASKED, scope=Scope(frozenset({"docs"}))
    )
    await Inbox(database, worker="before").accept(asked)
    settings = web_settings(tmp_path)
    private = settings.sources[0].model_copy(update={"private": True})
    settings = settings.model_copy(update={"sources": (private,)})
    async with open_web(database, tmp_path, settings=settings, model=model) as server:
        events = [event async for event in server.resume("m1")]
    assert events[-1].name == "answer"
    assert events[-1].data["status"] == "refused"
    assert "last cup" not in str(events)
    assert "last cup" not in str(model.prompts)


@pytest.mark.parametrize(
    "before", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00"]
)
async def test_a_page_begins_at_a_moment_that_there_is(server: WebServer, before: str) -> None:
    refused = await server.client.get("/sessions", params={"before": before})
    assert (refused.status_code, refused.json()["title"]) == (422, "Not valid")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("x", "body is no JSON."),
        ("{}", "body.question is missing."),
        ('{"question": " "}', "body.question is blank, or has not its form."),
        ('{"question": ""}', "body.question is too short."),
        (f'{{"question": "{"a" * 100_001}"}}', "body.question is longer than 100,000 characters."),
        ('{"question": "Why?", "model": "x"}', "body.model is not known."),
        ('{"question": 3}', "body.question is wrong: input should be a valid string."),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_in_a_sentence(
    server: WebServer, body: str, detail: str
) -> None:
    json = {"Content-Type": "application/json"}
    refused = await server.client.post("/chat", content=body, headers=json)
    assert (refused.status_code, refused.json()["detail"]) == (422, detail)


async def test_an_answer_is_rated_and_the_last_word_counts(server: WebServer) -> None:
    answer = (await server.ask(key="m1")).json()
    for value in ("down", "up"):
        rated = await server.client.post("/feedback", json={"message_id": "m1", "value": value})
        assert rated.status_code == 204
    [turn] = (await server.client.get(f"/sessions/{answer['session_id']}")).json()["turns"]
    assert turn["rating"] == "up"
    unknown = await server.client.post("/feedback", json={"message_id": "m2", "value": "up"})
    assert unknown.status_code == 404
