"""Slack end to end, over real sockets: who is answered where, and once."""

from __future__ import annotations

import pytest

from adapters.chat.policy import ChannelPolicy
from adapters.chat.preparing import NO_QUESTION
from core.model import Message
from core.ports import Database
from tests.support.slack_bot import Answers, open_bot
from tests.support.slack_server import BOB, SlackWorkspace


async def test_a_mention_is_answered_once_in_a_thread_under_it(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    general = workspace.general
    async with open_bot(workspace, database, http=http):
        ts = await workspace.mention(general, "How do I install it?")
        [answer] = await workspace.answered(general, ts)
        await workspace.settled()
    assert len(workspace.deliveries) >= 2, "both events of the message were delivered"
    assert answer.shown.startswith("You asked: How do I install it?")
    assert [m.ts for m in workspace.answers(general, ts)] == [answer.ts]


async def test_an_event_that_is_delivered_three_times_is_answered_once(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    workspace.courier.copies = 3
    async with open_bot(workspace, database, http=http) as bot:
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.answered(workspace.general, ts)
        await workspace.settled()
    assert [question.text for question in bot.answers.asked] == ["How?"]
    assert len(workspace.answers(workspace.general, ts)) == 1


async def test_a_follow_up_in_the_thread_needs_no_mention(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    general = workspace.general
    async with open_bot(workspace, database, http=http) as bot:
        ts = await workspace.mention(general, "How do I install it?")
        await workspace.answered(general, ts)
        await workspace.reply(general, ts, "And on Windows?", user=BOB)
        await workspace.answered(general, ts, count=2)
    first, second = bot.answers.asked
    assert second.session == first.session
    assert second.text == "And on Windows?"


async def test_people_who_talk_to_each_other_are_left_alone(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    general = workspace.general
    async with open_bot(workspace, database, http=http) as bot:
        ts = await workspace.mention(general, "How?")
        await workspace.answered(general, ts)
        other = await workspace.post(general, "Anyone for lunch?")
        await workspace.reply(general, other, "Sure.")
        await workspace.reply(general, ts, f"<@{BOB}> do you know?")
        await workspace.reply(general, ts, "<!here> look at this")
        await workspace.settled()
    assert len(bot.answers.asked) == 1


async def test_with_mention_only_a_follow_up_is_not_answered(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    async with open_bot(workspace, database, policy=ChannelPolicy(mention_only=True)) as bot:
        ts = await workspace.mention(general, "How?")
        await workspace.answered(general, ts)
        await workspace.reply(general, ts, "And on Windows?")
        await workspace.mention(general, "On a Mac?", thread_ts=ts)
        await workspace.answered(general, ts, count=2)
        await workspace.settled()
    assert [question.text for question in bot.answers.asked] == ["How?", "On a Mac?"]


async def test_a_mention_in_a_thread_brings_what_was_said_before_once(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    general = workspace.general
    async with open_bot(workspace, database, http=http) as bot:
        ts = await workspace.post(general, "The install fails on Windows.")
        await workspace.reply(general, ts, "Which version?", user=BOB)
        await workspace.mention(general, "what can they do?", thread_ts=ts)
        await workspace.answered(general, ts)
        await workspace.mention(general, "and then?", thread_ts=ts)
        await workspace.answered(general, ts, count=2)
    first, second = bot.answers.asked
    said = ["The install fails on Windows.", "Which version?"]
    assert first.context == tuple(Message("user", text) for text in said)
    assert second.context == ()


async def test_a_bare_mention_in_a_thread_takes_its_last_message_up(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    async with open_bot(workspace, database) as bot:
        ts = await workspace.post(general, "How do I install it?")
        await workspace.mention(general, "", thread_ts=ts)
        await workspace.answered(general, ts)
    assert [question.text for question in bot.answers.asked] == ["How do I install it?"]


async def test_a_bare_mention_elsewhere_is_told_what_to_do(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_bot(workspace, database, http=http) as bot:
        await workspace.mention(workspace.general, "")
        await workspace.until(workspace.whispers)
        await workspace.settled()
    assert bot.answers.asked == []
    assert workspace.whispers()[0].shown == NO_QUESTION


async def test_a_bare_mention_that_is_edited_into_a_question_is_answered(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    async with open_bot(workspace, database):
        ts = await workspace.mention(general, "")
        await workspace.until(workspace.whispers)
        await workspace.edit(general, ts, f"<@{workspace.slack.bot_user}> How do I install it?")
        await workspace.answered(general, ts)
        await workspace.settled()
    assert len(workspace.whispers()) == 1


async def test_each_message_at_the_top_of_a_direct_conversation_opens_a_thread(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_bot(workspace, database, http=http) as bot:
        first = await workspace.dm("How do I install it?")
        second = await workspace.dm("And remove it?")
        direct = workspace.direct()
        await workspace.answered(direct, first)
        await workspace.answered(direct, second)
        await workspace.dm("On a Mac?", thread_ts=second)
        await workspace.answered(direct, second, count=2)
    assert [q.session.thread for q in bot.answers.asked][-1] == second
    assert len({q.session for q in bot.answers.asked}) == 2


async def test_a_channel_can_be_answered_without_mentions_or_not_at_all(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    asking, quiet = workspace.add_channel("ask-docs"), workspace.add_channel("quiet")
    shared = workspace.add_channel("partners", external=True)
    policy = ChannelPolicy(auto_answer=frozenset({"#ask-docs"}), blocked=frozenset({"quiet"}))
    async with open_bot(workspace, database, http=http, policy=policy) as bot:
        ts = await workspace.post(asking, "How do I install it?")
        await workspace.answered(asking, ts)
        await workspace.mention(quiet, "Here?")
        await workspace.mention(shared, "Or here?")
        await workspace.settled()
    assert [question.text for question in bot.answers.asked] == ["How do I install it?"]


async def test_a_shared_channel_is_answered_where_that_is_allowed(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    shared = workspace.add_channel("partners", external=True)
    async with open_bot(workspace, database, http=http, policy=ChannelPolicy(shared_channels=True)):
        ts = await workspace.mention(shared, "Here?")
        await workspace.answered(shared, ts)


async def test_an_edited_question_is_answered_again_in_place(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    general = workspace.general
    async with open_bot(workspace, database, http=http):
        ts = await workspace.mention(general, "How do I instal it?")
        [before] = await workspace.answered(general, ts)
        await workspace.edit(general, ts, f"<@{workspace.slack.bot_user}> How do I remove it?")
        await workspace.until(lambda: "remove" in workspace.answers(general, ts)[0].shown)
        await workspace.settled()
    [after] = workspace.answers(general, ts)
    assert after.ts == before.ts


async def test_a_preview_of_a_link_is_no_edit(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_bot(workspace, database) as bot:
        ts = await workspace.mention(workspace.general, "What of https://example.org?")
        await workspace.answered(workspace.general, ts)
        await workspace.unfurl(workspace.general, ts)
        await workspace.settled()
    assert len(bot.answers.asked) == 1


async def test_a_message_that_is_edited_into_a_question_is_answered(
    workspace: SlackWorkspace, database: Database
) -> None:
    general = workspace.general
    async with open_bot(workspace, database) as bot:
        ts = await workspace.post(general, "How do I install it?")
        await workspace.edit(general, ts, f"<@{workspace.slack.bot_user}> How do I install it?")
        await workspace.answered(general, ts)
        await workspace.settled()
    assert [question.text for question in bot.answers.asked] == ["How do I install it?"]


async def test_an_edit_while_the_answer_is_written_leaves_only_the_new_answer(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    general, answers = workspace.general, Answers(claims=[" One.", " Two."])
    async with open_bot(workspace, database, http=http, answers=answers):
        ts = await workspace.mention(general, "How do I instal it?")
        await workspace.until(lambda: workspace.answers(general, ts))
        answers.step()
        await workspace.edit(general, ts, f"<@{workspace.slack.bot_user}> How do I remove it?")
        answers.step(4)
        await workspace.until(
            lambda: "remove it? One. Two." in workspace.answers(general, ts)[0].shown
        )
        await workspace.answered(general, ts)
        await workspace.settled()
    [answer] = workspace.answers(general, ts)
    assert "instal " not in answer.shown


@pytest.mark.parametrize("root", [True, False], ids=["a thread's first message", "a reply"])
async def test_a_deleted_question_has_its_answer_removed(
    workspace: SlackWorkspace, database: Database, *, root: bool, http: bool
) -> None:
    general = workspace.general
    async with open_bot(workspace, database, http=http):
        ts = await workspace.mention(general, "How?")
        await workspace.answered(general, ts)
        reply = await workspace.reply(general, ts, "And on Windows?")
        await workspace.answered(general, ts, count=2)
        await workspace.delete(general, ts if root else reply)
        await workspace.until(lambda: len(workspace.answers(general, ts)) == 1)
        await workspace.settled()
    [left] = workspace.answers(general, ts)
    assert ("Windows" in left.shown) == root


async def test_a_question_deleted_while_it_is_answered_leaves_nothing(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    general, answers = workspace.general, Answers(claims=[" One."])
    async with open_bot(workspace, database, http=http, answers=answers):
        ts = await workspace.mention(general, "How?")
        await workspace.until(lambda: workspace.answers(general, ts))
        await workspace.delete(general, ts)
        await workspace.until(lambda: not workspace.answers(general, ts))
        await workspace.settled()
    assert workspace.answers(general, ts) == []


async def test_a_text_file_is_read_and_any_other_is_told_of(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    general = workspace.general
    files = [
        workspace.upload("error.log", b"E42: no such table"),
        workspace.upload("screen.png", b"\x89PNG", "image/png"),
    ]
    async with open_bot(workspace, database, http=http) as bot:
        ts = await workspace.mention(general, "What is this?", files=files)
        await workspace.answered(general, ts)
        await workspace.until(workspace.whispers)
    [question] = bot.answers.asked
    assert question.text == "What is this?\n\nerror.log:\n```\nE42: no such table\n```"
    assert "screen.png" in workspace.whispers()[0].shown
