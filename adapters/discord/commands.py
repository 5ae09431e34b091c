"""The commands, as Discord is told of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import discord
from discord import app_commands
from discord.app_commands import AppCommandContext, AppCommandError, CommandTree, Range

from adapters.chat.wording import failed
from adapters.discord.asking import Asking
from adapters.discord.components import TROUBLE
from adapters.discord.housekeeping import Housekeeping
from adapters.discord.quota import Quota
from adapters.discord.reingest import Reingest
from adapters.discord.replies import say
from core.errors import DocentError

Interaction: TypeAlias = discord.Interaction[Any]
Apologise: TypeAlias = Callable[[Interaction, AppCommandError], Coroutine[Any, Any, None]]

ABOUT_THIS = "Ask the docs about this"
CHANGED = "This command has changed. Please try again in a moment."

log = logging.getLogger(__name__)


def command_tree(
    client: discord.Client,
    asking: Asking,
    housekeeping: Housekeeping,
    quota: Quota,
    reingest: Reingest,
) -> CommandTree[Any]:
    """Has discord.py call us."""
    where = AppCommandContext(guild=True, dm_channel=True, private_channel=False)
    tree: CommandTree[Any] = CommandTree(client, allowed_contexts=where)
    _add_asking(tree, asking)
    _add_housekeeping(tree, housekeeping)
    _add_quota(tree, quota)
    _add_reingest(tree, reingest)
    return tree


def apologising(repair: Callable[[], None]) -> Apologise:
    """Makes what a command raises an apology, at once; our own faults are logged.

    `repair` is called when Discord has other commands than we do.
    """

    async def apologise(interaction: Interaction, error: AppCommandError) -> None:
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            log.warning("Discord has other commands than this version. %s", error)
            repair()
            await say(interaction, CHANGED)
        else:
            await _apologise(interaction, error.__cause__ or error)

    return apologise


async def _apologise(interaction: Interaction, cause: BaseException) -> None:
    name = interaction.command.name if interaction.command is not None else "?"
    if isinstance(cause, DocentError):
        log.warning("/%s failed. %s", name, cause)
        await say(interaction, failed(cause))
    else:
        log.error("/%s failed.", name, exc_info=cause)
        await say(interaction, TROUBLE)


# What follows are functions within functions: of a method's parameters discord.py drops one.


def _add_asking(tree: CommandTree[Any], asking: Asking) -> None:
    @tree.command(name="ask", description="Ask the docs; only you see the answer")
    @app_commands.describe(question="What you want to know")
    async def ask(interaction: Interaction, question: Range[str, 1, 2000]) -> None:
        await asking.ask(interaction, question)

    @tree.context_menu(name=ABOUT_THIS)
    async def ask_about(interaction: Interaction, message: discord.Message) -> None:
        await asking.ask_about(interaction, message)


def _add_housekeeping(tree: CommandTree[Any], housekeeping: Housekeeping) -> None:
    @tree.command(name="new", description="Begin a new conversation here")
    async def new(interaction: Interaction) -> None:
        await housekeeping.new(interaction)

    @tree.command(name="status", description="Show which docs are served")
    async def status(interaction: Interaction) -> None:
        await housekeeping.status(interaction)

    @tree.command(name="forget", description="Delete all that you asked, and the answers")
    async def forget(interaction: Interaction) -> None:
        await housekeeping.forget(interaction)


def _add_quota(tree: CommandTree[Any], quota: Quota) -> None:
    @tree.command(name="quota", description="Show what is left of the budgets")
    async def tell(interaction: Interaction) -> None:
        await quota.tell(interaction)


def _add_reingest(tree: CommandTree[Any], reingest: Reingest) -> None:
    @tree.command(name="reingest", description="Bring the docs in again")
    @app_commands.describe(source="One source, by its name; all of them without")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def run(interaction: Interaction, source: Range[str, 1, 63] | None = None) -> None:
        await reingest.run(interaction, source)
