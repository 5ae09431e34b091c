"""Slack end to end: what people did to their questions while the bot was away, or out of order."""

from __future__ import annotations

import pytest

from adapters.slack.catchup import Window
from adapters.slack.threads import MOST_READ
from core.ports import Database
from tests.support import slack_events as events
from tests.support.slack_bot import known_to_have_been_here, open_bot, was_here
from tests.support.slack_faults import Fault
from tests.support.slack_server import BOB, SlackWorkspace

AT_ONCE = Window(lag=-2.0)
"""Slack's time is known to a second, and may be behind by that."""


@pytest.fixture(autouse=True)
def no_retries(workspace: SlackWorkspace) -> None:
    """What is not taken at once is only to be found in history."""
    workspace.courier.retry_after = ()


async def had_answered(workspace: SlackWorkspace, database: Database, *asked: str) -> list[str]:
    """The bot has answered a mention and follow-ups to it, and went away."""
    general, (first, *others) = workspace.general, asked
    async with open_bot(workspace, database):
        ts = [await workspace.mention(general, first)]
        await workspace.answered(general, ts[0])
        for count, text in enumerate(others, start=2):
            ts.append(await workspace.reply(general, ts[0], text))
            await workspace.answered(general, ts[0], count=count)
        await known_to_have_been_here(database)
    return ts


@pytest.mark.parametrize("reply", [False, True], ids=["a thread's first message", "a reply"])
async def test_a_question_edited_while_the_bot_was_away_is_answered_again_in_place(
    workspace: SlackWorkspace, database: Database, *, reply: bool
) -> None:
    general, us = workspace.general, workspace.slack.bot_user
    ts, other = await had_answered(workspace, database, "How do I instal it?", "And on Widnows?")
    before = workspace.answers(general, ts)
    edited, text = (other, "And on Windows?") if reply else (ts, f"<@{us}> How do I remove it?")
    await workspace.edit(general, edited, text)
    async with open_bot(workspace, database, window=Window(overlap=0.0)) as bot:
        await workspace.until(
            lambda: any(text[-9:] in m.shown for m in workspace.answers(general, ts))
        )
    assert [m.ts for m in workspace.answers(general, ts)] == [m.ts for m in before]
    assert len(bot.answers.asked) == 1


async def test_a_mention_added_while_the_bot_was_away_makes_a_question(
    workspace: SlackWorkspace, database: Database
) -> None:
    general, us = workspace.general, workspace.slack.bot_user
    await was_here(workspace, database)
    ts = await workspace.post(general, "How do I install it?")
    await workspace.edit(general, ts, f"<@{us}> How do I install it?")
    async with open_bot(workspace, database):
        [answer] = await workspace.answered(general, ts)
    assert "How do I install it?" in answer.shown


async def test_a_question_that_lost_its_mention_while_the_bot_was_away_is_answered_again(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    [ts] = await had_answered(workspace, database, "How?")
    await workspace.edit(general, ts, "How do I remove it?")
    async with open_bot(workspace, database):
        await workspace.until(lambda: "remove" in workspace.answers(general, ts)[0].shown)


@pytest.mark.parametrize("reply", [False, True], ids=["a thread's first message", "a reply"])
async def test_a_question_deleted_while_the_bot_was_away_has_its_answer_removed(
    workspace: SlackWorkspace, database: Database, *, reply: bool
) -> None:
    general = workspace.general
    ts, other = await had_answered(workspace, database, "How?", "And on Windows?")
    await workspace.delete(general, other if reply else ts)
    async with open_bot(workspace, database, window=AT_ONCE):
        await workspace.until(lambda: len(workspace.answers(general, ts)) == 1)
    [left] = workspace.answers(general, ts)
    assert ("Windows" in left.shown) != reply


@pytest.mark.parametrize(
    ("window", "ours"),
    [(Window(), 0.0), (Window(), 3600.0), (Window(lag=-2.0, memory=-2.0), 0.0)],
    ids=["too new", "too new, and our clock is ahead", "too old"],
)
async def test_a_question_that_its_thread_need_not_show_is_not_taken_for_deleted(
    workspace: SlackWorkspace, database: Database, window: Window, ours: float
) -> None:
    workspace.advance(-ours)
    general = workspace.general
    [ts] = await had_answered(workspace, database, "How?")
    await workspace.delete(general, ts)
    missed = await workspace.dm("In private?")
    async with open_bot(workspace, database, window=window):
        await workspace.answered(workspace.direct(), missed)
    assert await database.fetch("SELECT FROM turns WHERE wanted = 'withdrawn'") == []
    assert len(workspace.answers(general, ts)) == 1


async def test_a_thread_of_which_nothing_is_left_keeps_no_other_from_being_caught_up(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    [ts] = await had_answered(workspace, database, "How?")
    [answer] = workspace.answers(general, ts)
    await workspace.delete(general, answer.ts)
    await workspace.delete(general, ts)
    missed = await workspace.dm("In private?")
    async with open_bot(workspace, database, window=AT_ONCE):
        await workspace.answered(workspace.direct(), missed)
    left = await database.fetch("SELECT FROM turns WHERE text = 'How?'")
    assert left == []


async def test_in_a_thread_that_is_too_long_to_read_nothing_is_taken_for_deleted(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    async with open_bot(workspace, database):
        ts = await workspace.mention(general, "How?")
        await workspace.answered(general, ts)
        workspace.subscribed = frozenset()
        for n in range(MOST_READ):
            await workspace.reply(general, ts, f"Talk {n}.", user=BOB)
        workspace.subscribed = None
        await workspace.reply(general, ts, "And now?")
        await workspace.answered(general, ts, count=2, seconds=60)
    missed = await workspace.dm("In private?")
    async with open_bot(workspace, database, window=AT_ONCE):
        await workspace.answered(workspace.direct(), missed, seconds=60)
    assert await database.fetch("SELECT FROM turns WHERE wanted = 'withdrawn'") == []


@pytest.mark.parametrize("ours", [3600.0, 86_400.0, -3600.0], ids=["an hour", "a day", "behind"])
async def test_a_clock_of_ours_that_is_wrong_loses_no_question(
    workspace: SlackWorkspace, database: Database, ours: float
) -> None:
    workspace.advance(-ours)
    await was_here(workspace, database)
    ts = await workspace.mention(workspace.general, "How?")
    async with open_bot(workspace, database) as bot:
        await workspace.answered(workspace.general, ts)
    missed = await workspace.dm("In private?")
    async with open_bot(workspace, database) as again:
        await workspace.answered(workspace.direct(), missed)
    assert [question.text for question in bot.answers.asked] == ["How?"]
    assert [question.text for question in again.answers.asked] == ["In private?"]
    assert len(workspace.answers(workspace.general, ts)) == 1


@pytest.mark.parametrize("error", ["channel_not_found", "missing_scope"])
async def test_a_channel_that_cannot_be_read_keeps_no_other_from_being_caught_up(
    workspace: SlackWorkspace, database: Database, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    await was_here(workspace, database)
    missed = await workspace.dm("In private?")
    workspace.faults.add(Fault("conversations.history", error=error))
    async with open_bot(workspace, database):
        await workspace.answered(workspace.direct(), missed)
    assert "general cannot be caught up" in caplog.text


async def test_a_question_whose_deletion_arrives_first_is_never_answered(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    async with open_bot(workspace, database) as bot:
        ts = await workspace.post(general, "It fails.")
        workspace.subscribed = frozenset()
        mention = await workspace.mention(general, "why?", thread_ts=ts)
        late = events.mentioned(workspace.slack, workspace.slack.message(general, mention))
        workspace.subscribed = None
        await workspace.delete(general, mention)
        await workspace.settled()
        workspace.emit(late)
        await workspace.settled()
        await workspace.reply(general, ts, "I restarted it, and it works.", user=BOB)
        await workspace.settled()
    assert bot.answers.asked == []


async def test_a_thread_of_others_is_left_when_the_only_question_in_it_is_deleted(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    async with open_bot(workspace, database) as bot:
        ts = await workspace.post(general, "It fails.")
        mention = await workspace.mention(general, "why?", thread_ts=ts)
        await workspace.answered(general, ts)
        await workspace.delete(general, mention)
        await workspace.until(lambda: not workspace.answers(general, ts))
        await workspace.settled()
        await workspace.reply(general, ts, "I restarted it, and it works.", user=BOB)
        await workspace.settled()
    assert [question.text for question in bot.answers.asked] == ["why?"]
