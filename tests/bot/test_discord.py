"""What the settings make of Discord."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.discord import discord_credentials, discord_policy
from bot.doctor import examine
from bot.platforms import configured_platforms
from bot.settings import Settings
from bot.settings.groups import DocentSettings, DocsSettings
from bot.settings.platforms import DiscordSettings
from bot.settings.source import SourceSettings
from bot.sources import public_scope
from core.errors import ConfigurationError
from core.model import EVERYTHING
from tests.support.discord_rest import TOKEN
from tests.support.discord_server import open_discord


def settings(**discord: Any) -> Settings:
    return Settings(discord=DiscordSettings.model_validate(discord))


def test_without_a_token_there_is_no_discord() -> None:
    assert discord_credentials(settings(message_content=True)) is None


def test_the_credentials_are_those_of_the_settings() -> None:
    found = discord_credentials(settings(token=" a.b.c\n"))
    assert found is not None
    assert (found.token, found.api_url) == ("a.b.c", "https://discord.com/api/v10")
    proxied = discord_credentials(settings(token="a", base_url="http://127.0.0.1:1/api/"))
    assert proxied is not None
    assert proxied.api_url == "http://127.0.0.1:1/api"


def test_the_token_is_a_secret() -> None:
    assert "a.b.c" in settings(token="a.b.c").secrets()
    assert "a.b.c" not in repr(settings(token="a.b.c"))


def test_places_and_people_are_ids_or_names_however_they_are_written() -> None:
    policy = discord_policy(
        settings(
            auto_answer_channels="ask-docs,#help,123",
            blocked_channels="quiet",
            auto_answer_roles="newcomer",
            allowed_roles="@staff,456",
            blocked_roles="muted",
            follow_ups=False,
        ),
        EVERYTHING,
    )
    assert policy.auto_answer_channels == {"#ask-docs", "#help", "123"}
    assert policy.blocked_channels == {"#quiet"}
    assert policy.auto_answer_roles == {"@newcomer"}
    assert policy.allowed_roles == frozenset({"@staff", "456"})
    assert policy.blocked_roles == {"@muted"}
    assert policy.allowed_channels is None
    narrow = discord_policy(settings(allowed_channels="help"), EVERYTHING)
    assert narrow.allowed_channels == frozenset({"#help"})
    assert not policy.follow_ups


def bound_to(channel: str) -> Settings:
    source = SourceSettings(name="board", folder=Path(), channels=(f"discord:{channel}",))
    return Settings(discord=DiscordSettings.model_validate({"token": TOKEN}), sources=(source,))


def test_a_private_source_is_bound_to_a_channel_by_its_id_alone() -> None:
    configured = bound_to("112233445566778899")
    policy = discord_policy(configured, public_scope(configured))
    assert policy.bound == {"112233445566778899": {"board"}}
    assert len(configured_platforms(configured)) == 1
    with pytest.raises(ConfigurationError, match="discord:board, which may be in any server"):
        configured_platforms(bound_to("board"))


async def findings(tmp_path: Path, **discord: Any) -> dict[str, str]:
    configured = Settings(
        docent=DocentSettings(data_dir=tmp_path / "data"),
        docs=DocsSettings(folder=tmp_path),
        discord=DiscordSettings.model_validate(discord),
    )
    found = [each async for each in examine(configured)]
    return {each.part: each.as_rich().plain for each in found if "Discord" in each.part}


async def test_the_doctor_tells_of_discord_and_how_to_invite_it(tmp_path: Path) -> None:
    async with open_discord() as server:
        lines = await findings(tmp_path, token=server.token, base_url=server.api_url)
    assert lines["Discord"] == "✓ Discord: @docent in 1 server."
    assert lines["Discord intents"].startswith("✓ Discord intents: none is needed")
    assert "✓ Discord invitation: https://discord.com/oauth2/" in lines["Discord invitation"]


async def test_the_doctor_stops_at_what_is_no_token(tmp_path: Path) -> None:
    assert await findings(tmp_path) == {}
    lines = await findings(tmp_path, token="1100000000000000002")
    assert list(lines) == ["Discord"]
    assert lines["Discord"].startswith("✗ Discord: DISCORD_TOKEN holds an application's id")


@pytest.mark.parametrize("shards", [0, 1001])
def test_the_number_of_shards_is_bounded(shards: int) -> None:
    with pytest.raises(ValueError, match="shards"):
        settings(shards=shards)
