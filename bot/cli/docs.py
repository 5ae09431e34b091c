"""Commands for the docs that answers come from."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.program import Json, app, read_settings, run_command


@app.command()
def sync(
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="Only this one.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Sync even if much of a source is gone.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write all anew, with the vectors there are.")
    ] = False,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="Forget one that is no longer configured; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the index in step with the docs."""
    from bot import commands

    run_command(
        commands.sync(
            read_settings(),
            source,
            remove=remove or [],
            rebuild=rebuild,
            dry_run=dry_run,
            allow_shrink=allow_shrink,
            as_json=as_json,
        )
    )


@app.command()
def rebuild(
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Rebuild even if much of a source is gone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the whole index anew, as after it was lost."""
    from bot import commands

    run_command(commands.rebuild(read_settings(), allow_shrink=allow_shrink, as_json=as_json))


@app.command()
def status(as_json: Json = False) -> None:
    """Show what is served, and how its syncs go.

    How the last ones ended, what they could not read, and when the next ones begin.
    """
    from bot import commands

    run_command(commands.status(read_settings(), as_json=as_json))
