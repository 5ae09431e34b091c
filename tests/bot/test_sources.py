"""Which sources a configuration names, and which of them anybody may be answered from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from bot.settings.groups import DocsSettings
from bot.settings.source import SourceSettings
from bot.settings.web import WebSettings
from bot.sources import (
    OWN_DOCS,
    bound_sources,
    configured_sources,
    preference,
    public_scope,
    source_settings,
    widest_scope,
)
from core.errors import ConfigurationError
from core.model import Scope


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_any_source_docent_answers_about_itself() -> None:
    (source,) = source_settings(Settings())
    assert source.folder == OWN_DOCS
    assert (OWN_DOCS / "quickstart.md").exists()


def test_a_folder_in_the_environment_is_a_source_with_its_address() -> None:
    docs = DocsSettings.model_validate(
        {"folder": "guide", "base_url": "https://docs.example.com/", "slugs": "mkdocs"}
    )
    ((source, profile),) = configured_sources(Settings(docs=docs))
    assert source.name == "docs"
    assert (profile.base_url, profile.slug_rule) == ("https://docs.example.com/", "mkdocs")


def test_listed_sources_and_the_folder_stand_side_by_side() -> None:
    listed = SourceSettings(name="faq", folder=Path("faq"))
    settings = Settings(sources=(listed,), docs=DocsSettings(folder=Path("guide")))
    assert [profile.name for _, profile in configured_sources(settings)] == ["faq", "docs"]


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("docs", {"docs": DocsSettings(folder=Path("guide"))}),
        ("uploads", {"web": WebSettings(enabled=True)}),
    ],
)
def test_no_listed_source_has_the_name_of_one_that_is_made(
    name: str, others: dict[str, Any]
) -> None:
    settings = Settings(sources=(SourceSettings(name=name, folder=Path("faq")),), **others)
    with pytest.raises(ConfigurationError, match=f"A source is named '{name}'") as caught:
        source_settings(settings)
    assert "another name" in caught.value.hint


def test_a_private_source_is_not_in_the_scope_of_everybody() -> None:
    settings = Settings(
        sources=(
            SourceSettings(name="public", folder=Path("a")),
            SourceSettings(name="secret", folder=Path("b"), private=True),
        )
    )
    assert public_scope(settings) == Scope(frozenset({"public"}))


def test_a_source_that_names_channels_is_answered_from_there_alone() -> None:
    places = ("slack:#board", "slack:C0123", "discord:987")
    settings = Settings(
        sources=(
            SourceSettings(name="public", folder=Path("a")),
            SourceSettings(name="minutes", folder=Path("b"), channels=places),
            SourceSettings(name="salaries", folder=Path("c"), channels=("slack:C0123",)),
        )
    )
    assert public_scope(settings) == Scope(frozenset({"public"}))
    assert bound_sources(settings, "slack") == {
        "#board": {"minutes"},
        "C0123": {"minutes", "salaries"},
    }
    assert bound_sources(settings, "discord") == {"987": {"minutes"}}
    assert widest_scope(settings, "slack") == Scope(frozenset({"public", "minutes", "salaries"}))
    assert widest_scope(settings, "discord") == Scope(frozenset({"public", "minutes"}))
    assert widest_scope(settings, "web") == Scope(frozenset({"public"}))


async def test_a_home_folder_is_found_where_no_shell_expands_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    ((source, _),) = configured_sources(Settings(docs=DocsSettings(folder=Path("~/guide"))))
    assert source.origin == str(tmp_path / "guide")


async def test_the_patterns_of_the_single_folder_are_separated_by_commas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("keep.md", "release-notes.md", "changelog/1.md", "guide/changelog/2.md", "a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# Text", "utf-8")
    monkeypatch.setenv("DOCS_FOLDER", str(tmp_path))
    monkeypatch.setenv("DOCS_INCLUDE", "**/*.md")
    monkeypatch.setenv("DOCS_EXCLUDE", "release-notes.md, **/changelog/**")
    ((source, _),) = configured_sources(Settings())
    assert [entry.path for entry in await source.entries()] == ["keep.md"]


async def test_the_patterns_of_a_source_choose_its_documents(tmp_path: Path) -> None:
    for name in ("keep.md", "drop.md", "other.txt"):
        (tmp_path / name).write_text("# Text", "utf-8")
    listed = SourceSettings(name="a", folder=tmp_path, include=("*.md",), exclude=("drop*",))
    ((source, _),) = configured_sources(Settings(sources=(listed,)))
    assert [entry.path for entry in await source.entries()] == ["keep.md"]


def test_a_source_is_peer_reviewed_as_a_whole_or_in_some_folders() -> None:
    settings = Settings(
        sources=(
            SourceSettings(name="papers", folder=Path("a"), peer_reviewed=True),
            SourceSettings(name="mixed", folder=Path("b"), peer_reviewed=("papers/**",)),
            SourceSettings(name="blog", folder=Path("c")),
        )
    )
    profiles = {profile.name: profile for _, profile in configured_sources(settings)}
    assert {name: profile.reviews("papers/x.md") for name, profile in profiles.items()} == {
        "papers": True,
        "mixed": True,
        "blog": False,
    }
    assert not profiles["mixed"].reviews("notes/x.md")
    assert profiles["mixed"].fingerprint("") != profiles["blog"].fingerprint("")


def test_a_step_of_priority_is_worth_what_the_settings_say() -> None:
    sources = (
        SourceSettings(name="guide", folder=Path("a"), priority=2),
        SourceSettings(name="archive", folder=Path("b"), priority=-1),
    )
    found = preference(Settings(sources=sources))
    assert found.peer_reviewed == 0.05
    assert found.priorities == {"guide": pytest.approx(0.1), "archive": pytest.approx(-0.05)}
