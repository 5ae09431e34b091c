"""`/reingest` in Discord: who may, what it shows, and where its end is told."""

from __future__ import annotations

import asyncio

import pytest

from adapters.chat.sync_texts import ALREADY, STARTED, STOPPED
from adapters.discord.reingest import NOT_LISTED, REFUSED
from core.errors import SyncRunning
from core.ports import Database
from tests.support.desk import until
from tests.support.discord_interactions import Interaction, Response
from tests.support.discord_server import ADMIN, ALICE, BOB, GUILD, DiscordGuild
from tests.support.discord_state import Message
from tests.support.discord_surfaces import open_surfaces
from tests.support.slack_surfaces import PlayedSync, moment

EXPIRED = 15 * 60 + 1
DONE = "Done in 12 s"


async def reingest(
    guild: DiscordGuild, source: str | None = None, user: str = ADMIN, *, overridden: bool = False
) -> Interaction:
    options = {} if source is None else {"source": source}
    return await guild.command("reingest", options, user, overridden=overridden)


async def message_with(guild: DiscordGuild, channel: str, text: str) -> Message:
    """The bot's message with that text, once it is there."""
    await guild.until(lambda: [m for m in guild.answers(channel) if text in m.shown])
    return next(m for m in guild.answers(channel) if text in m.shown)


async def test_progress_and_the_end_are_shown_in_one_message(
    guild: DiscordGuild, database: Database
) -> None:
    sync = PlayedSync(moments=[moment(10)])
    async with open_surfaces(guild, database, sync=sync):
        asked = await reingest(guild, "handbook")
        await guild.until(lambda: "10/40 docs" in asked.shown)
        sync.go.set()
        await guild.until(lambda: DONE in asked.shown)
    assert asked.response is Response.MESSAGE
    [message] = guild.answers(guild.general)
    assert message.versions[0] == STARTED
    assert message.viewer is None
    assert sync.asked == ["handbook"]


async def test_the_message_is_not_renewed_more_often_than_it_may(
    guild: DiscordGuild, database: Database
) -> None:
    sync = PlayedSync(moments=[moment(n) for n in range(20)])
    async with open_surfaces(guild, database, sync=sync, every=30.0):
        asked = await reingest(guild)
        await guild.until(lambda: "19/40 docs" in asked.shown)
        assert sync.tell is not None
        sync.tell(moment(20))
        sync.go.set()
        await guild.until(lambda: DONE in asked.shown)
    assert len(guild.called("update_original_webhook_message")) == 2


async def test_discord_offers_it_to_those_who_manage_the_server(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database):
        with pytest.raises(AssertionError, match="does not offer"):
            await reingest(guild, user=ALICE)


@pytest.mark.parametrize(("admins", "said"), [((), REFUSED), ((BOB,), NOT_LISTED)])
async def test_who_may_not_is_refused_whatever_the_server_allows_and_that_is_logged(
    guild: DiscordGuild,
    database: Database,
    caplog: pytest.LogCaptureFixture,
    admins: tuple[str, ...],
    said: str,
) -> None:
    sync = PlayedSync()
    async with open_surfaces(guild, database, sync=sync, admins=admins):
        asked = await reingest(guild, user=ALICE, overridden=True)
        await guild.until(lambda: said in asked.shown)
    assert [message.viewer for message in asked.messages] == [ALICE]
    assert sync.asked == []
    assert f"by {ALICE} of all sources was refused" in caplog.text


async def test_where_people_are_named_managing_the_server_is_not_enough(
    guild: DiscordGuild, database: Database
) -> None:
    async with open_surfaces(guild, database, admins=[BOB]):
        asked = await reingest(guild, user=ADMIN)
        await guild.until(lambda: NOT_LISTED in asked.shown)


@pytest.mark.parametrize("admins", [[BOB], [str(int(GUILD) + 2)]])
async def test_a_person_or_role_that_is_named_may(
    guild: DiscordGuild, database: Database, admins: list[str]
) -> None:
    writers = str(int(GUILD) + 2)
    guild.discord.guilds[GUILD].roles[writers] = ("writers", 0)
    guild.discord.guilds[GUILD].members[BOB] = [writers]
    sync = PlayedSync()
    sync.go.set()
    async with open_surfaces(guild, database, sync=sync, admins=admins):
        asked = await reingest(guild, user=BOB, overridden=True)
        await guild.until(lambda: DONE in asked.shown)


async def test_asked_while_one_runs_it_shows_that_one(
    guild: DiscordGuild, database: Database
) -> None:
    sync = PlayedSync(moments=[moment(10)])
    async with open_surfaces(guild, database, sync=sync):
        first = await reingest(guild)
        await until(lambda: bool(sync.asked))
        second = await reingest(guild, "handbook")
        await guild.until(lambda: "10/40 docs" in first.shown and "10/40 docs" in second.shown)
        assert second.messages[0].versions[0] == ALREADY
        sync.go.set()
        await guild.until(lambda: DONE in first.shown and DONE in second.shown)
    assert sync.asked == [None]


async def test_a_sync_outlasts_its_token_and_its_end_is_told_in_the_channel(
    guild: DiscordGuild, database: Database
) -> None:
    sync = PlayedSync()
    async with open_surfaces(guild, database, sync=sync):
        asked = await reingest(guild)
        await until(lambda: bool(sync.asked))
        guild.advance(EXPIRED)
        assert sync.tell is not None
        sync.tell(moment(30))
        message = await message_with(guild, guild.general, "30/40 docs")
        sync.go.set()
        await guild.until(lambda: DONE in message.shown)
    assert asked.shown == STARTED
    assert message.interaction is None
    assert message.id != asked.messages[0].id
    assert len(guild.answers(guild.general)) == 2


async def test_a_message_that_was_deleted_is_posted_anew(
    guild: DiscordGuild, database: Database
) -> None:
    sync = PlayedSync()
    async with open_surfaces(guild, database, sync=sync):
        await reingest(guild)
        await until(lambda: bool(sync.asked))
        guild.advance(EXPIRED)
        assert sync.tell is not None
        sync.tell(moment(30))
        message = await message_with(guild, guild.general, "30/40 docs")
        await guild.delete(message.id)
        sync.go.set()
        await message_with(guild, guild.general, DONE)


async def test_its_end_is_told_in_a_direct_message_where_the_bot_may_not_post(
    guild: DiscordGuild, database: Database
) -> None:
    sync = PlayedSync()
    async with open_surfaces(guild, database, sync=sync):
        guild.deny(guild.general, "SEND_MESSAGES")
        asked = await reingest(guild)
        await guild.until(lambda: STARTED in asked.shown)
        guild.advance(EXPIRED)
        sync.go.set()
        await message_with(guild, guild.direct(ADMIN), DONE)


async def test_where_nothing_can_be_told_any_more_discord_is_not_asked_again_and_again(
    guild: DiscordGuild, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    sync = PlayedSync()
    async with open_surfaces(guild, database, sync=sync, every=0.01):
        guild.deny(guild.general, "SEND_MESSAGES")
        guild.discord.users[ADMIN].closed = True
        await reingest(guild)
        await until(lambda: bool(sync.asked))
        guild.advance(EXPIRED)
        assert sync.tell is not None
        for done in range(5):
            sync.tell(moment(done))
            await asyncio.sleep(0.05)
        sync.go.set()
        await until(lambda: "/reingest by" in caplog.text and "failed" in caplog.text)
    refused = [call for call in guild.calls if call.status in {401, 403}]
    assert len(refused) <= 6


async def test_what_fails_is_said(guild: DiscordGuild, database: Database) -> None:
    sync = PlayedSync(end=SyncRunning("A sync runs elsewhere.", hint="Wait for it."))
    sync.go.set()
    async with open_surfaces(guild, database, sync=sync):
        asked = await reingest(guild)
        await guild.until(lambda: "not brought in" in asked.shown)
    assert "A sync runs elsewhere. Wait for it." in asked.shown


async def test_a_sync_that_a_shutdown_ends_says_so(guild: DiscordGuild, database: Database) -> None:
    sync = PlayedSync()
    async with open_surfaces(guild, database, sync=sync):
        asked = await reingest(guild)
        await until(lambda: bool(sync.asked))
    assert asked.shown == STOPPED
