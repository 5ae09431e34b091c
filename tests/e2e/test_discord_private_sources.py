"""A private source is answered from where the settings bind it, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.chat.wording import NOT_FROM_HERE
from adapters.discord.commands import ABOUT_THIS
from adapters.discord.policy import DiscordPolicy
from adapters.discord.private import private_question
from bot.app import assemble
from bot.discord import discord_policy
from bot.parts import App, Embedding
from bot.settings import Settings
from bot.settings.source import SourceSettings
from core.backends.extractive import ExtractiveChatModel
from core.backends.postgres import Postgres
from core.backends.qdrant_edge import open_edge
from core.conversation.inbox import Inbox
from tests.support.discord_bot import settled
from tests.support.discord_interactions import Interaction
from tests.support.discord_server import ALICE, BOB, GUILD, DiscordGuild
from tests.support.discord_state import Message
from tests.support.discord_surfaces import open_surfaces
from tests.support.embedder import HashingEmbedder

SECRET = "lighthouse"
ASKED = "What is the password of the vault?"
PUBLIC = "# Vault\n\nThe password of the vault is known to the keeper.\n"
PRIVATE = f"# Vault\n\nThe password of the vault is {SECRET}.\n"


@dataclass
class Company:
    """A server with a channel that a private source is bound to."""

    guild: DiscordGuild
    app: App
    database: Postgres
    board: str
    policy: DiscordPolicy

    async def asked(self, channel: str, text: str = ASKED) -> Message:
        """The whole answer to a mention, in a thread of its own."""
        return await self.followed_up(await self.guild.mention(channel, text))

    async def followed_up(self, thread: str, count: int = 1) -> Message:
        """The last of so many whole answers there."""
        await self.guild.answered(thread, count=count)
        await settled(self.database)
        return self.guild.answers(thread)[-1]

    async def asked_privately(self, channel: str, user: str = ALICE) -> Interaction:
        """`/ask` with the whole answer."""
        asked = await self.guild.command("ask", {"question": ASKED}, user, channel)
        await self.guild.until(lambda: "evidence" in str([m.buttons for m in asked.messages]))
        return asked

    def seen_outside(self) -> str:
        """All that was ever shown elsewhere, to anybody."""
        state = self.guild.discord
        inside = {self.board} | {c.id for c in state.channels.values() if c.parent == self.board}
        elsewhere = [m for m in state.messages.values() if m.channel not in inside]
        return "\n".join("\n".join([m.shown, *m.versions]) for m in elsewhere)


def button(message: Message, label: str) -> str:
    """The id of the button with that label."""
    return next(found for found, shown in message.buttons.items() if shown == label)


@pytest.fixture
async def company(
    guild: DiscordGuild, database: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Company]:
    monkeypatch.chdir(tmp_path)
    for name, text in {"handbook": PUBLIC, "minutes": PRIVATE}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "vault.md").write_text(text, "utf-8")
    board = guild.add_channel("board")
    bound = (f"discord:{board}",)
    sources = (
        SourceSettings(name="handbook", folder=tmp_path / "handbook"),
        SourceSettings(name="minutes", folder=tmp_path / "minutes", channels=bound),
    )
    settings = Settings(sources=sources)
    async with open_edge(tmp_path / "index") as index:
        models = [ExtractiveChatModel()]
        app = await assemble(settings, index, database, Embedding(HashingEmbedder()), models)
        await app.syncer.sync(app.sources)
        yield Company(guild, app, database, board, discord_policy(settings, app.scope))


@asynccontextmanager
async def _bot(company: Company, policy: DiscordPolicy | None = None) -> AsyncIterator[None]:
    async with open_surfaces(
        company.guild,
        company.database,
        answers=company.app.assistant,
        policy=policy or company.policy,
    ):
        yield


async def test_a_mention_is_answered_from_it_in_the_channel_that_it_is_bound_to_alone(
    company: Company,
) -> None:
    guild = company.guild
    async with _bot(company):
        assert SECRET in (await company.asked(company.board)).shown
        assert "keeper" in (await company.asked(guild.general)).shown
        await guild.dm(ALICE, ASKED)
        assert "keeper" in (await company.followed_up(guild.direct(ALICE))).shown
    assert SECRET not in company.seen_outside()


async def test_a_channel_of_that_name_in_another_server_does_not_have_it(company: Company) -> None:
    guild = company.guild
    away = guild.add_channel("board", guild=guild.add_guild(str(int(GUILD) + 100), "Elsewhere"))
    async with _bot(company):
        assert "keeper" in (await company.asked(away)).shown
    assert SECRET not in company.seen_outside()


async def test_a_follow_up_is_answered_from_what_its_own_channel_has(company: Company) -> None:
    guild = company.guild
    async with _bot(company):
        inside = await guild.mention(company.board, ASKED)
        await company.followed_up(inside)
        await guild.mention(inside, "And what is the password?")
        assert SECRET in (await company.followed_up(inside, count=2)).shown
        outside = await guild.mention(guild.general, ASKED)
        await company.followed_up(outside)
        await guild.mention(outside, "And what is the password?")
        await company.followed_up(outside, count=2)
    assert SECRET not in company.seen_outside()


async def test_a_command_and_the_menu_have_the_scope_of_their_channel(company: Company) -> None:
    guild = company.guild
    async with _bot(company):
        assert SECRET in (await company.asked_privately(company.board)).shown
        assert "keeper" in (await company.asked_privately(guild.general)).shown
        assert "keeper" in (await company.asked_privately(guild.direct(BOB), BOB)).shown
        asked = await guild.say(guild.general, ASKED, user=BOB)
        await guild.context_menu(ABOUT_THIS, asked)
        assert "keeper" in (await company.followed_up(asked)).shown
    assert SECRET not in company.seen_outside()


async def test_an_answer_can_be_shared_in_the_channel_that_it_was_given_in(
    company: Company,
) -> None:
    guild = company.guild
    async with _bot(company):
        asked = await company.asked_privately(company.board)
        await guild.press(asked.messages[-1].id, button(asked.messages[-1], "Share"))
        await guild.until(lambda: SECRET in str([m.shown for m in guild.answers(company.board)]))
    assert SECRET not in company.seen_outside()


async def test_the_evidence_of_an_answer_that_reached_another_place_is_not_shown_there(
    company: Company,
) -> None:
    """The interaction's token expired, so the answer came as a direct message."""
    guild = company.guild
    scope = company.policy.scope_in([company.board])
    asked = private_question(GUILD, company.board, "gone", "7", ALICE, ASKED, scope)
    await Inbox(company.database, worker="ours", lease_seconds=6.0).accept(asked)
    direct = guild.direct(ALICE)
    async with _bot(company):
        answer = await company.followed_up(direct)
        assert SECRET in answer.shown
        for label in ("Show evidence", "Share"):
            pressed = await guild.press(answer.id, button(answer, label))
            await guild.until(lambda: NOT_FROM_HERE in pressed.shown)  # noqa: B023 - waited for
    assert guild.answers(direct) == [answer]


async def test_the_evidence_is_shown_where_the_answer_may_be(company: Company) -> None:
    guild = company.guild
    async with _bot(company):
        answer = await company.asked(company.board)
        pressed = await guild.press(answer.id, button(answer, "Show evidence"), BOB)
        await guild.until(lambda: SECRET in pressed.shown)


async def test_a_source_that_is_taken_from_a_channel_is_gone_from_its_threads_too(
    company: Company,
) -> None:
    guild = company.guild
    async with _bot(company):
        thread = await guild.mention(company.board, ASKED)
        old = await company.followed_up(thread)
        assert SECRET in old.shown
    async with _bot(company, DiscordPolicy(scope=company.app.scope)):
        await guild.mention(thread, "What is the password of the vault again?")
        assert SECRET not in (await company.followed_up(thread, count=2)).shown
        pressed = await guild.press(old.id, button(old, "Show evidence"))
        await guild.until(lambda: NOT_FROM_HERE in pressed.shown)
        await guild.edit(thread, f"<@{guild.bot}> {ASKED} Please.")
        await guild.until(lambda: SECRET not in old.shown)
    assert not any(SECRET in whisper.shown for whisper in guild.whispers())
