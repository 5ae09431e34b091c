"""The stand-in Slack's Web API refuses, limits and remembers as Slack's does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.slack_faults import Fault
from tests.support.slack_schemas import MISSING, misfits
from tests.support.slack_server import ALICE, SlackWorkspace, open_workspace
from tests.support.slack_web import Call


@pytest.fixture
async def slack() -> AsyncIterator[SlackWorkspace]:
    async with open_workspace() as workspace:
        yield workspace


@pytest.fixture
def client(slack: SlackWorkspace) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as raised:
        await call
    error: str = raised.value.response["error"]
    return error


async def test_a_stream_is_written_stopped_and_then_edited(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    ts = await slack.post(slack.general, "question")
    stream = await client.chat_stream(
        channel=slack.general,
        thread_ts=ts,
        recipient_user_id=ALICE,
        recipient_team_id=slack.slack.team,
        buffer_size=1,
    )
    await stream.append(markdown_text="One ")
    [answer] = slack.answers(slack.general, ts)
    place: dict[str, Any] = {"channel": slack.general, "ts": answer.ts}
    assert answer.streaming
    assert await refusal(client.chat_update(**place, text="No")) == "streaming_state_conflict"
    assert await refusal(client.chat_delete(**place)) == "cant_delete_message"
    await stream.append(markdown_text="two")
    await stream.stop()
    assert (answer.shown, answer.edits, answer.streaming) == ("One two", 0, False)
    await client.chat_update(**place, text="Three", blocks=[{"type": "markdown", "text": "Three"}])
    assert (answer.shown, answer.edits) == ("Three", 1)


async def test_an_expired_stream_takes_neither_text_nor_a_stop_but_an_update(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    ts = await slack.dm("question")
    started = await client.chat_startStream(
        channel=slack.direct(), thread_ts=ts, markdown_text="One"
    )
    slack.expire_streams()
    place: dict[str, Any] = {"channel": slack.direct(), "ts": started["ts"]}
    expired = "message_not_in_streaming_state"
    assert await refusal(client.chat_appendStream(**place, markdown_text="two")) == expired
    assert await refusal(client.chat_stopStream(**place)) == expired
    await client.chat_update(**place, markdown_text="One two")
    assert [answer.shown for answer in slack.answers(slack.direct(), ts)] == ["One two"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"blocks": [{"type": "markdown", "text": "x" * 6_001}] * 2}, "msg_too_long"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": [{"type": "header"}]}, "invalid_blocks"),
        (
            {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}]},
            "invalid_blocks",
        ),
    ],
)
async def test_what_slack_does_not_take_is_refused_as_slack_does(
    slack: SlackWorkspace, client: AsyncWebClient, content: dict[str, Any], error: str
) -> None:
    post = client.api_call("chat.postMessage", json={"channel": slack.general, **content})
    assert await refusal(post) == error


async def test_a_post_whose_reply_is_lost_stands_in_the_thread(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    slack.faults.add(Fault("chat.postMessage", disconnect=True, applied=True))
    client.retry_handlers.clear()
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=slack.general, text="there")
    history = await client.conversations_history(channel=slack.general, limit=5)
    assert [message["text"] for message in history["messages"]] == ["there"]


async def test_a_limit_says_when_to_come_again(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    slack.faults.limit("auth.test", retry_after=7)
    with pytest.raises(SlackApiError) as limited:
        await client.auth_test()
    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "7"
    assert (await client.auth_test())["user_id"] == slack.slack.bot_user


async def test_a_missing_scope_is_named(slack: SlackWorkspace, client: AsyncWebClient) -> None:
    slack.web.scopes = frozenset({"chat:write"})
    with pytest.raises(SlackApiError) as refused:
        await client.conversations_replies(channel=slack.direct(), ts="1.000000")
    assert refused.value.response["needed"] == "im:history"


async def test_a_private_file_wants_the_bots_token(slack: SlackWorkspace) -> None:
    file = slack.upload("notes.txt", b"Remember.")
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with aiohttp.ClientSession() as session:
        async with session.get(file["url_private"], headers=headers) as read:
            assert await read.read() == b"Remember."
        async with session.get(file["url_private"]) as refused:
            assert refused.content_type == "text/html"


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize(
    ("method", "arguments", "word"),
    [
        ("chat.update", {"channel": "C1", "text": "x"}, "not valid under any"),
        ("chat.startStream", {"channel": "C1", "markdown_text": "x"}, "'thread_ts' is a required"),
        ("users.info", {"user": "U1", "name": "x"}, "'name' was unexpected"),
        ("views.publish", {"user_id": "U1", "view": {"type": "home", "blocks": [{}]}}, "$.view"),
        ("chat.shout", {}, "no such method"),
    ],
)
def test_a_call_that_does_not_fit_slacks_own_types_is_found(
    method: str, arguments: dict[str, Any], word: str
) -> None:
    [misfit] = misfits([Call(method, arguments, 200)])
    assert word in misfit
