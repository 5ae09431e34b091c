"""Where settings come from, which one wins, and how a wrong one is explained."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Settings, load_settings, mistyped_variables
from core.errors import ConfigurationError

KEY = "sk-or-v1-5e7c2b9d40a1"

NOBODY = 65534


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
        "[docs]\nexclude = ['a,b']\n"
        "[[sources]]\nname='guide'\nfolder='guide'\n[[sources]]\nname='faq'\nfolder='faq'\n",
        "utf-8",
    )
    assert [source.name for source in load_settings().sources] == ["guide", "faq"]
    assert load_settings().docs.exclude == ("a,b",)


def test_the_length_of_vectors_is_a_number_in_a_variable_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COHERE_DIMENSIONS", "256")
    assert load_settings().cohere.dimensions == 256


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("ANSWER_MAX_TOKENS", "many", "ANSWER_MAX_TOKENS must be a whole number, not 'many'."),
        ("ANSWER_MAX_TOKENS", "7", "ANSWER_MAX_TOKENS must be at least 64, not '7'."),
        ("SERVER_PORT", "70000", "SERVER_PORT must be at most 65535, not '70000'."),
        ("OPENROUTER_MAX_PRICE", "-1", "OPENROUTER_MAX_PRICE must be greater than 0, not '-1'."),
        ("OPENROUTER_MAX_PRICE", "low", "OPENROUTER_MAX_PRICE must be a number, not 'low'."),
        ("OPENROUTER_ZDR", "perhaps", "OPENROUTER_ZDR must be true or false, not 'perhaps'."),
        (
            "COHERE_DIMENSIONS",
            "seven",
            "COHERE_DIMENSIONS must be 256, 512, 1024 or 1536, not 'seven'.",
        ),
        (
            "DOCS_SLUGS",
            "x",
            "DOCS_SLUGS must be 'plain', 'mkdocs', 'docusaurus' or 'github', not 'x'.",
        ),
        (
            "QDRANT_URL",
            "db:6333",
            "QDRANT_URL must be an address that begins with https:// or http://.",
        ),
        (
            "DATABASE_URL",
            "mysql://db/x",
            "DATABASE_URL must be an address that begins with postgresql://.",
        ),
        ("SERVER", "prod", "The variable SERVER is no setting, and holds nothing that"),
        ("SERVER", "1", "What is set as `server` must be a table."),
    ],
)
def test_a_wrong_value_is_explained_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert str(caught.value).startswith(sentence)
    assert ".env.example" in caught.value.hint


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DATABASE_URL", f"mysql://me:{KEY}@db/x", "DATABASE_URL"),
        ("QDRANT_URL", f"not an address {KEY}", "QDRANT_URL"),
        ("COHERE_DIMENSIONS", KEY, "COHERE_DIMENSIONS"),
        ("ANSWER_MAX_TOKENS", KEY, "ANSWER_MAX_TOKENS"),
        ("DOCENT_LOG_LEVEL", KEY, "DOCENT_LOG_LEVEL"),
        ("SERVER", KEY, "SERVER"),
    ],
)
def test_what_may_be_a_secret_is_not_shown_with_its_variable(
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
    ("written", "meant"),
    [
        ("DOCS_SLUG=mkdocs", {"DOCS_SLUG": "DOCS_SLUGS"}),
        ("docent_loglevel=debug", {"DOCENT_LOGLEVEL": "DOCENT_LOG_LEVEL"}),
        ("DISCORD_BOT_TOKEN=x", {"DISCORD_BOT_TOKEN": "DISCORD_TOKEN"}),
        ("DOCS_SLUGS=mkdocs\nDOCS_SLUG=mkdocs", {}),
        ("SLACK_WEBHOOK_URL=x\nQDRANT_SERVICE_HOST=x\nDATABASE_URL_UNPOOLED=x", {}),
        ("OCS_SLUGS=x\nPATHS=x", {}),
        ("SLACK_BOT_TOKEN2=x", {}),
    ],
    ids=[
        "a letter short",
        "in any case of letters",
        "as others name it",
        "beside the setting itself",
        "of somebody else",
        "of no group",
        "of a source's token",
    ],
)
def test_a_variable_that_is_nearly_a_setting_is_told_with_it(
    written: str, meant: dict[str, str]
) -> None:
    Path("docent.toml").write_text(
        "[[sources]]\nname='a'\ngit='https://g.example/r'\ntoken_variable='SLACK_BOT_TOKEN2'\n",
        "utf-8",
    )
    Path(".env").write_text(written, "utf-8")
    assert mistyped_variables(load_settings()) == meant


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[[sources]\n", "not valid TOML"),
        (
            "[[sources]]\nname = 'a'\n",
            "^Source 1 in docent.toml needs one of `folder`, `git` and `website`, and only one.$",
        ),
        (
            "[[sources]]\nname = 'a'\ngit = 'x'\nfolder = 'x'\n",
            "needs one of `folder`, `git` and `website`, and only one",
        ),
        (
            "[[sources]]\nname = 'a'\nwebsite = 'https://d.example'\nslugs = 'mkdocs'\n",
            "^Source 1 in docent.toml has `slugs`, which a website does not have.$",
        ),
        (
            "[[sources]]\nname = 'a'\nfolder = 'x'\nbranch = 'main'\n",
            "has `branch`, which a folder does not have",
        ),
        (
            "[[sources]]\nname = 'a'\ngit = 'https://ann:s3cret@g.example/r'\n",
            "^The `git` of source 1 in docent.toml must not hold a password, which belongs",
        ),
        (
            "[[sources]]\nname = 'a'\ngit = 'x'\ntoken_variable = 'ghp 123'\n",
            "^The `token_variable` of source 1 in docent.toml must be the name of a variable.$",
        ),
        ("[[sources]]\nname = 'a'\nwebsite = 'docs'\n", "must be an address that begins with"),
        ("[[sources]]\nfolder = 3\nname='a'\n", "`folder` of source 1 in .* must be a path"),
        (
            "[[sources]]\nname='a'\nfolder='x'\nchannels=['#ask-docs']\n",
            "`channels` of source 1 in docent.toml must be made of a platform and its id or name",
        ),
        ("sources = [1]\n", "^Source 1 in docent.toml must be a table"),
        ("sources = 1\n", "^What docent.toml has as `sources` must be a list"),
        ("docs = 1\n", "^What is set as `docs` must be a table"),
        (
            "[[sources]]\nname='a'\nfolder='x'\n[[sources]]\nname='a'\nfolder='y'\n",
            "^The configuration has two sources that are named a.$",
        ),
        (
            "[[sources]]\nname='Über uns'\nfolder='x'\n",
            "`name` of source 1 in docent.toml must be made of small letters",
        ),
    ],
)
def test_a_broken_file_is_explained(toml: str, said: str) -> None:
    Path("docent.toml").write_text(toml, "utf-8")
    with pytest.raises(ConfigurationError, match=said):
        load_settings()


def test_a_broken_file_is_advised_upon() -> None:
    Path("docent.toml").write_text("[[sources]\n", "utf-8")
    with pytest.raises(ConfigurationError, match="line 1") as caught:
        load_settings()
    assert caught.value.hint == "Correct it at that place."


def test_a_folder_in_the_place_of_the_file_is_explained() -> None:
    Path("docent.toml").mkdir()
    with pytest.raises(
        ConfigurationError, match=r"^docent.toml cannot be read as a text file \(Is a directory\)"
    ):
        load_settings()


@pytest.mark.parametrize("name", ["docent.toml", ".env"])
def test_a_file_in_another_encoding_is_explained(name: str) -> None:
    Path(name).write_bytes(b"A='\xff'\n")
    with pytest.raises(ConfigurationError, match=rf"^{name} .* \(it is not in UTF-8\)"):
        load_settings()


@pytest.mark.parametrize("name", ["docent.toml", ".env"])
def test_a_file_that_may_not_be_read_is_explained(name: str, reachable_folder: Path) -> None:
    file = reachable_folder / name
    file.touch(mode=0)
    with pytest.raises(ConfigurationError, match=rf"^{name} cannot be .* \(Permission denied\)"):
        load_settings()


@pytest.mark.parametrize("line", ["=x", f"{KEY} pasted", f'OPENROUTER_API_KEY="{KEY}'])
def test_a_line_of_the_env_file_that_sets_nothing_is_named_and_not_shown(line: str) -> None:
    Path(".env").write_text(f"# Mine.\nANSWER_MAX_TOKENS=200\n{line}\nDOCS_SLUGS=mkdocs\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"^\.env, line 3, sets no variable\.$") as caught:
        load_settings()
    assert "NAME=value" in caught.value.hint


@pytest.fixture
def reachable_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Worked in by a user whom permissions apply to, which they do not to root."""
    with tempfile.TemporaryDirectory() as made:
        monkeypatch.chdir(made)
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(made, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        yield Path(made)
        if is_root:
            os.seteuid(0)


def test_no_secret_shows_in_the_settings_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    monkeypatch.setenv("COHERE_API_KEY", KEY)
    monkeypatch.setenv("QDRANT_API_KEY", KEY)
    monkeypatch.setenv("DATABASE_URL", f"postgres://me:{KEY}@db/x")
    settings = load_settings()
    assert KEY not in f"{settings!r}{settings}"
    assert len(settings.secrets()) == 4
