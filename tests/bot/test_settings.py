"""Where settings come from, which one wins, and how a wrong one is explained."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Settings, load_settings
from core.errors import ConfigurationError

KEY = "sk-or-v1-5e7c"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for group in Settings.model_fields:
        monkeypatch.delenv(f"{group.upper()}_URL", raising=False)


def test_with_nothing_set_everything_is_embedded() -> None:
    settings = load_settings()
    assert settings.database.url is None
    assert settings.qdrant.url is None
    assert settings.cohere.api_key is None
    assert settings.openrouter.api_key is None


def test_a_variable_is_the_group_and_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    monkeypatch.setenv("DOCENT_LOG_LEVEL", "debug")
    settings = load_settings()
    assert settings.openrouter.api_key == SecretStr(KEY)
    assert settings.docent.log_level == "debug"


def test_the_environment_wins_over_the_env_file_which_wins_over_the_toml_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("docent.toml").write_text(
        "[answer]\nmax_tokens = 100\ncontext_tokens = 1000\nhistory_tokens = 10\n", "utf-8"
    )
    Path(".env").write_text("ANSWER_MAX_TOKENS=200\nANSWER_CONTEXT_TOKENS=2000\n", "utf-8")
    monkeypatch.setenv("ANSWER_MAX_TOKENS", "300")
    answer = load_settings().answer
    assert (answer.max_tokens, answer.context_tokens, answer.history_tokens) == (300, 2000, 10)


def test_a_blank_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COHERE_API_KEY", "")
    monkeypatch.setenv("ANSWER_MAX_TOKENS", " ")
    settings = load_settings()
    assert settings.cohere.api_key is None
    assert settings.answer.max_tokens == Settings().answer.max_tokens


def test_models_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_MODELS", "a/one, b/two,,")
    assert load_settings().openrouter.models == ("a/one", "b/two")


def test_sources_are_tables_of_the_toml_file() -> None:
    Path("docent.toml").write_text(
        "[[sources]]\nname='guide'\nfolder='guide'\n[[sources]]\nname='faq'\nfolder='faq'\n",
        "utf-8",
    )
    assert [source.name for source in load_settings().sources] == ["guide", "faq"]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DATABASE_URL", f"mysql://me:{KEY}@db/x", "DATABASE_URL"),
        ("QDRANT_URL", f"not an address {KEY}", "QDRANT_URL"),
        ("COHERE_DIMENSIONS", "7", "COHERE_DIMENSIONS"),
        ("ANSWER_MAX_TOKENS", "many", "ANSWER_MAX_TOKENS"),
        ("DOCENT_LOG_LEVEL", "loud", "DOCENT_LOG_LEVEL"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert said in str(caught.value)
    assert KEY not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"


@pytest.mark.parametrize(
    ("toml", "said", "hint"),
    [
        ("[openrouter]\nmodel = 'x'\n", "'model'", "'models'"),
        ("[opnrouter]\n", "'opnrouter'", "'openrouter'"),
        ("[[sources]]\nname='a'\nfolder='a'\nslug='plain'\n", "'slug'", "'slugs'"),
        ("zzz = 1\n", "'zzz'", "Remove it."),
    ],
)
def test_an_unknown_key_of_the_file_is_taken_for_a_typo(toml: str, said: str, hint: str) -> None:
    Path("docent.toml").write_text(toml, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert said in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[[sources]\n", "not valid TOML"),
        ("[[sources]]\nname = 'a'\n", "sources.0.folder"),
        ("[[sources]]\nname='a'\nfolder='x'\n[[sources]]\nname='a'\nfolder='y'\n", "named a"),
        ("[[sources]]\nname='Über uns'\nfolder='x'\n", "sources.0.name"),
    ],
)
def test_a_broken_file_is_explained(toml: str, said: str) -> None:
    Path("docent.toml").write_text(toml, "utf-8")
    with pytest.raises(ConfigurationError, match=said):
        load_settings()


def test_no_secret_shows_in_the_settings_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    monkeypatch.setenv("COHERE_API_KEY", KEY)
    monkeypatch.setenv("QDRANT_API_KEY", KEY)
    monkeypatch.setenv("DATABASE_URL", f"postgres://me:{KEY}@db/x")
    settings = load_settings()
    assert KEY not in f"{settings!r}{settings}"
    assert len(settings.secrets()) == 4
