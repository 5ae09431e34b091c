"""Sources that come from elsewhere: repositories and websites, as the settings name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings
from bot.settings.groups import DocentSettings
from bot.settings.source import SourceSettings
from bot.sources import configured_sources
from core.errors import ConfigurationError
from core.ingestion.documents import SourceProfile
from core.ingestion.sources.git import GitSource
from core.ingestion.sources.website import WebsiteSource
from core.ports import Source
from tests.support.git_server import Repository, open_git_server
from tests.support.website import open_website, page


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def configured(**table: object) -> tuple[Source, SourceProfile]:
    source = SourceSettings.model_validate({"name": "docs", **table})
    data = DocentSettings(data_dir=Path("data"))
    ((found, profile),) = configured_sources(Settings(sources=(source,), docent=data))
    return found, profile


def kept() -> list[Path]:
    return sorted(Path("data/sources").glob("*/*"))


async def test_a_repository_is_read_at_its_branch_and_below_its_folder(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "docs.git")
    repository.commit({"docs/a.md": "A", "docs/b.txt": "B", "c.md": "C"}, branch="stable")
    source, _ = configured(
        git=str(repository.path), branch="stable", subfolder="docs", include=["*.md"]
    )
    assert [entry.path for entry in await source.entries()] == ["a.md"]
    assert {path.parent.name for path in kept()} == {"docs.git"}


async def test_the_token_of_a_repository_is_in_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path / "docs.git")
    repository.commit({"a.md": "A"})
    monkeypatch.setenv("DOCS_TOKEN", "s3cret")
    with open_git_server(repository, password="s3cret") as url:
        source, _ = configured(git=url, token_variable="DOCS_TOKEN")
        assert [entry.path for entry in await source.entries()] == ["a.md"]


def test_a_token_is_a_secret_that_the_log_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    table = SourceSettings(name="docs", git="x", token_variable="DOCS_TOKEN")
    assert Settings(sources=(table,)).secrets() == []
    Path(".env").write_text("DOCS_TOKEN=s3cret\n", "utf-8")
    assert Settings(sources=(table,)).secrets() == ["s3cret"]
    monkeypatch.setenv("DOCS_TOKEN", "wins")
    assert Settings(sources=(table,)).secrets() == ["wins"]


def test_a_token_that_is_not_set_is_told_by_the_name_of_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="The variable DOCS_TOKEN, which source 'docs'"):
        configured(git="https://git.example/r.git", token_variable="DOCS_TOKEN")


@pytest.mark.parametrize(
    ("table", "base_url", "slugs"),
    [
        (
            {"git": "https://github.com/o/r", "subfolder": "docs"},
            "https://github.com/o/r/blob/{commit}/docs/",
            "github",
        ),
        ({"git": "git@github.com:o/r.git"}, "https://github.com/o/r/blob/{commit}/", "github"),
        ({"git": "ssh://git@git.example/r.git"}, "", "plain"),
        (
            {"git": "https://github.com/o/r", "base_url": "https://docs.example/"},
            "https://docs.example/",
            "plain",
        ),
        (
            {
                "git": "https://git.example/r",
                "base_url": "https://git.example/r/tree/{commit}/",
                "slugs": "github",
            },
            "https://git.example/r/tree/{commit}/",
            "github",
        ),
        ({"website": "https://docs.example"}, "", "plain"),
    ],
)
def test_a_repository_is_published_where_its_host_shows_files_unless_it_is_said(
    table: dict[str, object], base_url: str, slugs: str
) -> None:
    _, profile = configured(**table)
    assert (profile.base_url, profile.slug_rule) == (base_url, slugs)


def test_the_origin_of_a_local_repository_is_its_absolute_path(tmp_path: Path) -> None:
    source, _ = configured(git="docs.git")
    assert isinstance(source, GitSource)
    assert source.origin == f"{tmp_path}/docs.git#:"


async def test_a_website_is_read_with_its_settings() -> None:
    pages = {"/": page("<a href=/a>A</a><a href=/b>B</a>"), "/a": page("A"), "/b": page("B")}
    async with open_website(pages) as site:
        source, _ = configured(
            website=site.url, allow_private=True, exclude=["b"], delay=0, at_once=1, max_pages=5
        )
        assert isinstance(source, WebsiteSource)
        assert [entry.path for entry in await source.entries()] == ["/", "a"]
    assert [path.parent.name for path in kept()] == ["docs", "docs"]
