"""What the commands do that look back at what was asked. They work beside a running bot."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console

from bot.gaps import keep_cases, read_gaps
from bot.progress import amount
from bot.replay import replayed
from bot.settings import Settings
from bot.trace import latest_as_json, latest_as_text, read_latest, read_trace
from core.errors import ConfigurationError

notes = Console(stderr=True, highlight=False)


async def trace(settings: Settings, turn_id: str | None, *, as_json: bool) -> None:
    """Prints how an answer came about, or which turns there are."""
    if turn_id is None:
        turns = await read_latest(settings)
        _print_json(latest_as_json(turns)) if as_json else typer.echo(latest_as_text(turns))
        return
    found = await read_trace(settings, turn_id)
    _print_json(found.as_json()) if as_json else typer.echo(found.as_text())


async def replay(settings: Settings, turn_id: str, *, as_json: bool) -> None:
    """Prints what is answered on a turn's passages now."""
    with notes.status("Asking again…"):
        found = await replayed(settings, turn_id)
    _print_json(found.as_json()) if as_json else typer.echo(found.as_text())


async def gaps(
    settings: Settings, days: int, file: Path | None, expected: list[str], *, as_json: bool
) -> None:
    """Prints what the docs lack, or keeps questions of it as cases."""
    if expected and file is None:
        raise ConfigurationError(
            "Cases need a file.",
            hint="docent gaps --as-cases cases.jsonl --expect ID=guide/install.md",
        )
    report = await read_gaps(settings, days)
    if file is None:
        _print_json(report.as_json()) if as_json else typer.echo(report.as_text())
        return
    added = keep_cases(report, file, dict(_expectation(each) for each in expected))
    typer.echo(f"{amount(added, 'case')} added to {file}.")


def _expectation(text: str) -> tuple[str, str]:
    turn, separator, path = text.partition("=")
    if not (turn and separator and path):
        raise ConfigurationError(
            f"--expect {text} is not of the form ID=PATH.",
            hint="ID is a turn, and PATH the document that answers it.",
        )
    return turn, path


def _print_json(found: object) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
