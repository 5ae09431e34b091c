"""The rules of the house hold, and a breach of each is noticed."""

from __future__ import annotations

import ast
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bot", "core", "adapters")

PLANTED = [
    ("bot → adapters → core", "adapters/console/rendering.py", "import bot.log"),
    ("bot → adapters → core", "core/retrieval/fusion.py", "import adapters.console.chat"),
    ("answering → ", "core/conversation/inbox.py", "import core.answering.prompting"),
    ("answering → ", "core/retrieval/fusion.py", "import core.ingestion.chunking"),
    ("answering → ", "core/model/answer.py", "import core.ports"),
    ("Only bot.app names backends", "bot/cli/docs.py", "import core.backends.postgres"),
    ("Only bot.app names backends", "core/answering/fallback.py", "import core.backends.cohere"),
    ("Backends know", "core/backends/postgres.py", "import core.conversation.inbox"),
    ("Vendors stay", "core/conversation/inbox.py", "import asyncpg"),
    ("Vendors stay", "bot/doctor.py", "import qdrant_client"),
    ("Adapters never import each other", "adapters/console/chat.py", "import adapters.other"),
    ("Slack's SDK stays", "bot/doctor.py", "import slack_sdk"),
    ("Slack's SDK stays", "adapters/discord/api.py", "import slack_sdk"),
    ("The web framework stays", "bot/web_parts.py", "import fastapi"),
    ("Discord's SDK stays", "bot/discord.py", "from discord import Client"),
    ("Discord's SDK stays", "adapters/slack/api.py", "import discord"),
]


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def function_lengths() -> Iterator[tuple[str, int]]:
    """Lines of each function, its docstring and signature not counted."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                first = body[0].lineno if body else 0
                last = max((each.end_lineno or 0 for each in body), default=-1)
                yield f"{path.relative_to(ROOT)}:{node.name}", last - first + 1


def test_functions_fit_in_a_glance() -> None:
    lengths = dict(function_lengths())
    assert statistics.median(lengths.values()) <= 8
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 28
    assert {name: length for name, length in lengths.items() if length > 50} == {}


def test_modules_hold_one_idea() -> None:
    lines = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in sources()}
    assert {name: count for name, count in lines.items() if count > 300} == {}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__", "*.onnx")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    other = tmp_path / "adapters" / "other"
    other.mkdir()
    (other / "__init__.py").touch()
    return tmp_path


def test_every_contract_on_imports_is_kept(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("contract", "module", "planted"), PLANTED)
def test_a_planted_import_breaks_its_contract(
    copy: Path, contract: str, module: str, planted: str
) -> None:
    path = copy / module
    path.write_text(f"{path.read_text('utf-8')}\n{planted}\n", "utf-8")
    result = lint(copy)
    assert result.returncode == 1
    broken = [line for line in result.stdout.splitlines() if " BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), result.stdout
