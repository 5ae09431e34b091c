"""A thumbs-down in Slack, and the section that should have answered."""

from __future__ import annotations

from adapters.chat.expecting import ANOTHER, NOTED, WHICH
from adapters.chat.policy import ChannelPolicy
from adapters.chat.reactions import GONE
from adapters.slack.expecting import CHOOSE, WRITE
from adapters.slack.rendering import FEEDBACK_DOWN
from core.model import Scope
from core.ports import Database
from tests.support.discord_surfaces import Cited
from tests.support.faulty_database import FaultyDatabase
from tests.support.slack_faults import Fault
from tests.support.slack_server import ALICE, SlackWorkspace
from tests.support.slack_state import Ephemeral
from tests.support.slack_surfaces import open_surfaces


async def downvoted(workspace: SlackWorkspace) -> Ephemeral:
    """What is said to somebody who gives a thumbs-down."""
    ts = await workspace.mention(workspace.general, "How do I install it?")
    [shown] = await workspace.answered(workspace.general, ts)
    await workspace.press(workspace.general, shown.ts, FEEDBACK_DOWN)
    await workspace.until(lambda: workspace.whispers(ALICE))
    return workspace.whispers(ALICE)[-1]


async def until_said(workspace: SlackWorkspace, asked: Ephemeral, text: str) -> None:
    await workspace.until(lambda: text in asked.shown)
    assert workspace.whispers(ALICE) == [asked], "it takes the place of the question"


async def expected(database: Database) -> list[tuple[str, str, str | None]]:
    rows = await database.fetch("SELECT person, expected, expected_path FROM feedback")
    return [(row["person"], row["expected"], row["expected_path"]) for row in rows]


async def test_one_of_the_sections_that_were_found_can_be_chosen(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http, answers=Cited()):
        asked = await downvoted(workspace)
        assert WHICH in asked.shown
        await workspace.choose(asked.ts, CHOOSE, "Install › Linux")
        await until_said(workspace, asked, NOTED)
    assert await expected(database) == [(ALICE, "https://docs.example/install#linux", "install.md")]


async def test_another_section_can_be_named_in_a_form(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http, answers=Cited()):
        asked = await downvoted(workspace)
        await workspace.press(workspace.general, asked.ts, WRITE)
        await workspace.until(lambda: workspace.slack.views)
        await workspace.submit({"section": "  the part on keys "})
        await until_said(workspace, asked, NOTED)
    assert await expected(database) == [(ALICE, "the part on keys", None)]


async def test_sections_that_may_not_be_named_here_are_not_offered(
    workspace: SlackWorkspace, database: Database
) -> None:
    policy = ChannelPolicy(scope=Scope(frozenset({"public"})))
    async with open_surfaces(workspace, database, answers=Cited(), policy=policy):
        asked = await downvoted(workspace)
    assert "Install" not in str(asked.blocks)
    assert ANOTHER in str(asked.blocks)


async def test_a_form_that_cannot_be_shown_is_apologised_for(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_surfaces(workspace, database, answers=Cited()):
        asked = await downvoted(workspace)
        workspace.faults.add(Fault("views.open", error="expired_trigger_id"))
        await workspace.press(workspace.general, asked.ts, WRITE)
        await until_said(workspace, asked, "that did not work")


async def test_what_cannot_be_stored_is_apologised_for(
    workspace: SlackWorkspace, database: Database
) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(workspace, faulty, answers=Cited()):
        asked = await downvoted(workspace)
        options = asked.blocks
        faulty.broken = {"INSERT INTO feedback"}
        await workspace.choose(asked.ts, CHOOSE, "Install › Linux")
        await until_said(workspace, asked, "that did not work")
        asked.blocks = options
        await workspace.press(workspace.general, asked.ts, WRITE)
        await workspace.until(lambda: workspace.slack.views)
        asked.blocks = []
        await workspace.submit({"section": "the part on keys"})
        await until_said(workspace, asked, "that did not work")


async def test_the_answer_may_be_gone_by_then(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_surfaces(workspace, database, answers=Cited()):
        asked = await downvoted(workspace)
        await database.execute("DELETE FROM turns")
        await workspace.choose(asked.ts, CHOOSE, "Install › Linux")
        await until_said(workspace, asked, GONE)
