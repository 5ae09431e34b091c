"""Commands for who sets Docent up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.program import Json, app, read_settings, run_command


@app.command()
def doctor() -> None:
    """Check every service that is configured.

    A line for each says whether it is well, or else what to do. The exit code is 1 when one is not.
    """
    from bot import commands

    run_command(commands.doctor(read_settings()))


@app.command("slack-manifest")
def slack_manifest(
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print YAML instead of JSON.")] = False,
) -> None:
    """Print the manifest to create the Slack app from."""
    from bot import commands

    commands.slack_manifest(read_settings(), as_yaml=as_yaml)


@app.command("eval")
def evaluate(
    corpus: Annotated[
        Path, typer.Option(metavar="FILE", help="Documents: JSON lines with id, title, text.")
    ],
    questions: Annotated[
        Path, typer.Option(metavar="FILE", help="Questions: JSON lines with id, text, relevant.")
    ],
    as_json: Json = False,
) -> None:
    """Measure the search on a corpus of your own.

    It goes into an index of its own, which is thrown away afterwards.
    """
    from bot import commands

    run_command(commands.evaluate(read_settings(), corpus, questions, as_json=as_json))
