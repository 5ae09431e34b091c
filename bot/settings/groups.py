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
    shrink_limit: float = Field(
        0.3,
        ge=0,
        le=1,
        description="the share of a source's documents that a sync may remove by itself",
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
            raise ValueError("must be an address that begins with postgresql://") from None
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
    free_data_collection: Literal["deny", "allow"] | None = Field(
        None, description="the same for free models, where it is another"
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


class ServerSettings(Group):
    """The HTTP server, for the HTTP API, the page, and Slack over signed HTTP."""

    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8080, ge=0, le=65_535, description="its port; 0 is any that is free")
    public_url: AnyHttpUrl | None = Field(
        None, description="where others reach this server, as for the manifest of the Slack app"
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
    stale_notices: int = Field(
        0,
        ge=0,
        le=200,
        description="threads that a sync may tell that an answer is stale; 0 tells none",
    )
