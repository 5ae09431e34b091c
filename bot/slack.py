"""What the settings mean to Slack's adapter."""

from __future__ import annotations

from pydantic import SecretStr

from adapters.chat.policy import ChannelPolicy
from adapters.slack.credentials import SlackCredentials
from bot.settings import Settings
from bot.sources import bound_sources
from core.errors import ConfigurationError
from core.model import Scope


def slack_credentials(settings: Settings) -> SlackCredentials | None:
    """None where Slack is not configured. Raises ConfigurationError where it is by half."""
    slack = settings.slack
    if slack.bot_token is None:
        if slack.app_token is not None:
            raise ConfigurationError(
                "SLACK_APP_TOKEN is set, but SLACK_BOT_TOKEN is not.",
                hint="Set it to the app's Bot User OAuth Token, or remove the other.",
            )
        return None
    return SlackCredentials(
        bot_token=slack.bot_token.get_secret_value(),
        app_token=_plain(slack.app_token),
        signing_secret=_plain(slack.signing_secret),
        config_token=_plain(slack.config_token),
        base_url=str(slack.base_url),
    )


def channel_policy(settings: Settings, scope: Scope) -> ChannelPolicy:
    """Where questions are answered, from the sources in `scope` and those bound to the channel."""
    slack = settings.slack
    return ChannelPolicy(
        auto_answer=frozenset(slack.auto_answer_channels),
        allowed=frozenset(slack.allowed_channels) or None,
        blocked=frozenset(slack.blocked_channels),
        mention_only=not slack.follow_ups,
        shared_channels=slack.shared_channels,
        scope=scope,
        bound=bound_sources(settings, "slack"),
    )


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
