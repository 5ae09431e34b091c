"""Commands for the keys of the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.program import Json, app, read_settings, run_command
from core.access.keys import Permission

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys of the HTTP API.")
app.add_typer(keys, name="keys")


@keys.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what it is for.")],
    scope: Annotated[
        list[Permission] | None,
        typer.Option(help="What it may do; repeatable. `admin` includes the others."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days after which it expires.")
    ] = None,
) -> None:
    """Make a key, and print it.

    To ask and to read with, unless told otherwise.
    """
    from bot.keys import create

    scopes = scope or [Permission.ASK, Permission.READ]
    run_command(create(read_settings(), name, scopes, days))


@keys.command("list")
def list_all(as_json: Json = False) -> None:
    """List the keys, without their secrets."""
    from bot.keys import list_all

    run_command(list_all(read_settings(), as_json=as_json))


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `docent keys list` shows it.")],
) -> None:
    """Revoke a key. A running bot notices within ten seconds, for /metrics within a day."""
    from bot.keys import revoke

    run_command(revoke(read_settings(), key_id))


@keys.command("revoke-tokens")
def revoke_tokens(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Whose: the `sub` of their tokens.")
    ],
) -> None:
    """Refuse the tokens that somebody has so far.

    Those that an identity provider has given out. Sign them out or ban them there first: a token
    that they get later is good.
    """
    from bot.keys import revoke_tokens

    run_command(revoke_tokens(read_settings(), subject))
