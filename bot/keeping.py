"""What `docent backup` and `docent restore` tell whoever runs them."""

from __future__ import annotations

from pathlib import Path

import typer

from bot.backup import back_up
from bot.backup import restore as restore_from
from bot.settings import Settings


async def backup(settings: Settings, file: Path) -> None:
    """Writes the file, and says what is in it."""
    made = await back_up(settings, file)
    held = "the database and the vector index" if made.index else "the database"
    typer.echo(f"{file} has {held}.")
    if not made.index and settings.qdrant.url is None:
        typer.echo("A bot has the vector index open: after a restore it is written anew.")


async def restore(settings: Settings, file: Path, *, answered_since: bool) -> None:
    """Fills the data folder, and says what is left to do."""
    made = await restore_from(settings, file, answered_since=answered_since)
    typer.echo(f"Restored what was there at {made.made_at:%Y-%m-%d %H:%M} UTC.")
    if settings.qdrant.url is not None:
        typer.echo("Run `docent rebuild` next: the vector index at QDRANT_URL is of another time.")
    elif not made.index:
        typer.echo("The vector index is not part of it: the next start writes it anew.")
