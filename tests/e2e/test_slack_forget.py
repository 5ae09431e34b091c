"""`/forget` in Slack: all that a person asked is deleted, and nobody else's."""

from __future__ import annotations

from functools import partial

from adapters.chat.wording import NOTHING_TO_FORGET
from adapters.slack.manifest import ASK, FORGET
from core.ports import Database
from tests.support.discord_bot import settled
from tests.support.faulty_database import FaultyDatabase
from tests.support.slack_server import ALICE, BOB, SlackWorkspace
from tests.support.slack_surfaces import open_surfaces


def _heard(workspace: SlackWorkspace, text: str, user: str = ALICE) -> bool:
    return any(text in each.shown for each in workspace.whispers(user))


async def test_forget_deletes_what_a_person_asked_and_got(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http):
        asked = await workspace.mention(workspace.general, "How do I install it?")
        await workspace.answered(workspace.general, asked)
        for user, text in ((ALICE, "A secret?"), (BOB, "Mine?")):
            await workspace.command(ASK, text, user=user)
            await workspace.until(partial(_heard, workspace, f"You asked: {text}", user))
        await settled(database)
        delivery = await workspace.command(FORGET)
        await workspace.until(lambda: _heard(workspace, "Forgotten: 2 questions of yours"))
        await workspace.until(lambda: not workspace.answers(workspace.general, asked))
        await settled(database)
        await workspace.command(FORGET)
        await workspace.until(lambda: _heard(workspace, NOTHING_TO_FORGET))
    assert delivery.acknowledged
    assert not _heard(workspace, "Forgotten", BOB)
    rows = await database.fetch("SELECT text, author FROM turns WHERE text <> '' OR author <> ''")
    assert [(row["text"], row["author"]) for row in rows] == [("Mine?", BOB)]


async def test_a_person_is_told_when_nothing_could_be_forgotten(
    workspace: SlackWorkspace, database: Database
) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(workspace, faulty):
        faulty.broken = {"DELETE FROM feedback"}
        await workspace.command(FORGET)
        await workspace.until(lambda: _heard(workspace, "Sorry, that did not work. PostgreSQL"))
