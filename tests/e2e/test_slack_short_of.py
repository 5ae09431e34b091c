"""Slack end to end, where a scope, a channel or a message is missing: it answers all the same."""

from __future__ import annotations

import pytest

from adapters.chat.policy import ChannelPolicy
from adapters.slack.catchup import Window
from core.ports import Database
from tests.support.desk import until
from tests.support.slack_bot import Answers, open_bot, was_here
from tests.support.slack_faults import Fault
from tests.support.slack_server import SlackWorkspace

POSTING = frozenset({"chat:write"})


async def test_without_the_scope_to_read_a_thread_the_question_is_answered_without_it(
    workspace: SlackWorkspace, database: Database
) -> None:
    workspace.web.scopes = POSTING
    general = workspace.general
    async with open_bot(workspace, database) as bot:
        ts = await workspace.post(general, "It fails.")
        await workspace.mention(general, "why?", thread_ts=ts)
        await workspace.answered(general, ts)
    assert bot.answers.asked[0].context == ()


async def test_a_thread_that_takes_too_long_to_read_is_done_without(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    async with open_bot(workspace, database) as bot:
        workspace.faults.add(Fault("conversations.replies", delay=5.0, times=2))
        ts = await workspace.post(general, "It fails.")
        await workspace.mention(general, "why?", thread_ts=ts)
        await workspace.answered(general, ts)
    assert bot.answers.asked[0].context == ()
    assert workspace.deliveries[-1].attempts[0].seconds < 3


async def test_without_the_subscription_to_messages_mentions_are_answered_and_that_is_told(
    workspace: SlackWorkspace, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.subscribed = frozenset({"app_mention"})
    async with open_bot(workspace, database, soon=0.0):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.answered(workspace.general, ts)
        await until(lambda: "message.channels" in caplog.text)


async def test_without_the_scopes_to_catch_up_the_bot_goes_on(
    workspace: SlackWorkspace, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await was_here(workspace, database)
    workspace.web.scopes = POSTING
    async with open_bot(workspace, database):
        await until(lambda: "channels:read" in caplog.text)
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.answered(workspace.general, ts)


async def test_a_catch_up_that_fails_is_tried_again(
    workspace: SlackWorkspace, database: Database
) -> None:
    workspace.courier.retry_after = ()
    general = workspace.general
    async with open_bot(workspace, database):
        ts = await workspace.mention(general, "How?")
        await workspace.answered(general, ts)
    missed = await workspace.mention(general, "And now?")
    workspace.faults.add(Fault("conversations.history", status=503))
    async with open_bot(workspace, database, window=Window(pause=0.05)):
        await workspace.answered(general, missed)


async def test_channels_that_cannot_be_looked_up_are_told_of(
    workspace: SlackWorkspace, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.web.scopes = POSTING
    policy = ChannelPolicy(auto_answer=frozenset({"#ask-docs"}))
    async with open_bot(workspace, database, policy=policy):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.answered(workspace.general, ts)
    assert "#ask-docs" in caplog.text


async def test_a_channel_that_the_bot_is_not_in_is_told_of(
    workspace: SlackWorkspace, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    policy = ChannelPolicy(auto_answer=frozenset({"#nowhere"}))
    async with open_bot(workspace, database, policy=policy):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.answered(workspace.general, ts)
    assert "The bot is not in the channels ['#nowhere']." in caplog.text


async def test_an_answer_that_somebody_deleted_is_posted_anew_when_its_question_is_edited(
    workspace: SlackWorkspace, database: Database
) -> None:
    general, us = workspace.general, workspace.slack.bot_user
    async with open_bot(workspace, database):
        ts = await workspace.mention(general, "How?")
        [answer] = await workspace.answered(general, ts)
        await workspace.delete(general, answer.ts)
        await workspace.edit(general, ts, f"<@{us}> How then?")
        await workspace.until(lambda: workspace.answers(general, ts))
        await workspace.settled()
    [again] = workspace.answers(general, ts)
    assert "How then?" in again.shown


async def test_a_stream_that_stalls_is_whole_in_the_end(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers(claims=[" One.", " Two."])
    general = workspace.general
    async with open_bot(workspace, database, answers=answers):
        ts = await workspace.mention(general, "How?")
        await workspace.until(lambda: workspace.answers(general, ts))
        workspace.faults.add(Fault("chat.appendStream", disconnect=True))
        answers.step()
        await until(lambda: any(c.method == "chat.appendStream" for c in workspace.calls))
        answers.step()
        await workspace.until(lambda: "One. Two." in workspace.answers(general, ts)[0].shown)
    [answer] = workspace.answers(general, ts)
    assert answer.shown.count("One.") == 1


async def test_an_edit_that_says_nothing_more_keeps_the_answer(
    workspace: SlackWorkspace, database: Database
) -> None:
    general, us = workspace.general, workspace.slack.bot_user
    async with open_bot(workspace, database) as bot:
        ts = await workspace.mention(general, "How?")
        await workspace.answered(general, ts)
        await workspace.edit(general, ts, f"<@{us}>")
        await workspace.settled()
    assert len(bot.answers.asked) == 1
    assert len(workspace.answers(general, ts)) == 1


async def test_files_that_slack_is_slow_to_send_are_told_of(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    files = [workspace.upload("error.log", b"E42")]
    files[0]["url_private_download"] = f"{workspace.url}/api/slow"
    workspace.faults.add(Fault("slow", delay=5.0, times=2))
    async with open_bot(workspace, database) as bot:
        ts = await workspace.mention(general, "What is this?", files=files)
        await workspace.answered(general, ts)
        await workspace.until(workspace.whispers)
    assert bot.answers.asked[0].text == "What is this?"
    assert "took too long" in workspace.whispers()[0].shown
