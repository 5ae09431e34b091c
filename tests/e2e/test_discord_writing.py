"""Discord end to end: how an answer grows, and what becomes of a long one."""

from __future__ import annotations

from adapters.chat.writing import Rhythm
from core.ports import Database
from tests.support.discord_bot import open_bot, settled
from tests.support.discord_faults import Fault
from tests.support.discord_server import ALICE, DiscordGuild
from tests.support.slack_bot import Answers, about_to_post

PARAGRAPH = "\n\nThis is a paragraph of which there are many, each with words of its own: {n}."
MOST = 2_000


async def test_an_answer_grows_in_place_with_a_button_that_stops_it(
    guild: DiscordGuild, database: Database
) -> None:
    answers, direct = Answers(claims=[" One.", " Two."]), guild.direct(ALICE)
    async with open_bot(guild, database, answers=answers):
        await guild.dm(ALICE, "How?")
        [answer] = await guild.answered(direct)
        assert list(answer.buttons.values()) == ["Stop"]
        answers.step()
        await guild.until(lambda: "One." in answer.shown)
        answers.step()
        await guild.until(lambda: "Two." in answer.shown)
        await settled(database)
    assert len(guild.answers(direct)) == 1
    assert "Stop" not in answer.buttons.values()
    assert "👍" in answer.buttons.values()
    assert "Sources" in answer.shown


async def test_an_answer_that_is_quick_is_posted_once_and_whole(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_bot(guild, database, rhythm=Rhythm()):
        await guild.dm(ALICE, "How?")
        await guild.answered(guild.direct(ALICE))
        await settled(database)
    assert guild.called("update_message") == []


async def test_a_text_of_2001_characters_arrives_whole(
    guild: DiscordGuild, database: Database
) -> None:
    text = "=" + "a word " * 285 + "ending"
    assert len(text) - 1 == MOST + 1
    answers, direct = Answers(claims=[text]), guild.direct(ALICE)
    answers.step()
    async with open_bot(guild, database, answers=answers):
        await guild.dm(ALICE, "How?")
        await guild.until(lambda: any("ending" in m.shown for m in guild.answers(direct)))
        await settled(database)
    shown = [message.content for message in guild.answers(direct)]
    assert len(shown) >= 2
    assert all(len(content) <= MOST for content in shown)
    assert " ".join(shown).count("a word") == 285


async def test_a_long_answer_goes_on_in_further_messages_while_it_is_written(
    guild: DiscordGuild, database: Database
) -> None:
    claims = [PARAGRAPH.format(n=n) for n in range(60)]
    answers = Answers(claims=claims)
    async with open_bot(guild, database, answers=answers):
        asked = await guild.mention(guild.general, "How?")
        await guild.answered(asked)
        answers.step(40)
        await guild.until(lambda: len(guild.answers(asked)) >= 2)
        assert [bool(message.buttons) for message in guild.answers(asked)] == [False, True]
        answers.step(20)
        await settled(database)
    messages = guild.answers(asked)
    whole = "\n\n".join(message.content for message in messages)
    assert [f"own: {n}." in whole for n in range(60)] == [True] * 60
    assert all(len(message.content) <= MOST for message in messages)
    assert [bool(message.buttons) for message in messages] == [
        *(False for _ in messages[1:]),
        True,
    ]


async def test_a_code_block_that_is_cut_is_closed_and_opened_again(
    guild: DiscordGuild, database: Database
) -> None:
    code = "\n".join(f"line_{n} = {n}  # a comment of some length" for n in range(80))
    answers, direct = Answers(claims=[f"\n\n```python\n{code}\n```"]), guild.direct(ALICE)
    answers.step()
    async with open_bot(guild, database, answers=answers):
        await guild.dm(ALICE, "How?")
        await guild.until(lambda: any("line_79" in m.shown for m in guild.answers(direct)))
        await settled(database)
    for message in guild.answers(direct):
        assert message.content.count("```") % 2 == 0


async def test_what_a_text_replaced_took_less_room_than_is_removed(
    guild: DiscordGuild, database: Database
) -> None:
    claims = [*(PARAGRAPH.format(n=n) for n in range(40)), "=Short."]
    answers, direct = Answers(claims=claims), guild.direct(ALICE)
    async with open_bot(guild, database, answers=answers):
        await guild.dm(ALICE, "How?")
        answers.step(40)
        await guild.until(lambda: len(guild.answers(direct)) >= 2)
        answers.step()
        await guild.until(lambda: len(guild.answers(direct)) == 1)
        await settled(database)
    [left] = guild.answers(direct)
    assert left.content.startswith("Short.")


async def test_an_edit_that_makes_an_answer_shorter_leaves_nothing_of_the_longer_one(
    guild: DiscordGuild, database: Database
) -> None:
    long, direct = "And so on, and on. " * 150, guild.direct(ALICE)
    async with open_bot(guild, database):
        asked = await guild.dm(ALICE, long)
        await guild.answered(direct, count=2)
        await settled(database)
        await guild.edit(asked, "Shorter?")
        await guild.until(lambda: len(guild.answers(direct)) == 1)
        await settled(database)
    [left] = guild.answers(direct)
    assert left.content.startswith("You asked: Shorter?")


async def test_while_an_edit_is_under_way_what_comes_is_shown_in_one(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(claims=[f" {n}." for n in range(50)])
    guild.faults.add(Fault("update_message", delay=0.3, status=None, times=1))
    async with open_bot(guild, database, answers=answers):
        await guild.dm(ALICE, "How?")
        await guild.answered(guild.direct(ALICE))
        answers.step(50)
        await settled(database)
    assert len(guild.called("update_message")) <= 10
    assert " 49." in guild.answers(guild.direct(ALICE))[0].shown


async def test_edits_keep_to_the_rates_that_discord_tells(
    guild: DiscordGuild, database: Database
) -> None:
    guild.rates.limit("update_message", 2, 0.5)
    answers = Answers(claims=[f" {n}." for n in range(8)], slow=False)
    async with open_bot(guild, database, answers=answers):
        await guild.dm(ALICE, "How?")
        [answer] = await guild.answered(guild.direct(ALICE))
        for n in range(8):
            answers.step()
            await guild.until(lambda n=n: f" {n}." in answer.shown)  # type: ignore[misc]
        await settled(database)
    assert guild.rates.refused == 0
    times = [call.at for call in guild.called("update_message")]
    assert times[-1] - times[0] >= 1.0, "no more than two in half a second"


async def test_a_question_that_is_edited_just_before_its_first_word_is_answered_once(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(silent=True, found=True)
    async with open_bot(guild, database, answers=answers):
        asked = await guild.mention(guild.general, "How?")
        await about_to_post(database)
        await guild.edit(asked, f"<@{guild.bot}> How else?")
        await guild.until(lambda: len(answers.asked) == 2)
        answers.step()
        await settled(database)
    [answer] = guild.answers(asked)
    assert answer.shown.startswith("You asked: How else?")


async def test_a_question_that_is_deleted_just_before_its_first_word_gets_no_answer(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(silent=True, found=True)
    async with open_bot(guild, database, answers=answers):
        asked = await guild.mention(guild.general, "How?")
        await about_to_post(database)
        await guild.delete(asked)
        await settled(database)
    assert guild.answers(asked) == []
