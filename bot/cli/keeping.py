"""Commands for who keeps what Docent knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.program import app, read_settings, run_command


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
) -> None:
    """Write the embedded data into one file.

    A bot may run meanwhile.
    """
    from bot import keeping

    run_command(keeping.backup(read_settings(), file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `docent backup` wrote.")],
    answered_since: Annotated[
        bool,
        typer.Option(
            "--answered-since", help="A bot ran on after the backup: answer nothing again."
        ),
    ] = False,
) -> None:
    """Fill an empty data folder from a backup."""
    from bot import keeping

    run_command(keeping.restore(read_settings(), file, answered_since=answered_since))
