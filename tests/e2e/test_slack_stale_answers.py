"""A thread in Slack is told, once, that the docs have changed under an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.chat.policy import ChannelPolicy
from adapters.chat.staleness import StaleWatch
from adapters.slack.manifest import REINGEST
from adapters.slack.rendering import SHOW_EVIDENCE
from core.conversation.staleness import StaleAnswers
from core.model import Scope
from core.ports import Database
from tests.support.command import Shell
from tests.support.discord_bot import settled as stored
from tests.support.faulty_database import FaultyDatabase
from tests.support.kitchen import DOCS, QUESTION, kitchen_folder, running
from tests.support.slack_faults import Fault
from tests.support.slack_server import ADMIN, ALICE, SlackWorkspace
from tests.support.slack_surfaces import open_surfaces
from tests.support.stale_docs import FromSection, serve, settled

NOTICE = (
    "Heads-up: [Install › Linux](https://docs.example/install#linux), which I cited here, has "
    "changed since; ask me again for an answer from the docs as they are now."
)


@pytest.fixture
def kitchen() -> Iterator[Path]:
    with kitchen_folder() as made:
        yield made


@asynccontextmanager
async def a_bot(
    workspace: SlackWorkspace, database: Database, *, threads: int = 20, **how: Any
) -> AsyncIterator[StaleWatch]:
    """One that tells so many threads after a sync."""
    watch = StaleWatch(StaleAnswers(database), threads=threads, platforms=("slack",))
    async with open_surfaces(workspace, database, answers=FromSection(), stale=watch, **how):
        yield watch


async def an_answer(workspace: SlackWorkspace, database: Database) -> str:
    ts = await workspace.mention(workspace.general, "How do I install it?")
    await workspace.answered(workspace.general, ts)
    await stored(database)
    return ts


def notices(workspace: SlackWorkspace, ts: str) -> list[str]:
    shown = [message.shown for message in workspace.answers(workspace.general, ts)]
    return [each for each in shown if "Heads-up" in each]


async def test_the_thread_is_told_once_with_the_sections_link(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with a_bot(workspace, database) as watch:
        ts = await an_answer(workspace, database)
        await serve(database, "k1", "k2")
        await watch.flipped()
        await serve(database, "new")
        await watch.flipped()
        await settled(database)
        await watch.flipped()
        await watch.wake()
        await workspace.press(
            workspace.general, workspace.answers(workspace.general, ts)[0].ts, SHOW_EVIDENCE
        )
        await workspace.until(lambda: workspace.whispers(ALICE))
    assert notices(workspace, ts) == [NOTICE]
    [evidence] = workspace.whispers(ALICE)
    assert "⚠ A section that this answer cites has changed since." in evidence.shown


async def test_of_a_section_that_is_gone_there_is_no_link(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with a_bot(workspace, database) as watch:
        ts = await an_answer(workspace, database)
        await watch.flipped()
        await settled(database)
    [told] = notices(workspace, ts)
    assert told.startswith(
        "Heads-up: Install › Linux, which I cited here, is no longer in the docs;"
    )


async def test_a_sync_that_changes_everything_tells_the_newest_threads_alone(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with a_bot(workspace, database, threads=2) as watch:
        threads = [await an_answer(workspace, database) for _ in range(4)]
        await serve(database, "new")
        await watch.flipped()
        await settled(database, answers=4)
    assert [len(notices(workspace, ts)) for ts in threads] == [0, 0, 1, 1]


async def test_without_the_setting_nobody_is_told(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with a_bot(workspace, database, threads=0) as watch:
        ts = await an_answer(workspace, database)
        await watch.flipped()
        await settled(database)
    assert notices(workspace, ts) == []


async def test_two_instances_tell_a_thread_once(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with a_bot(workspace, database) as one:
        ts = await an_answer(workspace, database)
        # Not earlier: one that is not told of others takes up whatever is under way as it starts.
        async with a_bot(workspace, database) as other:
            await serve(database, "new")
            await asyncio.gather(one.flipped(), other.flipped(), one.wake(), other.wake())
            await settled(database)
    assert notices(workspace, ts) == [NOTICE]


async def test_a_notice_whose_sender_never_learned_of_it_is_not_posted_again(
    workspace: SlackWorkspace, database: Database
) -> None:
    def heads_up(arguments: dict[str, Any]) -> bool:
        return "Heads-up" in arguments.get("text", "")

    async with a_bot(workspace, database) as watch:
        ts = await an_answer(workspace, database)
        await serve(database, "new")
        lost = Fault("chat.postMessage", disconnect=True, applied=True, when=heads_up)
        workspace.faults.add(lost)
        await watch.flipped()
        await workspace.until(lambda: notices(workspace, ts))
    await database.execute("UPDATE stale_answers SET lease_until = now() - INTERVAL '1 s'")
    async with a_bot(workspace, database):
        await settled(database)
    assert notices(workspace, ts) == [NOTICE]


async def test_what_a_process_marked_that_ended_then_is_told_by_the_next(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with a_bot(workspace, database, threads=0):
        ts = await an_answer(workspace, database)
    await StaleAnswers(database).mark(30, threads=5, platforms=("slack",))
    async with a_bot(workspace, database):
        await settled(database)
    assert len(notices(workspace, ts)) == 1


async def test_no_thread_is_told_what_may_not_be_named_there(
    workspace: SlackWorkspace, database: Database
) -> None:
    policy = ChannelPolicy(scope=Scope(frozenset({"public"})))
    async with a_bot(workspace, database, policy=policy) as watch:
        ts = await an_answer(workspace, database)
        await watch.flipped()
        await settled(database)
    assert notices(workspace, ts) == []


async def test_a_thread_that_takes_no_messages_is_given_up(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with a_bot(workspace, database) as watch:
        ts = await an_answer(workspace, database)
        workspace.faults.fail("chat.postMessage", "is_archived")
        await watch.flipped()
        await settled(database)
    assert notices(workspace, ts) == []


async def test_a_notice_goes_with_its_question(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with a_bot(workspace, database) as watch:
        ts = await an_answer(workspace, database)
        await watch.flipped()
        await settled(database)
        await workspace.delete(workspace.general, ts)
        await workspace.until(lambda: not workspace.answers(workspace.general, ts))


async def test_a_database_that_is_away_holds_up_no_sync(
    workspace: SlackWorkspace, database: Database
) -> None:
    faulty = FaultyDatabase(database)
    async with a_bot(workspace, faulty) as watch:
        ts = await an_answer(workspace, database)
        faulty.broken = {"INSERT INTO stale_answers"}
        await watch.flipped()
        faulty.broken = {"UPDATE stale_answers AS s"}
        await watch.flipped()
        faulty.broken = set()
        await watch.wake()
        await settled(database)
    assert len(notices(workspace, ts)) == 1


async def test_a_running_bot_tells_after_a_sync_what_it_changed(
    kitchen: Path, workspace: SlackWorkspace
) -> None:
    variables = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_BASE_URL": workspace.api_url,
        "ANSWER_STALE_NOTICES": "5",
    }
    async with running(Shell(kitchen, {**DOCS, **variables}), b"up in Slack"):
        ts = await workspace.mention(workspace.general, QUESTION)
        await workspace.answered(workspace.general, ts, seconds=60.0)
        for file in (kitchen / "docs").glob("*.md"):
            file.write_text(file.read_text("utf-8").replace("last cup", "very last cup"), "utf-8")
        await workspace.command(REINGEST, user=ADMIN)
        await workspace.until(lambda: notices(workspace, ts), 60.0)
    assert "has changed since; ask me again" in notices(workspace, ts)[0]
