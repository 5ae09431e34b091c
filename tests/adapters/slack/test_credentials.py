"""A token in the wrong place is named by its kind, and never shown."""

from __future__ import annotations

import pytest

from adapters.slack.credentials import SlackCredentials
from core.errors import ConfigurationError

API = "https://slack.com/api/"
GOOD = {"bot_token": "xoxb-1-secret", "app_token": "xapp-1-A1-secret", "base_url": API}


@pytest.mark.parametrize(
    ("credentials", "transport"),
    [
        (SlackCredentials(**GOOD), "socket"),
        (SlackCredentials("xoxb-1", API, signing_secret="0123456789abcdef"), "http"),
        (SlackCredentials(**GOOD, signing_secret="0123456789abcdef"), "socket"),
        (SlackCredentials(**GOOD, config_token="xoxe.xoxp-1"), "socket"),
    ],
)
def test_good_ones_pass(credentials: SlackCredentials, transport: str) -> None:
    credentials.check()
    assert credentials.transport == transport


@pytest.mark.parametrize(
    ("wrong", "setting", "kind", "advice"),
    [
        ({"bot_token": "xapp-1-secret"}, "SLACK_BOT_TOKEN", "an app-level token", "xoxb-"),
        ({"bot_token": "xoxp-1-secret"}, "SLACK_BOT_TOKEN", "a user token", "xoxb-"),
        ({"bot_token": "xoxe.xoxb-secret"}, "SLACK_BOT_TOKEN", "that expires", "xoxb-"),
        ({"bot_token": "secret"}, "SLACK_BOT_TOKEN", "no token that Slack issues", "xoxb-"),
        ({"app_token": "xoxb-1-secret"}, "SLACK_APP_TOKEN", "a bot token", "xapp-"),
        ({"config_token": "xoxe-secret"}, "SLACK_CONFIG_TOKEN", "a refresh token", "xoxe.xoxp-"),
        ({"signing_secret": "xapp-secret"}, "SLACK_SIGNING_SECRET", "app-level", "Signing Secret"),
        ({"app_token": None}, "set up by half", "SLACK_BOT_TOKEN is set", "SLACK_APP_TOKEN"),
    ],
)
def test_a_wrong_one_is_named_with_what_belongs_there(
    wrong: dict[str, str], setting: str, kind: str, advice: str
) -> None:
    credentials = SlackCredentials(**{**GOOD, **wrong})
    with pytest.raises(ConfigurationError) as caught:
        credentials.check()
    assert setting in str(caught.value)
    assert kind in str(caught.value)
    assert advice in caught.value.hint
    assert "secret" not in f"{caught.value}{credentials!r}"
