"""Discord end to end, over real sockets: who is answered where, and once."""

from __future__ import annotations

import pytest

from adapters.chat.preparing import NO_QUESTION
from adapters.discord.policy import DiscordPolicy
from core.model import Message
from core.ports import Database
from tests.support.discord_bot import caught_up, open_bot, settled
from tests.support.discord_channels import open_thread
from tests.support.discord_server import ADMIN, ALICE, BOB, GUILD, DiscordGuild
from tests.support.faulty_database import FaultyDatabase
from tests.support.slack_bot import Answers


async def test_a_direct_message_is_answered_with_a_reply_that_alerts_nobody(
    guild: DiscordGuild, database: Database
) -> None:
    direct = guild.direct(ALICE)
    async with open_bot(guild, database):
        asked = await guild.dm(ALICE, "How do I install it?")
        [answer] = await guild.answered(direct)
        await settled(database)
    assert answer.shown.startswith("You asked: How do I install it?")
    assert answer.reference is not None
    assert answer.reference["message_id"] == asked
    assert answer.pinged == set()


async def test_a_direct_conversation_is_one_session(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        for count, text in enumerate(("How do I install it?", "And remove it?"), start=1):
            await guild.dm(ALICE, text)
            await guild.answered(guild.direct(ALICE), count=count)
    first, second = bot.answers.asked
    assert first.session == second.session
    assert first.session.workspace == "@me"


async def test_a_mention_is_answered_once_in_a_thread_under_it(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        asked = await guild.mention(guild.general, "How do I install it?")
        [answer] = await guild.answered(asked)
        await settled(database)
    [question] = bot.answers.asked
    assert answer.shown.startswith("You asked: How do I install it?")
    assert (question.session.workspace, question.session.thread) == (GUILD, asked)
    assert len(guild.answers(asked)) == 1
    assert guild.answers(guild.general) == []
    assert guild.discord.channels[asked].name == "How do I install it?"


async def test_it_types_where_the_answer_will_stand_until_there_is_something_to_read(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(silent=True)
    async with open_bot(guild, database, answers=answers):
        asked = await guild.mention(guild.general, "How do I install it?")
        await guild.until(lambda: guild.discord.typing == [asked])
        await guild.dm(ALICE, "How do I remove it?")
        await guild.until(lambda: guild.discord.typing == [asked, guild.direct(ALICE)])
        answers.step(2)
        await guild.answered(asked)
        await guild.answered(guild.direct(ALICE))


async def test_the_role_that_discord_made_for_the_bot_stands_for_the_bot(
    guild: DiscordGuild, database: Database
) -> None:
    server, role = guild.discord.guilds[GUILD], guild.discord.new_id()
    server.roles[role], server.own_role = ("Docent", 0), role
    async with open_bot(guild, database) as bot:
        asked = await guild.say(guild.general, f"<@&{role}> How do I install it?")
        await guild.answered(asked)
    assert [question.text for question in bot.answers.asked] == ["How do I install it?"]


async def test_names_stand_for_discords_codes(guild: DiscordGuild, database: Database) -> None:
    async with open_bot(guild, database) as bot:
        text = f"is <@{BOB}> right in <#{guild.general}> of <@&{int(GUILD) + 1}> <:shrug:12>?"
        asked = await guild.mention(guild.general, text)
        await guild.answered(asked)
    [question] = bot.answers.asked
    assert question.text.startswith("is @Bob right in #general of @")
    assert question.text.endswith(":shrug:?")


@pytest.mark.parametrize("message_content", [True, False])
async def test_a_follow_up_in_the_thread_needs_a_mention_only_without_the_intent(
    guild: DiscordGuild, database: Database, *, message_content: bool
) -> None:
    async with open_bot(guild, database, message_content=message_content) as bot:
        asked = await guild.mention(guild.general, "How do I install it?")
        await guild.answered(asked)
        await guild.say(asked, "And on Windows?", user=BOB)
        await guild.mention(asked, "And on a Mac?", user=BOB)
        await guild.until(lambda: any("Mac" in answer.shown for answer in guild.answers(asked)))
        await settled(database)
    texts = [question.text for question in bot.answers.asked]
    follow_ups = ["And on Windows?"] if message_content else []
    assert texts == ["How do I install it?", *follow_ups, "And on a Mac?"]
    assert len({question.session for question in bot.answers.asked}) == 1


async def test_people_who_talk_to_each_other_are_left_alone(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        other = await guild.say(guild.general, "Anyone for lunch?")
        await guild.say(guild.general, "Sure.", user=BOB, reply_to=other)
        await guild.say(asked, f"<@{BOB}> do you know?")
        await guild.say(asked, "@here look at this")
        remark = await guild.say(asked, f"<@{BOB}>, is it so?")
        await guild.say(asked, "It is.", user=BOB, reply_to=remark)
        await guild.dm(ALICE, "the last one")
        await guild.answered(guild.direct(ALICE))
    assert [question.text for question in bot.answers.asked] == ["How?", "the last one"]


async def test_without_follow_ups_a_mention_is_wanted_in_threads_too(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database, policy=DiscordPolicy(follow_ups=False)) as bot:
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        await guild.say(asked, "And on Windows?")
        await guild.mention(asked, "On a Mac?")
        await guild.answered(asked, count=2)
    assert [question.text for question in bot.answers.asked] == ["How?", "On a Mac?"]


async def test_a_mention_in_a_thread_of_others_brings_what_was_said_before_once(
    guild: DiscordGuild, database: Database
) -> None:
    post = await guild.post("It fails", "The install fails on Windows.")
    await guild.say(post, "Which version?", user=BOB)
    async with open_bot(guild, database) as bot:
        await guild.mention(post, "what can they do?")
        await guild.answered(post)
        await guild.mention(post, "and then?")
        await guild.answered(post, count=2)
    first, second = bot.answers.asked
    said = ["The install fails on Windows.", "Which version?"]
    assert first.context == tuple(Message("user", text) for text in said)
    assert second.context == ()
    assert guild.called("get_message") == []  # a forum itself has no messages


async def test_a_mention_in_a_thread_under_a_message_brings_that_message_too(
    guild: DiscordGuild, database: Database
) -> None:
    said = await guild.say(guild.general, "The install fails on Windows.")
    general = guild.discord.channels[guild.general]
    open_thread(guild.discord, general, {"name": "It fails"}, ALICE, said)
    await guild.say(said, "Which version?", user=BOB)
    async with open_bot(guild, database) as bot:
        await guild.mention(said, "what can they do?")
        await guild.answered(said)
    [question] = bot.answers.asked
    before = ["The install fails on Windows.", "Which version?"]
    assert [message.text for message in question.context] == before


async def test_a_bare_mention_is_told_what_to_do(guild: DiscordGuild, database: Database) -> None:
    async with open_bot(guild, database) as bot:
        asked = await guild.mention(guild.general, "")
        [note] = await guild.answered(guild.general)
        await settled(database)
    assert bot.answers.asked == []
    assert note.shown == NO_QUESTION
    assert note.reference is not None
    assert note.reference["message_id"] == asked


async def test_a_mention_in_a_reply_to_somebody_takes_their_message_up(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        other = await guild.say(guild.general, "How do I install it?", user=BOB)
        asked = await guild.mention(guild.general, "", reply_to=other)
        await guild.answered(asked)
    assert [question.text for question in bot.answers.asked] == ["How do I install it?"]


async def test_where_threads_are_not_allowed_replies_make_the_session(
    guild: DiscordGuild, database: Database
) -> None:
    guild.deny(guild.general, "CREATE_PUBLIC_THREADS")
    async with open_bot(guild, database) as bot:
        asked = await guild.mention(guild.general, "How do I install it?")
        [answer] = await guild.answered(guild.general)
        await settled(database)
        await guild.say(guild.general, "And on Windows?", reply_to=answer.id, ping=False)
        _, second = await guild.answered(guild.general, count=2)
        await settled(database)
        await guild.say(guild.general, "And on a Mac?", reply_to=second.id)
        await guild.answered(guild.general, count=3)
    assert answer.reference is not None
    assert answer.reference["message_id"] == asked
    assert len({question.session for question in bot.answers.asked}) == 1
    assert len(bot.answers.asked) == 3
    assert guild.called("create_thread_from_message") == []


async def test_a_post_in_a_forum_is_answered_with_its_title_where_that_is_wanted(
    guild: DiscordGuild, database: Database
) -> None:
    policy = DiscordPolicy(auto_answer_channels=frozenset({"#help"}))
    async with open_bot(guild, database, policy=policy) as bot:
        post = await guild.post("It does not start", "What can I do?")
        [answer] = await guild.answered(post)
        await settled(database)
        await guild.say(post, "And on Windows?")
        await guild.answered(post, count=2)
    first, second = bot.answers.asked
    assert first.text == "It does not start\n\nWhat can I do?"
    assert first.session == second.session
    assert answer.reference is not None
    assert answer.reference["message_id"] == post


async def test_a_post_is_answered_by_its_title_alone_without_the_intent(
    guild: DiscordGuild, database: Database
) -> None:
    policy = DiscordPolicy(auto_answer_channels=frozenset({guild.forum}))
    async with open_bot(guild, database, policy=policy, message_content=False) as bot:
        post = await guild.post("How do I start it?", "It does nothing.")
        await guild.answered(post)
    assert [question.text for question in bot.answers.asked] == ["How do I start it?"]


async def test_a_channel_can_be_answered_without_mentions_or_not_at_all(
    guild: DiscordGuild, database: Database
) -> None:
    asking, quiet = guild.add_channel("ask-docs"), guild.add_channel("quiet")
    policy = DiscordPolicy(
        auto_answer_channels=frozenset({"#ask-docs"}), blocked_channels=frozenset({quiet})
    )
    async with open_bot(guild, database, policy=policy) as bot:
        asked = await guild.say(asking, "How do I install it?")
        await guild.answered(asked)
        await guild.mention(quiet, "Here?")
        await guild.say(guild.general, "Or here?")
        await guild.dm(ALICE, "In private?")
        await guild.answered(guild.direct(ALICE))
    texts = [question.text for question in bot.answers.asked]
    assert texts == ["How do I install it?", "In private?"]


async def test_only_those_with_a_role_are_answered_where_one_is_asked_for(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(
        guild, database, policy=DiscordPolicy(allowed_roles=frozenset({"@staff"}))
    ) as bot:
        await guild.mention(guild.general, "May I?")
        await guild.dm(ALICE, "Or here?")
        await guild.dm(ADMIN, "And I, in private?")
        await guild.answered(guild.direct(ADMIN))
        asked = await guild.mention(guild.general, "And I?", user=ADMIN)
        await guild.answered(asked)
    texts = [question.text for question in bot.answers.asked]
    assert texts == ["And I, in private?", "And I?"]


async def test_an_edited_question_is_answered_again_in_place(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How do I instal it?")
        [before] = await guild.answered(asked)
        await guild.edit(asked, f"<@{guild.bot}> How do I remove it?")
        await guild.until(lambda: "remove" in guild.answers(asked)[0].shown)
        await settled(database)
    [after] = guild.answers(asked)
    assert after.id == before.id


async def test_a_preview_of_a_link_is_no_edit(guild: DiscordGuild, database: Database) -> None:
    async with open_bot(guild, database) as bot:
        asked = await guild.mention(guild.general, "What of https://example.org?")
        await guild.answered(asked)
        await guild.unfurl(asked)
        await guild.dm(ALICE, "the last one")
        await guild.answered(guild.direct(ALICE))
        await settled(database)
    assert len(bot.answers.asked) == 2


async def test_a_message_that_is_edited_into_a_question_is_answered(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database) as bot:
        asked = await guild.say(guild.general, "How do I install it?")
        await guild.edit(asked, f"<@{guild.bot}> How do I install it?")
        await guild.answered(asked)
        await settled(database)
    assert [question.text for question in bot.answers.asked] == ["How do I install it?"]


async def test_a_question_that_loses_its_mention_stays_one(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How do I instal it?")
        await guild.answered(asked)
        await guild.edit(asked, "How do I remove it?")
        await guild.until(lambda: "remove" in guild.answers(asked)[0].shown)


async def test_an_edit_while_the_answer_is_written_leaves_only_the_new_answer(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(claims=[" One.", " Two."])
    async with open_bot(guild, database, answers=answers):
        asked = await guild.mention(guild.general, "How do I instal it?")
        await guild.answered(asked)
        answers.step()
        await guild.edit(asked, f"<@{guild.bot}> How do I remove it?")
        answers.step(4)
        await guild.until(lambda: "remove it? One. Two." in guild.answers(asked)[0].shown)
        await settled(database)
    [answer] = guild.answers(asked)
    assert "instal " not in answer.shown


@pytest.mark.parametrize("root", [True, False], ids=["a thread's first message", "a follow-up"])
async def test_a_deleted_question_has_its_answer_removed(
    guild: DiscordGuild, database: Database, *, root: bool
) -> None:
    async with open_bot(guild, database):
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        follow_up = await guild.say(asked, "And on Windows?")
        await guild.answered(asked, count=2)
        await settled(database)
        await guild.delete(asked if root else follow_up)
        await guild.until(lambda: len(guild.answers(asked)) == 1)
        await settled(database)
    [left] = guild.answers(asked)
    assert ("Windows" in left.shown) == root


async def test_questions_that_a_moderator_deletes_in_bulk_have_their_answers_removed(
    guild: DiscordGuild, database: Database
) -> None:
    guild.deny(guild.general, "CREATE_PUBLIC_THREADS")
    async with open_bot(guild, database):
        first = await guild.mention(guild.general, "How?")
        [answer] = await guild.answered(guild.general)
        await settled(database)
        second = await guild.say(guild.general, "And on Windows?", reply_to=answer.id)
        await guild.answered(guild.general, count=2)
        await settled(database)
        await guild.delete(first, second)
        await guild.until(lambda: not guild.answers(guild.general))


async def test_a_question_deleted_while_it_is_answered_leaves_nothing(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(claims=[" One."])
    async with open_bot(guild, database, answers=answers):
        asked = await guild.dm(ALICE, "How?")
        await guild.answered(guild.direct(ALICE))
        await guild.delete(asked)
        await guild.until(lambda: not guild.answers(guild.direct(ALICE)))
        await settled(database)
    assert guild.answers(guild.direct(ALICE)) == []


async def test_a_text_file_is_read_and_any_other_is_told_of(
    guild: DiscordGuild, database: Database
) -> None:
    files = [
        guild.upload("error.log", b"E42: no such table"),
        guild.upload("screen.png", b"\x89PNG", "image/png"),
    ]
    async with open_bot(guild, database) as bot:
        await guild.dm(ALICE, "What is this?", files=files)
        await guild.answered(guild.direct(ALICE), count=2)
        await settled(database)
    [question] = bot.answers.asked
    assert question.text == "What is this?\n\nerror.log:\n```\nE42: no such table\n```"
    shown = [message.shown for message in guild.answers(guild.direct(ALICE))]
    assert any("screen.png" in text for text in shown)


async def test_what_docs_or_models_write_alerts_nobody_and_shows_no_previews(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database):
        text = f"@everyone <@{BOB}> https://evil.example"
        asked = await guild.mention(guild.general, text)
        [answer] = await guild.answered(asked)
        await settled(database)
    assert answer.pinged == set()
    assert answer.body["allowed_mentions"] == {"parse": []}
    assert answer.flags & 1 << 2, "link previews are suppressed"
    assert "https://evil.example" not in answer.shown


async def test_chatter_costs_no_query(guild: DiscordGuild, database: Database) -> None:
    watched = FaultyDatabase(database)
    async with open_bot(guild, watched):
        await caught_up(database)
        before = len(watched.statements)
        for n in range(10):
            await guild.say(guild.general, f"chatter {n}")
        await guild.dm(ALICE, "How?")
        await guild.answered(guild.direct(ALICE))
    assert "INSERT INTO turns" in watched.statements[before]
