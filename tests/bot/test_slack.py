"""What the settings make of Slack."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from adapters.slack.manifest import manifest
from bot.platforms import configured_manifest, configured_platforms
from bot.settings import Settings
from bot.settings.groups import ServerSettings
from bot.settings.platforms import SlackSettings
from bot.slack import channel_policy, slack_credentials
from core.errors import ConfigurationError
from core.model import Scope

SECRET = "0123456789abcdef0123456789abcdef"


def settings(*, public_url: str | None = None, **slack: Any) -> Settings:
    server = ServerSettings.model_validate({"public_url": public_url})
    return Settings(slack=SlackSettings.model_validate(slack), server=server)


def test_without_a_token_there_is_no_platform() -> None:
    assert slack_credentials(settings()) is None
    assert configured_platforms(settings()) == []


def test_the_credentials_are_those_of_the_settings() -> None:
    found = slack_credentials(settings(bot_token="xoxb-1", app_token="xapp-1"))
    assert found is not None
    assert (found.bot_token, found.app_token) == ("xoxb-1", "xapp-1")
    assert found.base_url == "https://slack.com/api/"
    assert len(configured_platforms(settings(bot_token="xoxb-1", signing_secret=SECRET))) == 1


@pytest.mark.parametrize(
    ("slack", "said"),
    [
        ({"app_token": "xapp-1"}, "SLACK_BOT_TOKEN is not"),
        ({"bot_token": "xoxb-1"}, "set up by half"),
        ({"bot_token": "xapp-1", "app_token": "xapp-1"}, "SLACK_BOT_TOKEN holds"),
    ],
)
def test_slack_by_half_is_an_error_and_no_chat_in_the_terminal(
    slack: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        configured_platforms(settings(**slack))


def test_the_address_can_be_set() -> None:
    gov = settings(bot_token="xoxb-1", base_url="https://slack-gov.com/api/")
    found = slack_credentials(gov)
    assert found is not None
    assert found.base_url == "https://slack-gov.com/api/"


def test_channels_are_comma_separated_and_unset_ones_forbid_nothing() -> None:
    scope = Scope(frozenset({"docs"}))
    policy = channel_policy(settings(), scope)
    assert policy.admits("C1", shared=False)
    assert not policy.admits("C1", shared=True)
    assert policy.scope == scope
    strict = settings(allowed_channels="C1, C2", blocked_channels="C2", follow_ups="false")
    policy = channel_policy(strict, scope)
    assert [policy.admits(c, shared=False) for c in ("C1", "C2", "C3")] == [True, False, False]
    assert policy.mention_only


def test_the_manifest_is_that_of_the_configured_transport() -> None:
    socket = manifest("socket")
    assert configured_manifest(settings()) == socket
    assert configured_manifest(settings(app_token="xapp-1", signing_secret=SECRET)) == socket
    http = settings(signing_secret=SECRET, public_url="https://bot.acme.com")
    assert configured_manifest(http) == manifest("http", "https://bot.acme.com/")
    assert "docent.example.com" in repr(configured_manifest(settings(signing_secret=SECRET)))


def test_the_tokens_are_secrets() -> None:
    tokens = {"bot_token": "xoxb-1", "app_token": "xapp-1", "config_token": "xoxe.xoxp-1"}
    found = settings(**tokens, signing_secret=SECRET)
    assert sorted(found.secrets()) == sorted([*tokens.values(), SECRET])
    assert isinstance(found.slack.bot_token, SecretStr)
