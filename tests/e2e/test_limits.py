"""What people learn of limits: what is left, when to ask again, how long the line is."""

from __future__ import annotations

from dataclasses import replace

from adapters.chat.wording import LOST
from adapters.discord.commands import ABOUT_THIS
from adapters.slack.manifest import ASK, ASK_ABOUT_THIS, QUOTA
from adapters.slack.rendering import TRY
from core.conversation.limits import Limits, LimitSettings
from core.errors import ServiceUnavailable
from core.ports import Database
from tests.support.discord_server import ALICE as ALICE_ON_DISCORD
from tests.support.discord_server import BOB as BOB_ON_DISCORD
from tests.support.discord_server import DiscordGuild
from tests.support.discord_surfaces import open_surfaces as open_discord
from tests.support.slack_bot import DISPATCH, Answers
from tests.support.slack_server import ALICE, BOB, SlackWorkspace
from tests.support.slack_surfaces import open_surfaces as open_slack

ONE_EACH = LimitSettings(per_person=1)
TOO_MANY = "You have asked 1 question within an hour"
AGAIN = "Please ask again in 60 minutes."
ONE_AT_A_TIME = replace(DISPATCH, running=1)


async def quota_of(person: str) -> str:
    return f"Cohere: 12 of 1,000 calls are left for {person}."


async def away(person: str) -> str:
    raise ServiceUnavailable("PostgreSQL", "could not be reached.")


def heard(workspace: SlackWorkspace, text: str, user: str = ALICE) -> bool:
    return any(text in each.shown for each in workspace.whispers(user))


async def test_quota_is_told_to_whoever_asks_in_slack_alone(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_slack(workspace, database, quota=quota_of, http=http):
        delivery = await workspace.command(QUOTA)
        await workspace.until(lambda: heard(workspace, f"12 of 1,000 calls are left for {ALICE}"))
    assert delivery.acknowledged
    assert workspace.whispers(BOB) == []
    assert workspace.slack.in_channel(workspace.general) == []


async def test_a_quota_that_cannot_be_read_is_apologised_for_in_slack(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_slack(workspace, database, quota=away):
        await workspace.command(QUOTA)
        await workspace.until(lambda: heard(workspace, "PostgreSQL: could not be reached"))


async def test_quota_is_told_to_whoever_asks_in_discord_alone(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_discord(guild, database, quota=quota_of):
        asked = await guild.command("quota")
        await guild.until(lambda: "12 of 1,000 calls are left" in asked.shown)
    assert ALICE_ON_DISCORD in asked.shown
    assert [message.viewer for message in asked.messages] == [ALICE_ON_DISCORD]
    assert guild.messages(guild.general) == []


async def test_a_quota_that_cannot_be_read_is_apologised_for_in_discord(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_discord(guild, database, quota=away):
        asked = await guild.command("quota")
        await guild.until(lambda: "PostgreSQL: could not be reached" in asked.shown)


async def test_who_asks_too_much_in_slack_is_told_when_to_ask_again(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers()
    async with open_slack(workspace, database, answers=answers, limits=Limits(ONE_EACH)):
        first = await workspace.mention(workspace.general, "How?")
        await workspace.answered(workspace.general, first)
        second = await workspace.mention(workspace.general, "Why?")
        await workspace.until(lambda: heard(workspace, TOO_MANY))
        await workspace.settled()
        assert heard(workspace, AGAIN)
        third = await workspace.mention(workspace.general, "Who?", user=BOB)
        await workspace.answered(workspace.general, third)
    assert workspace.answers(workspace.general, second) == []
    assert [question.text for question in answers.asked] == ["How?", "Who?"]
    assert await database.fetch("SELECT FROM turns WHERE text = 'Why?'") == []


async def test_commands_the_shortcut_and_the_home_in_slack_have_the_same_limit(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_slack(
        workspace, database, limits=Limits(ONE_EACH), questions=["How does it work?"]
    ):
        await workspace.command(ASK, "How?")
        await workspace.until(lambda: heard(workspace, "You asked: How?"))
        await workspace.command(ASK, "Why?")
        await workspace.until(lambda: heard(workspace, TOO_MANY))
        ts = await workspace.post(workspace.general, "Who?", user=BOB)
        refusals = len([w for w in workspace.whispers() if TOO_MANY in w.shown])
        await workspace.shortcut(ASK_ABOUT_THIS, workspace.general, ts)
        await workspace.until(
            lambda: len([w for w in workspace.whispers() if TOO_MANY in w.shown]) > refusals
        )
        await workspace.open_home()
        await workspace.until(lambda: workspace.slack.views)
        await workspace.press_home(TRY, "How does it work?")
        direct = workspace.direct()
        await workspace.until(
            lambda: any(TOO_MANY in m.shown for m in workspace.slack.in_channel(direct))
        )
    assert not heard(workspace, LOST)


async def test_who_edits_a_question_again_and_again_is_told_so(
    workspace: SlackWorkspace, database: Database
) -> None:
    limits = Limits(LimitSettings(per_person=2))
    async with open_slack(workspace, database, limits=limits):
        ts = await workspace.mention(workspace.general, "How?")
        await workspace.answered(workspace.general, ts)
        us = workspace.slack.bot_user
        await workspace.edit(workspace.general, ts, f"<@{us}> How so?")
        await workspace.until(
            lambda: "How so?" in workspace.answers(workspace.general, ts)[-1].shown
        )
        await workspace.edit(workspace.general, ts, f"<@{us}> How on earth?")
        await workspace.until(lambda: heard(workspace, "You have asked 2 questions"))
    assert "How so?" in workspace.answers(workspace.general, ts)[-1].shown


async def test_who_asks_too_much_in_discord_is_told_when_to_ask_again(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_discord(guild, database, limits=Limits(ONE_EACH)):
        await guild.dm(ALICE_ON_DISCORD, "How?")
        direct = guild.direct(ALICE_ON_DISCORD)
        await guild.until(lambda: any("How?" in m.content for m in guild.answers(direct)))
        await guild.dm(ALICE_ON_DISCORD, "Why?")
        await guild.until(lambda: any(TOO_MANY in m.content for m in guild.answers(direct)))
        assert any(AGAIN in m.content for m in guild.answers(direct))
        asked = await guild.command("ask", {"question": "Who?"})
        await guild.until(lambda: TOO_MANY in asked.shown)
        said = await guild.say(guild.general, "What is this?", user=BOB_ON_DISCORD)
        below = await guild.context_menu(ABOUT_THIS, said)
        await guild.until(lambda: TOO_MANY in below.shown)
        other = await guild.command("ask", {"question": "Who?"}, BOB_ON_DISCORD)
        await guild.until(lambda: "You asked: Who?" in other.shown)


async def test_a_question_that_is_too_long_is_not_taken(
    workspace: SlackWorkspace, database: Database
) -> None:
    limits = Limits(LimitSettings(characters=100))
    async with open_slack(workspace, database, limits=limits):
        await workspace.mention(workspace.general, "How? " * 100)
        await workspace.until(lambda: heard(workspace, "I read at most 100."))
    assert heard(workspace, "Please shorten it")


async def test_in_slack_the_status_tells_how_long_the_line_is(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers(silent=True)
    async with open_slack(workspace, database, answers=answers, settings=ONE_AT_A_TIME):
        asked = [await workspace.mention(workspace.general, f"How {n}?") for n in range(5)]
        await workspace.until(
            lambda: any("3 questions are before" in str(s) for s in workspace.slack.statuses)
        )
        answers.step(5)
        for ts in asked:
            await workspace.answered(workspace.general, ts)


async def test_who_asks_slack_privately_is_told_how_long_the_line_is(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers(silent=True)
    async with open_slack(workspace, database, answers=answers, settings=ONE_AT_A_TIME):
        for n in range(5):
            await workspace.command(ASK, f"How {n}?")
        await workspace.until(lambda: heard(workspace, "3 questions are before yours…"))
        answers.step(5)
        for n in range(5):
            await workspace.until(lambda: heard(workspace, f"You asked: How {n}?"))  # noqa: B023


async def test_in_discord_the_answer_takes_the_place_of_the_word_about_the_line(
    guild: DiscordGuild, database: Database
) -> None:
    answers = Answers(silent=True)
    async with open_discord(guild, database, answers=answers, settings=ONE_AT_A_TIME):
        asked = [await guild.command("ask", {"question": f"How {n}?"}) for n in range(5)]
        await guild.until(
            lambda: any("3 questions are before yours…" in each.shown for each in asked)
        )
        answers.step(5)
        await guild.until(lambda: all("You asked: How" in each.shown for each in asked))
    assert not any("before yours" in each.shown for each in asked)
    assert {len(each.messages) for each in asked} == {1}


async def test_who_may_not_ask_is_told_so_on_both_platforms_and_nothing_of_it_is_stored(
    workspace: SlackWorkspace, guild: DiscordGuild, database: Database
) -> None:
    limits = Limits(
        LimitSettings(people={name: frozenset({"somebody"}) for name in ("slack", "discord")})
    )
    async with open_slack(workspace, database, limits=limits):
        await workspace.mention(workspace.general, "How?")
        await workspace.until(lambda: heard(workspace, "you are not among them"))
    async with open_discord(guild, database, limits=limits):
        asked = await guild.command("ask", {"question": "How?"})
        await guild.until(lambda: "you are not among them" in asked.shown)
    assert await database.fetch("SELECT FROM turns") == []
