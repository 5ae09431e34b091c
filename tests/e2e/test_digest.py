"""Digests of what the docs lack, in the channels of both platforms."""

from __future__ import annotations

from adapters.discord.digest import DiscordDigest
from adapters.slack.digest import SlackDigest
from core.ports import Database
from tests.support import discord_bot, slack_bot
from tests.support.discord_server import GUILD, DiscordGuild
from tests.support.slack_server import SlackWorkspace


async def test_slack_is_told_in_its_channel_of_its_channels_alone(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with slack_bot.open_bot(workspace, database) as bot:
        digest = SlackDigest(bot.api, workspace.general)
        assert await digest.admits(("slack", "T1", "C1"))
        assert not await digest.admits(("slack", "T1", "D1"))
        assert not await digest.admits(("slack-private", "T1", "C1"))
        await digest.post("**What the docs lack**: “Who \\*brews\\* \\<!here\\> tea?”")
    (message,) = workspace.slack.in_channel(workspace.general)
    assert "What the docs lack" in message.shown
    assert "<!here>" not in message.shown


async def test_discord_is_told_in_its_channel_of_its_server_alone(
    guild: DiscordGuild, database: Database
) -> None:
    async with discord_bot.open_bot(guild, database) as bot:
        digest = DiscordDigest(bot.api, guild.general)
        assert await digest.admits(("discord", GUILD, "1"))
        assert not await digest.admits(("discord", "999", "1"))
        assert not await digest.admits(("discord", "@me", "1"))
        assert not await digest.admits(("discord-private", GUILD, "1"))
        await digest.post("**What the docs lack**: “Who?”")
    assert "What the docs lack" in guild.messages(guild.general)[-1].shown
