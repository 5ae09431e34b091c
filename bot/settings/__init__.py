"""Everything that can be set, read once by the command line.

The environment wins over `.env`, which wins over `docent.toml`. A group's name and a field's
make the variable: `openrouter.api_key` is `OPENROUTER_API_KEY`, and in `docent.toml` it is
`api_key` under `[openrouter]`. What has structure (`[[sources]]`) belongs into the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.settings.groups import (
    AnswerSettings,
    CohereSettings,
    DatabaseSettings,
    DocentSettings,
    DocsSettings,
    EmbedderSettings,
    OpenRouterSettings,
    QdrantSettings,
    ServerSettings,
    SlackSettings,
    SourceSettings,
)
from bot.settings.unknown_keys import reject_unknown_keys
from core.errors import ConfigurationError

CONFIG_FILE = Path("docent.toml")


class Settings(BaseSettings):
    """The whole configuration. A group for each service, and the sources."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        toml_file=CONFIG_FILE,
        frozen=True,
        hide_input_in_errors=True,
        extra="ignore",
    )

    docent: DocentSettings = DocentSettings()
    docs: DocsSettings = DocsSettings()
    database: DatabaseSettings = DatabaseSettings()
    qdrant: QdrantSettings = QdrantSettings()
    cohere: CohereSettings = CohereSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    openrouter: OpenRouterSettings = OpenRouterSettings()
    answer: AnswerSettings = AnswerSettings()
    slack: SlackSettings = SlackSettings()
    server: ServerSettings = ServerSettings()
    sources: tuple[SourceSettings, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 — pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Adds `docent.toml` below the environment."""
        file = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, dotenv_settings, file

    @model_validator(mode="after")
    def _names_are_unique(self) -> Settings:
        names = [source.name for source in self.sources]
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"two sources are named {min(repeated)}; give each its own name")
        return self

    def secrets(self) -> list[str]:
        """Every secret value that is set, for the log to leave out."""
        groups = (getattr(self, name) for name in type(self).model_fields if name != "sources")
        values = (getattr(group, field) for group in groups for field in type(group).model_fields)
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def load_settings() -> Settings:
    """Reads the environment, `.env` and `docent.toml` in the current folder.

    Raises ConfigurationError, in one sentence that names the setting and never its value.
    """
    try:
        reject_unknown_keys(CONFIG_FILE, Settings)
        return Settings()
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"{CONFIG_FILE} is not valid TOML: {exc}") from exc
    except ValidationError as exc:
        raise _explained(exc) from None
    except ValueError as exc:
        raise ConfigurationError(f"A setting cannot be read: {exc}") from None


def _explained(error: ValidationError) -> ConfigurationError:
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    location = [str(part) for part in first["loc"]]
    reason = first["msg"].removeprefix("Value error, ")
    return ConfigurationError(
        f"The setting {setting_name(location)} is wrong: {reason}.",
        hint=f"Correct it in the environment, .env or {CONFIG_FILE}; .env.example lists them all.",
    )


def setting_name(location: Iterable[str]) -> str:
    """The name as people write it: a variable for a group's field, a path for a source's."""
    parts = [part for part in location if part != "function-after"]
    if parts[:1] == ["sources"] or len(parts) < 2:  # noqa: PLR2004 — a group and a field
        return ".".join(parts) or "sources"
    return "_".join(parts[:2]).upper()
