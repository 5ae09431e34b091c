"""What the commands share: the program, its settings, and how a command is run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from bot.loop import take_short_turns
from bot.signals import run_until_signalled

if TYPE_CHECKING:
    from bot.settings import Settings

app = typer.Typer(
    name="docent",
    help="Answers questions about your docs, and cites the exact section.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its tables give flags a type, as if they took a value
)

log = logging.getLogger(__name__)

LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def run_command(
    command: Coroutine[Any, Any, int | None], *, loop_factory: LoopFactory | None = None
) -> None:
    """Runs it until it ends or a signal ends it; its exit code becomes the program's."""
    take_short_turns()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        code = runner.run(run_until_signalled(command))
    if code:
        raise typer.Exit(code)


def read_settings() -> Settings:
    """Reads the settings, has the log follow them, and warns of what may be a typo.

    Raises ConfigurationError.
    """
    from bot.log import configure_logging
    from bot.settings import load_settings, mistyped_variables

    settings = load_settings()
    form, level = settings.docent.log_format, settings.docent.log_level
    configure_logging(level, form, settings.secrets())
    for written, meant in mistyped_variables(settings).items():
        log.warning("%s is no setting, and has no effect. Did you mean %s?", written, meant)
    return settings
