"""Slack end to end: an answer while it is written, and whatever befalls it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.slack.pacing import Pacing
from core.ports import Database
from tests.support.desk import until
from tests.support.discord_bot import settled
from tests.support.slack_bot import DISPATCH, Answers, about_to_post, open_bot
from tests.support.slack_faults import Fault
from tests.support.slack_server import SlackWorkspace
from tests.support.slack_state import Message

WHOLE = "You asked: How? One. Two."


def refusals(workspace: SlackWorkspace) -> list[str]:
    """What Slack said of appending to a stream."""
    return [str(call.error) for call in workspace.calls if call.method == "chat.appendStream"]


def claims() -> Answers:
    return Answers(claims=[" One.", " Two."])


async def begun(workspace: SlackWorkspace, ts: str) -> Message:
    """The answer's message, once it is there."""
    await workspace.until(lambda: workspace.answers(workspace.general, ts))
    return workspace.answers(workspace.general, ts)[0]


async def whole(workspace: SlackWorkspace, ts: str) -> Message:
    """The only message of the answer, once it has its whole text and its buttons."""
    general = workspace.general
    await workspace.until(lambda: WHOLE in workspace.answers(general, ts)[0].shown)
    await workspace.until(lambda: _buttons(workspace.answers(general, ts)[0]))
    [answer] = workspace.answers(general, ts)
    return answer


def _buttons(message: Message) -> bool:
    actions = [e.get("action_id", "") for b in message.blocks for e in b.get("elements", [])]
    return any("feedback" in str(action) for action in actions)


async def test_the_status_says_at_once_that_the_docs_are_searched(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers(silent=True)
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.until(lambda: workspace.slack.statuses)
        answers.step()
        await workspace.answered(workspace.general, ts)
    status = workspace.slack.statuses[0]
    assert (status["channel_id"], status["thread_ts"]) == (workspace.general, ts)
    assert status["status"] == "Searching the docs…"


async def test_an_answer_streams_and_ends_whole_in_one_message(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = claims()
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(workspace.general, "How?")
        message = await begun(workspace, ts)
        assert message.streaming
        answers.step()
        await workspace.until(lambda: "One." in message.shown)
        answers.step()
        answer = await whole(workspace, ts)
    assert answer.ts == message.ts
    assert [call.error for call in workspace.calls if call.error] == []
    [start] = workspace.called("chat.startStream")
    assert start["thread_ts"] == ts
    assert start["recipient_user_id"] == "U0ALICE"
    assert start["recipient_team_id"] == workspace.slack.team


async def test_where_streams_are_refused_a_message_is_posted_and_edited(
    workspace: SlackWorkspace, database: Database
) -> None:
    workspace.slack.can_stream = False
    answers = claims()
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(workspace.general, "How?")
        message = await begun(workspace, ts)
        answers.step()
        await workspace.until(lambda: "One." in message.shown)
        answers.step()
        answer = await whole(workspace, ts)
        again = await workspace.mention(workspace.general, "And now?")
        await begun(workspace, again)
        answers.step(2)
        await workspace.until(lambda: _buttons(workspace.answers(workspace.general, again)[0]))
    assert answer.ts == message.ts
    assert len(workspace.called("chat.startStream")) == 1, "the channel is not asked again"
    refused_at = [call.method for call in workspace.calls].index("chat.startStream")
    looked = [c for c in workspace.calls[refused_at:] if c.method == "conversations.replies"]
    assert looked == [], "what was refused did not arrive"


@pytest.mark.parametrize("when", ["append", "stop"])
async def test_a_stream_that_expires_keeps_its_message_and_its_text(
    workspace: SlackWorkspace, database: Database, when: str
) -> None:
    answers = claims()
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(workspace.general, "How?")
        message = await begun(workspace, ts)
        if when == "stop":
            answers.step()
            await workspace.until(lambda: "One." in message.shown)
        workspace.expire_streams()
        answers.step()
        if when == "append":
            await until(lambda: "message_not_in_streaming_state" in refusals(workspace))
            answers.step()
        answer = await whole(workspace, ts)
    assert answer.ts == message.ts
    assert answer.shown.count("One.") == 1


@pytest.mark.parametrize("can_stream", [True, False], ids=["streamed", "edited"])
async def test_a_text_that_is_replaced_midway_ends_as_the_replacement(
    workspace: SlackWorkspace, database: Database, *, can_stream: bool
) -> None:
    workspace.slack.can_stream = can_stream
    answers = Answers(claims=[" Wrong.", f"={WHOLE}"])
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(workspace.general, "How?")
        message = await begun(workspace, ts)
        answers.step()
        await workspace.until(lambda: "Wrong." in message.shown)
        answers.step()
        answer = await whole(workspace, ts)
    assert "Wrong" not in answer.shown


async def test_a_stream_whose_text_was_replaced_says_no_more_until_it_is_whole(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers(claims=[" Wrong.", "=You asked: How?", " One.", " Two."])
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(workspace.general, "How?")
        message = await begun(workspace, ts)
        answers.step()
        await workspace.until(lambda: "Wrong." in message.shown)
        answers.step(2)
        await answers.until_waiting()
        assert "One." not in message.shown
        answers.step()
        answer = await whole(workspace, ts)
    assert "Wrong" not in answer.shown


async def test_an_answer_that_is_whole_at_once_takes_a_single_call(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_bot(workspace, database):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.answered(workspace.general, ts)
        await workspace.settled()
    assert len(workspace.called("chat.postMessage")) == 1
    assert [call for call in workspace.calls if call.method == "chat.update"] == []


async def test_where_there_is_no_room_to_edit_answers_are_posted_once_and_whole(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = claims()
    room = {"chat.startStream": 9.0, "chat.appendStream": 9.0, "chat.update": 1.0}
    pacing = lambda: Pacing(posting_interval=0.0, a_minute=room)  # noqa: E731 - made in the loop
    async with open_bot(workspace, database, answers=answers, pacing=pacing):
        shown = await workspace.mention(workspace.general, "How?")
        await begun(workspace, shown)
        ts = await workspace.mention(workspace.general, "How?")
        await until(lambda: len(answers.asked) == 2)
        await answers.until_waiting()
        assert workspace.answers(workspace.general, ts) == []
        answers.step(4)
        await workspace.answered(workspace.general, ts)
        await whole(workspace, shown)
    [posted] = workspace.called("chat.postMessage")
    assert posted["thread_ts"] == ts
    assert len(workspace.called("chat.update")) == 1


async def test_nothing_that_is_posted_is_unfurled(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_bot(workspace, database):
        ts = await workspace.mention(workspace.general, "What of https://example.org?")
        await workspace.answered(workspace.general, ts)
    [posted] = workspace.called("chat.postMessage")
    assert posted["unfurl_links"] is False
    assert posted["unfurl_media"] is False


async def test_a_long_answer_is_posted_in_parts_and_an_edit_drops_those_too_many(
    workspace: SlackWorkspace, database: Database
) -> None:
    general, us = workspace.general, workspace.slack.bot_user
    async with open_bot(workspace, database):
        ts = await workspace.mention(general, "why? " * 4000)
        parts = await workspace.answered(general, ts, count=2)
        assert sum(part.shown.count("why?") for part in parts) == 4000
        await workspace.edit(general, ts, f"<@{us}> How?")
        await workspace.until(lambda: len(workspace.answers(general, ts)) == 1)
        await workspace.settled()
    [left] = workspace.answers(general, ts)
    assert left.ts == parts[0].ts
    assert "You asked: How?" in left.shown


@pytest.mark.parametrize(
    "method", ["chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update"]
)
async def test_a_rate_limit_is_waited_out(
    workspace: SlackWorkspace, database: Database, method: str
) -> None:
    workspace.faults.limit(method, retry_after=1)
    answers = claims()
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(workspace.general, "How?")
        await begun(workspace, ts)
        answers.step(2)
        await whole(workspace, ts)
    assert len(workspace.answers(workspace.general, ts)) == 1


async def test_nobody_calls_a_method_that_slack_asked_to_leave_alone(
    workspace: SlackWorkspace, database: Database
) -> None:
    workspace.faults.limit("chat.postMessage", retry_after=1)
    async with open_bot(workspace, database):
        asked = [await workspace.mention(workspace.general, f"How {n}?") for n in range(5)]
        for ts in asked:
            await workspace.answered(workspace.general, ts)
        await workspace.settled()
    refused = [c for c in workspace.calls if c.method == "chat.postMessage" and c.error]
    assert len(refused) <= 5
    assert sum(len(workspace.answers(workspace.general, ts)) for ts in asked) == 5


async def test_a_channel_is_posted_to_once_in_its_interval(
    workspace: SlackWorkspace, database: Database
) -> None:
    throttle = workspace.faults.throttle("chat.postMessage", calls=1, seconds=0.2)
    async with open_bot(workspace, database, pacing=lambda: Pacing(posting_interval=0.7)):
        asked = [await workspace.mention(workspace.general, f"How {n}?") for n in range(3)]
        for ts in asked:
            await workspace.answered(workspace.general, ts)
    assert throttle.refused == 0


async def test_a_busy_channel_holds_no_other_up(
    workspace: SlackWorkspace, database: Database
) -> None:
    other = workspace.add_channel("other")
    few = replace(DISPATCH, running=2)
    async with open_bot(
        workspace, database, pacing=lambda: Pacing(posting_interval=1.0), settings=few
    ):
        busy = [await workspace.mention(workspace.general, f"How {n}?") for n in range(6)]
        ts = await workspace.mention(other, "How?")
        await workspace.answered(other, ts)
        waiting = [each for each in busy if not workspace.answers(workspace.general, each)]
        assert waiting, "the busy channel is still being worked off"
        for each in busy:
            await workspace.answered(workspace.general, each)


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.startStream"])
async def test_a_message_whose_sending_broke_off_after_it_arrived_is_not_sent_again(
    workspace: SlackWorkspace, database: Database, method: str
) -> None:
    workspace.faults.add(Fault(method, disconnect=True, applied=True))
    answers = claims() if method == "chat.startStream" else Answers()
    answers.step(10)
    answers.slow = method == "chat.startStream"
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.until(
            lambda: any(_buttons(m) for m in workspace.answers(workspace.general, ts))
        )
        await workspace.answered(workspace.general, ts)
    assert len(workspace.answers(workspace.general, ts)) == 1
    assert workspace.called(method), "the call was made"


async def test_a_message_whose_sending_failed_is_sent_again(
    workspace: SlackWorkspace, database: Database
) -> None:
    workspace.faults.add(Fault("chat.postMessage", status=503))
    async with open_bot(workspace, database):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.answered(workspace.general, ts)
    assert len(workspace.answers(workspace.general, ts)) == 1


async def test_a_question_that_is_edited_just_before_its_first_word_is_answered_once(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers, general = Answers(silent=True, found=True), workspace.general
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(general, "How?")
        await about_to_post(database)
        await workspace.edit(general, ts, f"<@{workspace.slack.bot_user}> How else?")
        await workspace.until(lambda: len(answers.asked) == 2)
        answers.step()
        await settled(database)
    [answer] = workspace.answers(general, ts)
    assert answer.shown.startswith("You asked: How else?")


async def test_a_question_that_is_deleted_just_before_its_first_word_gets_no_answer(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers, general = Answers(silent=True, found=True), workspace.general
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(general, "How?")
        await about_to_post(database)
        await workspace.delete(general, ts)
        await settled(database)
    assert workspace.answers(general, ts) == []
