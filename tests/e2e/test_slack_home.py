"""The app's own surfaces in Slack: home, suggestions, titles."""

from __future__ import annotations

from typing import Any

from adapters.chat.wording import LOST
from adapters.slack.rendering import TRY
from core.ports import Database
from tests.support.faulty_database import FaultyDatabase
from tests.support.slack_server import ALICE, BOB, SlackWorkspace
from tests.support.slack_surfaces import open_surfaces

QUESTIONS = ["How do I install it?", "What does it cost?"]


async def serve_docs(database: Database) -> None:
    """A corpus as a sync would have left it."""
    await database.execute(
        "INSERT INTO sources (name, origin, selection, profile) VALUES ('handbook', '', '', '')"
    )
    await database.execute("INSERT INTO corpus (collection, generation) VALUES ('c', 2)")
    for path, title, until in [
        ("guide/deep/inside.md", "Deep inside", None),
        ("guide.md", "The guide", None),
        ("old.md", "Old news", 2),
    ]:
        await database.execute(
            """
            INSERT INTO documents
                (source, path, since, until, title, url, fingerprint, peer_reviewed, authors,
                 chunk_keys, chunk_sinces)
            VALUES ('handbook', $1, 1, $3, $2, '', 'f', FALSE, '{}', '{k1,k2}', '{1,1}')
            """,
            path,
            title,
            until,
        )


def shown(view: dict[str, Any]) -> str:
    return "\n".join(block["text"]["text"] for block in view["blocks"])


async def test_the_home_tells_what_is_served_and_what_to_ask(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    await serve_docs(database)
    async with open_surfaces(workspace, database, http=http):
        await workspace.open_home(BOB)
        await workspace.until(lambda: workspace.slack.views)
    [call] = workspace.called("views.publish")
    assert call["user_id"] == BOB
    home = shown(call["view"])
    assert "2 docs, last changed <!date^" in home
    assert "Last synced <!date^" in home
    assert "handbook: 2 docs in 4 chunks" in home
    assert "What do the docs say about The guide?" in home
    assert "Old news" not in home


async def test_a_question_of_the_home_is_answered_in_a_direct_message(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, questions=QUESTIONS, http=http):
        await workspace.open_home(BOB)
        await workspace.until(lambda: workspace.slack.views)
        await workspace.press_home(TRY, QUESTIONS[1], user=BOB)
        direct = workspace.direct(BOB)
        await workspace.until(lambda: workspace.slack.in_channel(direct))
        asked = workspace.slack.in_channel(direct)[0]
        await workspace.until(lambda: len(workspace.answers(direct, asked.ts)) == 2)
        await workspace.reply(direct, asked.ts, "And later?", user=BOB)
        await workspace.until(lambda: len(workspace.answers(direct, asked.ts)) == 3)
        await workspace.settled()
    assert not any(call["unfurl_links"] for call in workspace.called("chat.postMessage"))
    first, second = workspace.answers(direct, asked.ts)[1:]
    assert asked.shown == f"**You asked:** {QUESTIONS[1]}"
    assert f"You asked: {QUESTIONS[1]}" in first.shown
    assert "And later?" in second.shown


async def test_a_question_of_the_home_that_cannot_be_asked_is_apologised_for(
    workspace: SlackWorkspace, database: Database
) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(workspace, faulty, questions=QUESTIONS):
        await workspace.open_home(BOB)
        await workspace.until(lambda: workspace.slack.views)
        faulty.broken = {"INSERT INTO turns"}
        await workspace.press_home(TRY, QUESTIONS[0], user=BOB)
        direct = workspace.direct(BOB)
        await workspace.until(lambda: len(workspace.slack.in_channel(direct)) == 2)
    assert workspace.slack.in_channel(direct)[1].shown == LOST


async def test_before_the_first_sync_the_home_says_so(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_surfaces(workspace, database):
        await workspace.open_home()
        await workspace.until(lambda: workspace.slack.views)
    assert "No docs were brought in yet." in shown(workspace.slack.views[0]["view"])


async def test_the_agent_view_suggests_questions_without_a_thread(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http, questions=QUESTIONS):
        await workspace.open_home(ALICE, tab="messages")
        await workspace.until(lambda: workspace.slack.prompts)
    [prompts] = workspace.slack.prompts
    assert prompts["channel_id"] == workspace.direct(ALICE)
    assert "thread_ts" not in prompts
    assert [prompt["message"] for prompt in prompts["prompts"]] == QUESTIONS
    assert workspace.slack.views == []


async def test_without_configured_questions_they_are_made_from_the_titles(
    workspace: SlackWorkspace, database: Database
) -> None:
    await serve_docs(database)
    async with open_surfaces(workspace, database):
        await workspace.open_home(ALICE, tab="messages")
        await workspace.until(lambda: workspace.slack.prompts)
    asked = [prompt["message"] for prompt in workspace.slack.prompts[0]["prompts"]]
    assert asked == [
        "What do the docs say about The guide?",
        "What do the docs say about Deep inside?",
    ]


async def test_a_direct_conversation_is_named_by_its_first_question(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http):
        ts = await workspace.dm("How do I install it on a machine " + "far, " * 30 + "away?")
        channel = workspace.direct()
        await workspace.answered(channel, ts)
        await workspace.reply(channel, ts, "And then?")
        await workspace.answered(channel, ts, count=2)
    title = workspace.slack.titles[channel, ts]
    assert title.startswith("How do I install it on a machine far,")
    assert len(title) == 80
    assert len(workspace.slack.titles) == 1


async def test_a_thread_in_a_channel_gets_no_title(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_surfaces(workspace, database):
        ts = await workspace.mention(workspace.general, "How do I install it?")
        await workspace.answered(workspace.general, ts)
    assert workspace.slack.titles == {}


async def test_a_workspace_without_titles_or_home_is_answered_all_the_same(
    workspace: SlackWorkspace, database: Database
) -> None:
    for method in ("assistant.threads.setTitle", "views.publish"):
        workspace.faults.fail(method, "not_allowed_token_type", times=9)
    workspace.faults.fail("assistant.threads.setSuggestedPrompts", "missing_scope", times=9)
    async with open_surfaces(workspace, database, questions=QUESTIONS):
        await workspace.open_home()
        await workspace.open_home(tab="messages")
        ts = await workspace.dm("How do I install it?")
        await workspace.answered(workspace.direct(), ts)
        await workspace.until(lambda: len(workspace.called("views.publish")) == 1)
