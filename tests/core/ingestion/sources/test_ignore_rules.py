"""What Git ignores in a folder is no document of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ingestion.sources.folder import FolderSource

FILES = [
    "a.md",
    "keep.md",
    "build/a.md",
    "build/keep.md",
    "docs/a.md",
    "docs/build/a.md",
    "docs/drafts/a.md",
    "docs/drafts/keep.md",
]
GIT = shutil.which("git")


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())


def tree(root: Path, rules: Mapping[str, str | bytes]) -> None:
    write(root, {**dict.fromkeys(FILES, "Text"), **rules})


async def listed(root: Path) -> set[str]:
    return {entry.path for entry in await FolderSource("docs", root).entries()}


@pytest.mark.parametrize(
    ("rules", "left_out"),
    [
        ({".gitignore": ""}, set()),
        ({".gitignore": "# build/\n\n"}, set()),
        ({".gitignore": "build/"}, {"build/a.md", "build/keep.md", "docs/build/a.md"}),
        ({".gitignore": "/build"}, {"build/a.md", "build/keep.md"}),
        ({".gitignore": "build/*\n!build/keep.md"}, {"build/a.md"}),
        ({".gitignore": "/build/\n!build/keep.md"}, {"build/a.md", "build/keep.md"}),
        ({"docs/.gitignore": "/drafts/*\n!keep.md"}, {"docs/drafts/a.md"}),
        (
            {".gitignore": "a.md", "docs/.gitignore": "!a.md"},
            {"a.md", "build/a.md"},
        ),
        ({".gitignore": "**/drafts/a.md\r\n"}, {"docs/drafts/a.md"}),
        (
            {".gitignore": "a.md", "docs/.gitignore": "!*/"},
            {"a.md", "build/a.md", "docs/a.md", "docs/build/a.md", "docs/drafts/a.md"},
        ),
        (
            {".gitignore": "keep.md", "docs/.gitignore": "!drafts"},
            {"keep.md", "build/keep.md", "docs/drafts/keep.md"},
        ),
        ({".gitignore": "build/**\n!/build/keep.md"}, {"build/a.md"}),
        (
            {".gitignore": b"\xef\xbb\xbfkeep.md\n\xff\n"},
            {"keep.md", "build/keep.md", "docs/drafts/keep.md"},
        ),
        (
            {".gitignore": "!\n[z-a]\n\\\n/docs/drafts\n"},
            {"docs/drafts/a.md", "docs/drafts/keep.md"},
        ),
    ],
)
async def test_what_gitignore_names_is_passed_over(
    tmp_path: Path, rules: Mapping[str, str | bytes], left_out: set[str]
) -> None:
    tree(tmp_path, rules)
    assert await listed(tmp_path) == {*FILES} - left_out


async def test_the_rules_of_the_repository_around_the_folder_hold(tmp_path: Path) -> None:
    rules = {".git/HEAD": "", ".git/info/exclude": "keep.md", ".gitignore": "/docs/build"}
    tree(tmp_path, rules)
    assert await listed(tmp_path / "docs") == {"a.md", "drafts/a.md"}


async def test_rules_outside_of_a_repository_do_not_hold(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "a.md"})
    assert "a.md" in await listed(tmp_path / "docs")


async def test_a_folder_that_is_ignored_itself_was_chosen_nevertheless(tmp_path: Path) -> None:
    tree(tmp_path, {".git/HEAD": "", ".gitignore": "/docs/", "docs/.gitignore": "build"})
    assert await listed(tmp_path / "docs") == {"a.md", "drafts/a.md", "drafts/keep.md"}
    assert await listed(tmp_path / "docs/drafts") == {"a.md", "keep.md"}


async def test_a_single_file_is_read_whatever_ignores_it(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "a.md"})
    assert await listed(tmp_path / "a.md") == {"a.md"}


async def test_rules_in_a_link_do_not_hold_as_in_git(tmp_path: Path) -> None:
    tree(tmp_path, {"rules": "a.md"})
    (tmp_path / ".gitignore").symlink_to("rules")
    assert await listed(tmp_path) == {*FILES}


LINES = st.sampled_from(
    [
        *("a.md", "!a.md", "k*.md", "!keep.md", "[ab].md", "**/keep.md", "docs/**/a.md"),
        *("build", "build/", "/build/", "drafts/a.md", "/docs/drafts/", "!docs/drafts", "docs/*"),
        *("*", "!*/", "!drafts", "docs/**", "/build/**", "!/build/keep.md", "**"),
    ]
)
RULES = st.lists(LINES, max_size=4).map("\n".join)


@pytest.mark.skipif(GIT is None, reason="git is not installed")
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(top=RULES, docs=RULES, drafts=RULES)
async def test_what_is_listed_is_what_git_would_add(
    tmp_path: Path, top: str, docs: str, drafts: str
) -> None:
    rules = {".gitignore": top, "docs/.gitignore": docs, "docs/drafts/.gitignore": drafts}
    tree(tmp_path, rules)
    assert await listed(tmp_path) == {path for path in _added(tmp_path) if path in FILES}


def _added(root: Path) -> list[str]:
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    assert GIT is not None
    subprocess.run([GIT, "init", "-q"], cwd=root, check=True, env=quiet)
    found = subprocess.run(
        [GIT, "ls-files", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
        env=quiet,
    )
    return found.stdout.splitlines()
