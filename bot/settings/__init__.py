"""Everything that can be set, read once by the command line.

The environment wins over `.env`, which wins over `docent.toml`. A group's name and a field's
make the variable: `openrouter.api_key` is `OPENROUTER_API_KEY`, and in `docent.toml` it is
`api_key` under `[openrouter]`. What has structure (`[[sources]]`) belongs into the file.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bot.settings.explaining import explain, explain_variable, unreadable
from bot.settings.groups import (
    AnswerSettings,
    CohereSettings,
    DatabaseSettings,
    DocentSettings,
    DocsSettings,
    EmbedderSettings,
    OpenRouterSettings,
    QdrantSettings,
    RetrievalSettings,
    ServerSettings,
)
from bot.settings.limits import LimitsSettings
from bot.settings.platforms import DiscordSettings, SlackSettings
from bot.settings.source import SourceSettings
from bot.settings.unknown_keys import likely_typos, reject_unknown_keys
from bot.settings.variables import ENV_FILE, reject_faulty_lines, variables_set
from bot.settings.web import JwtSettings, WebSettings

CONFIG_FILE = Path("docent.toml")


class Settings(BaseSettings):
    """The whole configuration. A group for each service, and the sources."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
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
    retrieval: RetrievalSettings = RetrievalSettings()
    slack: SlackSettings = SlackSettings()
    discord: DiscordSettings = DiscordSettings()
    limits: LimitsSettings = LimitsSettings()
    server: ServerSettings = ServerSettings()
    web: WebSettings = WebSettings()
    jwt: JwtSettings = JwtSettings()
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
            raise ValueError(f"has two sources that are named {min(repeated)}")
        return self

    def secrets(self) -> list[str]:
        """Every secret value that is set, for the log to leave out."""
        groups = (getattr(self, name) for name in type(self).model_fields if name != "sources")
        values = (getattr(group, field) for group in groups for field in type(group).model_fields)
        tokens = (source.token for source in self.sources)
        found = (value for value in (*values, *tokens) if isinstance(value, SecretStr))
        return [value.get_secret_value() for value in found]


def mistyped_variables(settings: Settings) -> dict[str, str]:
    """Variables that look like a setting's name misspelt, each with that name.

    They are no error: the environment is not Docent's alone.
    """
    tokens = {source.token_variable for source in settings.sources}
    return likely_typos(variables_set() - tokens, Settings)


def load_settings() -> Settings:
    """Reads the environment, `.env` and `docent.toml` in the current folder.

    Raises ConfigurationError, in one sentence that names the setting and never shows a secret.
    """
    reject_unknown_keys(CONFIG_FILE, Settings)
    try:
        reject_faulty_lines(Path(ENV_FILE))
        return Settings()
    except ValidationError as exc:
        raise explain(exc) from None
    except SettingsError as exc:
        raise explain_variable(exc) from None
    except (OSError, UnicodeDecodeError) as exc:
        raise unreadable(Path(ENV_FILE), exc) from exc
