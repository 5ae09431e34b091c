"""The tokens of a Slack app, and telling one kind from another. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.slack.manifest import Transport
from core.errors import ConfigurationError

_KINDS = {
    "xoxb-": "a bot token",
    "xoxp-": "a user token",
    "xapp-": "an app-level token",
    "xoxe.xoxb-": "a bot token that expires",
    "xoxe.xoxp-": "an app configuration token",
    "xoxe-": "a refresh token",
    "xoxa-": "a legacy workspace token",
    "xoxs-": "a session token of a browser",
    "xoxc-": "a session token of a browser",
}
_WANTED = {
    "SLACK_BOT_TOKEN": (
        "xoxb-",
        "Set it to the app's Bot User OAuth Token, which begins with xoxb- (OAuth & Permissions).",
    ),
    "SLACK_APP_TOKEN": (
        "xapp-",
        "Set it to an App-Level Token, which begins with xapp- (Basic Information).",
    ),
    "SLACK_CONFIG_TOKEN": (
        "xoxe.xoxp-",
        "Set it to an App Configuration Token, which begins with xoxe.xoxp- (Your Apps).",
    ),
}


@dataclass(frozen=True, slots=True, repr=False)
class SlackCredentials:
    """What a workspace's app is run with: Socket Mode with an `app_token`, else signed HTTP."""

    bot_token: str
    base_url: str
    app_token: str | None = None
    signing_secret: str | None = None
    config_token: str | None = None

    @property
    def transport(self) -> Transport:
        """How Slack's deliveries reach us."""
        return "socket" if self.app_token else "http"

    def check(self) -> None:
        """Raises ConfigurationError when a token is missing, or another than it should be."""
        _check_kind("SLACK_BOT_TOKEN", self.bot_token)
        if self.app_token:
            _check_kind("SLACK_APP_TOKEN", self.app_token)
        if self.config_token:
            _check_kind("SLACK_CONFIG_TOKEN", self.config_token)
        if not self.app_token and not self.signing_secret:
            raise ConfigurationError(
                "Slack is set up by half: SLACK_BOT_TOKEN is set, but nothing to be reached by.",
                hint="Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP.",
            )
        if self.signing_secret and _kind(self.signing_secret):
            raise ConfigurationError(
                f"SLACK_SIGNING_SECRET holds {_kind(self.signing_secret)}.",
                hint="Set it to the app's Signing Secret, 32 letters and digits (Basic "
                "Information).",
            )


def _check_kind(setting: str, token: str) -> None:
    prefix, hint = _WANTED[setting]
    if not token.startswith(prefix):
        kind = _kind(token) or "no token that Slack issues"
        raise ConfigurationError(f"{setting} holds {kind}.", hint=hint)


def _kind(token: str) -> str:
    return next((kind for prefix, kind in _KINDS.items() if token.startswith(prefix)), "")
