"""Commands that answer, here or on the platforms."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.program import Json, app, read_settings, run_command


@app.command()
def run(
    no_chat: Annotated[
        bool, typer.Option("--no-chat", help="Never take questions from this terminal.")
    ] = False,
) -> None:
    """Answer in Slack, Discord, the browser, or this terminal.

    On each platform that is configured. With none this is a chat, and with a pipe or file for
    standard input, each of its lines is a question.
    """
    from bot import commands
    from bot.loop import quickest_loop

    run_command(commands.run(read_settings(), chat=not no_chat), loop_factory=quickest_loop())


@app.command()
def chat() -> None:
    """Ask in this terminal, whatever else is configured."""
    from bot import commands

    run_command(commands.chat(read_settings()))


@app.command()
def ask(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="In your own words.")],
    as_json: Json = False,
) -> None:
    """Ask one question, and print the answer with its sources."""
    from bot import commands

    run_command(commands.ask(read_settings(), " ".join(question), as_json=as_json))
