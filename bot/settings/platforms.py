"""The settings of the platforms that Docent answers on, as in `groups`."""

from __future__ import annotations

from pydantic import AnyHttpUrl, Field, SecretStr

from bot.settings.fields import Group, Names


class SlackSettings(Group):
    """Slack; off when `bot_token` is not set. It needs `app_token` or `signing_secret` too."""

    bot_token: SecretStr | None = Field(None, description="the bot token (xoxb-…)")
    app_token: SecretStr | None = Field(
        None, description="an app-level token (xapp-…), for Socket Mode"
    )
    signing_secret: SecretStr | None = Field(
        None, description="the signing secret, for signed HTTP where there is no `app_token`"
    )
    config_token: SecretStr | None = Field(
        None,
        description="an app configuration token, with which the doctor compares the app's settings",
    )
    base_url: AnyHttpUrl = Field(
        AnyHttpUrl("https://slack.com/api/"), description="the address of the Web API"
    )
    auto_answer_channels: Names = Field(
        (), description="channels where every message is a question, by id or name"
    )
    allowed_channels: Names = Field(
        (), description="the only channels to answer in; all of them when not set"
    )
    blocked_channels: Names = Field((), description="channels never to answer in")
    allowed_users: Names = Field(
        (), description="ids of the only people who may ask; everybody may when not set"
    )
    follow_ups: bool = Field(
        default=True,
        description="whether a thread that Docent is part of needs no mention any more",
    )
    shared_channels: bool = Field(
        default=False, description="whether to answer in channels shared with other organisations"
    )
    admins: Names = Field(
        (), description="ids of people who may use /reingest beside the workspace's admins"
    )
    suggested_questions: Names = Field(
        (),
        description="questions to suggest, comma-separated; made from the docs' titles when "
        "not set",
    )
    digest_channel: str | None = Field(
        None, description="the id of a channel that is told each week what the docs lack"
    )
    retention_days: int = Field(
        90, ge=1, le=36_500, description="days after which questions and answers are deleted"
    )


class DiscordSettings(Group):
    """Discord; off when `token` is not set."""

    token: SecretStr | None = Field(None, description="the bot's token")
    message_content: bool = Field(
        default=False,
        description="whether the app's Message Content Intent is enabled, so that follow-ups in "
        "threads need no mention",
    )
    base_url: AnyHttpUrl = Field(
        AnyHttpUrl("https://discord.com/api/v10"), description="the address of the API"
    )
    auto_answer_channels: Names = Field(
        (),
        description="channels and forums where every message or post is a question, by id or name",
    )
    allowed_channels: Names = Field(
        (), description="the only channels to answer in; all of them when not set"
    )
    blocked_channels: Names = Field((), description="channels never to answer in")
    auto_answer_roles: Names = Field(
        (), description="roles whose every message is a question, by id or name"
    )
    allowed_servers: Names = Field(
        (), description="ids of the only servers to answer in; all of them when not set"
    )
    allowed_roles: Names = Field(
        (),
        description="roles, one of which it takes to ask, by id or name; everybody may when not "
        "set",
    )
    blocked_roles: Names = Field((), description="roles that may not ask, by id or name")
    allowed_users: Names = Field(
        (), description="ids of the only people who may ask; everybody may when not set"
    )
    follow_ups: bool = Field(
        default=True,
        description="whether a thread that Docent is part of needs no mention any more",
    )
    admins: Names = Field(
        (),
        description="ids of the people and roles who may use /reingest; those who may manage the "
        "server when not set",
    )
    digest_channel: str | None = Field(
        None, description="the id of a channel that is told each week what the docs lack"
    )
    shards: int = Field(
        1, ge=1, le=1000, description="connections to Discord; one serves up to 2,500 servers"
    )
    retention_days: int = Field(
        90, ge=1, le=36_500, description="days after which questions and answers are deleted"
    )
