"""The buttons under an answer in Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from uuid import uuid4

import pytest

from adapters.chat.reactions import ENDED, GONE, THANKS, UNFINISHED
from adapters.slack.rendering import FEEDBACK_DOWN, FEEDBACK_UP, SHOW_EVIDENCE, STOP
from core.answering.stopping import Stop
from core.model import AnswerEvent, AnswerStatus, Question, TextDelta
from core.ports import Database
from tests.support.answers import answer, answered
from tests.support.desk import until
from tests.support.faulty_database import FaultyDatabase
from tests.support.slack_bot import Answers
from tests.support.slack_server import ALICE, BOB, SlackWorkspace
from tests.support.slack_state import Message
from tests.support.slack_surfaces import open_surfaces
from tests.support.slack_web import ResponseAddress


class Stoppable:
    """Says a sentence and then nothing, until it is stopped."""

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        yield TextDelta("The first sentence.")
        async for event in stop.cut(self._silence()):
            yield event
        yield answered(replace(answer("The first sentence."), status=AnswerStatus.STOPPED))

    async def _silence(self) -> AsyncGenerator[AnswerEvent, None]:
        await asyncio.Event().wait()
        yield TextDelta("Never said.")


async def answer_to(workspace: SlackWorkspace, text: str = "How do I install it?") -> Message:
    ts = await workspace.mention(workspace.general, text)
    return (await workspace.answered(workspace.general, ts))[-1]


async def press(workspace: SlackWorkspace, message: Message, action: str, user: str) -> None:
    """Presses, and waits until the person was told what came of it."""
    told = len(workspace.whispers(user))
    await workspace.press(workspace.general, message.ts, action, user=user)
    await workspace.until(lambda: len(workspace.whispers(user)) > told)


async def ratings(database: Database) -> list[tuple[str, str]]:
    rows = await database.fetch("SELECT person, value FROM feedback ORDER BY person")
    return [(row["person"], row["value"]) for row in rows]


async def test_each_person_rates_an_answer_once_and_may_change_their_mind(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http):
        shown = await answer_to(workspace)
        await press(workspace, shown, FEEDBACK_UP, ALICE)
        await press(workspace, shown, FEEDBACK_UP, BOB)
        await press(workspace, shown, FEEDBACK_DOWN, ALICE)
    assert await ratings(database) == [(ALICE, "down"), (BOB, "up")]
    thanks = workspace.whispers(ALICE)[0]
    assert thanks.shown == THANKS
    assert thanks.thread_ts == shown.thread_ts


async def test_thanks_and_evidence_are_for_the_one_who_pressed(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http):
        shown = await answer_to(workspace)
        await press(workspace, shown, SHOW_EVIDENCE, BOB)
        assert workspace.answers(workspace.general, str(shown.thread_ts)) == [shown]
    assert workspace.whispers(ALICE) == []
    [whisper] = workspace.whispers(BOB)
    [row] = await database.fetch("SELECT id FROM turns")
    assert f"`docent trace {row['id']}`" in whisper.shown


class Expired(dict[str, ResponseAddress]):
    """Addresses that Slack has forgotten: half an hour has passed."""

    def __setitem__(self, key: str, value: ResponseAddress, /) -> None: ...


async def test_evidence_that_cannot_be_shown_is_not_in_the_log_either(
    workspace: SlackWorkspace, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_surfaces(workspace, database):
        shown = await answer_to(workspace, "How do I install the secret part?")
        workspace.web.responses = Expired()
        await workspace.press(workspace.general, shown.ts, SHOW_EVIDENCE, user=BOB)
        await until(lambda: "A person was not told something" in caplog.text)
    assert workspace.whispers(BOB) == []
    assert "secret part" not in caplog.text


async def test_stop_ends_the_answer_where_it_is(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    def stoppable() -> list[Message]:
        shown = workspace.answers(workspace.general, ts)
        return [message for message in shown if STOP in str(message.blocks)]

    async with open_surfaces(workspace, database, http=http, answers=Stoppable()):
        ts = await workspace.mention(workspace.general, "How do I install it?")
        await workspace.until(stoppable)
        await workspace.press(workspace.general, stoppable()[0].ts, STOP, user=BOB)
        await workspace.until(lambda: not stoppable())
        [stopped] = await workspace.answered(workspace.general, ts)
    assert "The first sentence." in stopped.shown
    assert workspace.whispers(BOB) == []


async def test_stopping_what_has_ended_is_answered_with_that(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_surfaces(workspace, database):
        shown = await answer_to(workspace)
        shown.blocks.append(button(STOP, str(uuid4())))
        await press(workspace, shown, STOP, ALICE)
    assert workspace.whispers(ALICE)[-1].shown == ENDED


@pytest.mark.parametrize("action", [FEEDBACK_UP, SHOW_EVIDENCE])
async def test_an_answer_that_is_no_longer_kept_is_said_to_be_gone(
    workspace: SlackWorkspace, database: Database, action: str
) -> None:
    async with open_surfaces(workspace, database):
        shown = await answer_to(workspace)
        shown.blocks = [button(action, str(uuid4()))]
        await press(workspace, shown, action, ALICE)
    assert workspace.whispers(ALICE)[-1].shown == GONE


async def test_an_answer_that_is_still_written_cannot_be_rated_yet(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers(claims=[" And more."])
    async with open_surfaces(workspace, database, answers=answers):
        ts = await workspace.mention(workspace.general, "How do I install it?")
        await workspace.until(lambda: workspace.answers(workspace.general, ts))
        [(turn,)] = [tuple(row.values()) for row in await database.fetch("SELECT id FROM turns")]
        message = workspace.slack.messages[workspace.general, ts]
        message.blocks = [button(FEEDBACK_UP, str(turn))]
        await press(workspace, message, FEEDBACK_UP, ALICE)
        answers.step()
        await workspace.answered(workspace.general, ts)
    assert workspace.whispers(ALICE)[-1].shown == UNFINISHED
    assert await ratings(database) == []


async def test_a_press_that_fails_is_apologised_for_at_once(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(workspace, faulty, http=http):
        shown = await answer_to(workspace)
        faulty.broken = {"INSERT INTO feedback"}
        await press(workspace, shown, FEEDBACK_UP, ALICE)
    assert "that did not work" in workspace.whispers(ALICE)[-1].shown


def button(action: str, value: str) -> dict[str, object]:
    """A button under a message that was posted long ago."""
    text = {"type": "plain_text", "text": "…"}
    element = {"type": "button", "action_id": action, "value": value, "text": text}
    return {"type": "actions", "elements": [element]}
