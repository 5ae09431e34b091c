"""The settings of each service. A field's description is its line in `.env.example`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AnyHttpUrl,
    BeforeValidator,
    Field,
    PostgresDsn,
    SecretStr,
    ValidationError,
    field_validator,
)

from bot.settings.fields import Group, Names, Schedule, SlugRule


def _number(value: object) -> object:
    """A variable is a text, and a Literal takes none for a number."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class DocentSettings(Group):
    """The process itself."""

    data_dir: Path = Field(
        Path(".docent"), description="where the embedded engines keep their data"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="log level"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="log lines for people or machines"
    )
    digest_schedule: Schedule = Field(
        "0 9 * * 1", description="when digests of what the docs lack are posted, of the last 7 days"
    )


class DocsSettings(Group):
    """One folder of docs, for those who need no `docent.toml`."""

    folder: Path | None = Field(None, description="the folder with your docs, or a single file")
    base_url: AnyHttpUrl | None = Field(None, description="where these docs are published")
    slugs: SlugRule = Field("plain", description="how a file's path becomes its address")
    peer_reviewed: bool = Field(default=False, description="whether these docs are peer-reviewed")
    include: Names = Field(
        (), description="globs of the only files to read, comma-separated; all when not set"
    )
    exclude: Names = Field(
        (), description="globs of files to leave out, such as `release-notes.md,**/changelog/**`"
    )
    schedule: Schedule = Field(
        "1d",
        description="when a bot on a platform syncs them by itself: an interval such as 6h, a "
        "cron expression, or off",
    )


class DatabaseSettings(Group):
    """PostgreSQL; embedded when `url` is not set."""

    url: SecretStr | None = Field(None, description="Neon or any PostgreSQL, pooled or direct")
    pooled: bool | None = Field(
        None, description="behind PgBouncer in transaction mode; told from the address when not set"
    )
    shared: bool = Field(
        default=False, description="whether other instances of Docent answer from it as well"
    )
    trace_megabytes: int = Field(
        200, ge=1, description="megabytes of traces and passages; the oldest are deleted first"
    )

    @field_validator("url")
    @classmethod
    def _is_postgres(cls, url: SecretStr | None) -> SecretStr | None:
        try:
            if url is not None:
                PostgresDsn(url.get_secret_value())
        except ValidationError:
            raise ValueError(
                "must be an address such as postgresql://user:password@host/database"
            ) from None
        return url


class QdrantSettings(Group):
    """The vector index; embedded when `url` is not set."""

    url: AnyHttpUrl | None = Field(None, description="a Qdrant server or Qdrant Cloud")
    api_key: SecretStr | None = Field(None, description="its key")
    grpc: bool = Field(default=False, description="whether to talk gRPC instead of REST")


class CohereSettings(Group):
    """Embedding and reranking; the local model and no reranker when `api_key` is not set."""

    api_key: SecretStr | None = Field(None, description="a key of Cohere's; trial keys will do")
    embed_model: str = Field("embed-v4.0", description="the embedding model")
    dimensions: Annotated[Literal[256, 512, 1024, 1536], BeforeValidator(_number)] = Field(
        1024, description="the length of its vectors"
    )
    rerank_model: str = Field("rerank-v4.0-fast", description="the reranker; `off` goes without")
    monthly_calls: int | None = Field(
        None, ge=1, description="calls a month (UTC) and no more; a trial key has 1000"
    )
    base_url: AnyHttpUrl | None = Field(None, description="another address of the API")


class EmbedderSettings(Group):
    """The local embedding model."""

    folder: Path | None = Field(
        None, description="a folder with model.safetensors and tokenizer.json, looked in first"
    )


class OpenRouterSettings(Group):
    """Generation; quotes from the docs when `api_key` is not set."""

    api_key: SecretStr | None = Field(None, description="a key of OpenRouter's")
    models: Names = Field(
        (
            "google/gemini-2.5-flash",
            "openai/gpt-5-mini",
            "mistralai/mistral-medium-3.1",
        ),
        description="the models in the order in which they are asked, comma-separated",
    )
    data_collection: Literal["deny", "allow"] = Field(
        "deny", description="whether providers may keep what they are sent"
    )
    zdr: bool = Field(
        default=False, description="whether to use only providers with zero data retention"
    )
    max_price: float | None = Field(
        None,
        gt=0,
        description="the highest price in US dollars a million tokens, of prompt and completion",
    )
    daily_requests: int | None = Field(
        None, ge=1, description="requests a day (UTC) and no more, to all models together"
    )
    daily_dollars: float | None = Field(
        None, gt=0, description="US dollars a day (UTC) that the models may cost"
    )
    monthly_dollars: float | None = Field(
        None, gt=0, description="US dollars a month (UTC) that the models may cost"
    )
    base_url: AnyHttpUrl | None = Field(None, description="another address of the API")


class RetrievalSettings(Group):
    """Which passages are preferred where the search finds them equally relevant."""

    peer_review_boost: float = Field(
        0.05, ge=0, le=1, description="the share by which peer review raises a passage's score"
    )
    priority_boost: float = Field(
        0.05, ge=0, le=0.2, description="the same for each step of its source's priority"
    )


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


class ServerSettings(Group):
    """The HTTP server, for Slack over signed HTTP."""

    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8080, ge=0, le=65_535, description="its port; 0 is any that is free")
    public_url: AnyHttpUrl | None = Field(
        None, description="where Slack reaches this server, for the app manifest"
    )


class AnswerSettings(Group):
    """The size of answers and prompts, and what becomes of claims that the docs do not hold."""

    max_tokens: int = Field(1024, ge=64, le=16_384, description="tokens of the longest answer")
    context_tokens: int = Field(
        3000, ge=256, le=100_000, description="tokens of passages in the prompt"
    )
    history_tokens: int = Field(
        1500, ge=0, le=100_000, description="tokens of the conversation so far"
    )
    unsupported: Literal["mark", "drop"] = Field(
        "mark", description="a claim that the docs do not hold: mark it, or drop it"
    )
    judge_seconds: float = Field(
        4.0,
        ge=0,
        le=60,
        description="seconds for a model to judge doubtful claims; 0 asks none",
    )
