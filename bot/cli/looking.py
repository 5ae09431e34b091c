"""Commands that look at what was answered, and what it cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.program import Json, app, read_settings, run_command


@app.command()
def quota(as_json: Json = False) -> None:
    """Show what is left of each provider's budget.

    And what follows when it is spent.
    """
    from bot import commands

    run_command(commands.quota(read_settings(), as_json=as_json))


@app.command()
def trace(
    turn: Annotated[
        str | None, typer.Argument(metavar="ID", help="The turn; without, the latest are listed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how an answer came about.

    Its passages, prompt, claims, times and cost.
    """
    from bot import looking_back

    run_command(looking_back.trace(read_settings(), turn, as_json=as_json))


@app.command()
def replay(
    turn: Annotated[str, typer.Argument(metavar="ID", help="The turn, from `docent trace`.")],
    as_json: Json = False,
) -> None:
    """Ask again what was asked then, on the passages of then."""
    from bot import looking_back

    run_command(looking_back.replay(read_settings(), turn, as_json=as_json))


@app.command()
def gaps(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back to look.")] = 30,
    as_cases: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep thumbs-downs as cases for `docent eval`: those of --expect, or else those "
            "for which people named the section.",
        ),
    ] = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=PATH", help="A downvoted turn, and what answers it; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the questions that the docs lack an answer to.

    Those that were refused or downvoted, or whose answer has a claim that the docs do not hold.
    """
    from bot import looking_back

    run_command(looking_back.gaps(read_settings(), days, as_cases, expect or [], as_json=as_json))
