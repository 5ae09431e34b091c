"""The line that tells what the bot is doing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.api import SlackApi
from adapters.slack.status import open_status
from core.model import AnswerEvent, PassagesFound, Searching, SessionKey, TextDelta
from tests.support.answers import stream
from tests.support.conversations import passage
from tests.support.desk import until
from tests.support.slack_faults import Fault
from tests.support.slack_server import SlackWorkspace


@pytest.fixture
async def session(workspace: SlackWorkspace) -> SessionKey:
    ts = await workspace.post(workspace.general, "How?")
    return SessionKey("slack", workspace.slack.team, workspace.general, ts)


def told(workspace: SlackWorkspace) -> list[str]:
    return [str(status["status"]) for status in workspace.slack.statuses]


async def follow(events: AsyncIterator[AnswerEvent]) -> None:
    async for _ in events:
        pass


async def test_it_is_set_again_before_slack_clears_it(
    workspace: SlackWorkspace, api: SlackApi, session: SessionKey
) -> None:
    async with open_status(api, session, again=0.01) as status:
        await follow(status.following(stream([Searching()])))
        await until(lambda: len(told(workspace)) >= 3)
    assert set(told(workspace)[:3]) == {"Searching the docs…"}


async def test_it_tells_how_far_the_answer_is(
    workspace: SlackWorkspace, api: SlackApi, session: SessionKey
) -> None:
    async with open_status(api, session, stands=0.0) as status:
        await follow(status.following(stream([Searching()])))
        await until(lambda: len(told(workspace)) == 1)
        await follow(status.following(stream([PassagesFound((passage(), passage("b")))])))
        await until(lambda: len(told(workspace)) == 2)
    assert told(workspace)[:2] == ["Searching the docs…", "Reading 2 passages…"]


async def test_what_would_give_way_at_once_to_the_answer_is_not_set(
    workspace: SlackWorkspace, api: SlackApi, session: SessionKey
) -> None:
    async with open_status(api, session, stands=60.0) as status:
        await follow(status.following(stream([Searching()])))
        await until(lambda: len(told(workspace)) == 1)
        await follow(status.following(stream([PassagesFound((passage(),)), TextDelta("Yes.")])))
    assert set(told(workspace)) <= {"Searching the docs…", ""}


async def test_one_that_arrives_after_the_answer_is_cleared(
    workspace: SlackWorkspace, api: SlackApi, session: SessionKey
) -> None:
    late = Fault("assistant.threads.setStatus", delay=0.3)
    workspace.faults.add(late)
    async with open_status(api, session) as status:
        await follow(status.following(stream([Searching()])))
        await until(lambda: late.times == 0)
        await follow(status.following(stream([TextDelta("They can.")])))
        await until(lambda: len(told(workspace)) >= 2)
    assert told(workspace) == ["Searching the docs…", ""]


async def test_a_workspace_without_statuses_is_answered_all_the_same(
    workspace: SlackWorkspace, api: SlackApi, session: SessionKey
) -> None:
    workspace.faults.fail("assistant.threads.setStatus", "not_allowed_token_type", times=9)
    async with open_status(api, session, again=0.01) as status:
        await follow(status.following(stream([Searching()])))
        await until(lambda: bool(workspace.called("assistant.threads.setStatus")))
    assert told(workspace) == []
