"""What people ask for by name in Slack: `/ask`, `/reingest`, and the shortcut on a message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from adapters.chat.policy import ChannelPolicy
from adapters.chat.wording import LOST, NOT_HERE, SEARCHING
from adapters.slack.commands import ASKED_BEFORE, IN_THREAD, NO_TEXT, REFUSED
from adapters.slack.manifest import ASK, ASK_ABOUT_THIS, REINGEST
from adapters.slack.private import PLATFORM as PRIVATE
from adapters.slack.private import private_question
from adapters.slack.rendering import SHARE
from core.answering.stopping import Stop
from core.conversation.inbox import Inbox
from core.errors import SyncRunning
from core.model import EVERYTHING, AnswerEvent, Question
from core.ports import Database
from tests.support.faulty_database import FaultyDatabase
from tests.support.slack_bot import Answers
from tests.support.slack_server import ADMIN, ALICE, BOB, SlackWorkspace
from tests.support.slack_state import Ephemeral, Message
from tests.support.slack_surfaces import PlayedSync, moment, open_surfaces, report


async def whispered(workspace: SlackWorkspace, text: str, user: str = ALICE) -> Ephemeral:
    """The message with that text which only the person sees, once it is there."""
    await workspace.until(lambda: [w for w in workspace.whispers(user) if text in w.shown])
    return next(w for w in workspace.whispers(user) if text in w.shown)


async def posted(workspace: SlackWorkspace, channel: str, text: str) -> Message:
    """The bot's message with that text, once it is there."""

    def found() -> list[Message]:
        return [m for m in workspace.slack.in_channel(channel) if m.bot and text in m.shown]

    await workspace.until(found)
    return found()[0]


async def test_ask_is_answered_to_the_one_who_asked_alone(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http):
        delivery = await workspace.command(ASK, "How do I install it?")
        answer = await whispered(workspace, "You asked: How do I install it?")
    assert delivery.acknowledged
    assert workspace.whispers()[0].shown == SEARCHING
    assert answer.user == ALICE
    assert workspace.whispers(BOB) == []
    assert workspace.slack.in_channel(workspace.general) == []


@dataclass
class FailsOnce(Answers):
    """Breaks off its first answer, at a step."""

    async def answer(
        self, question: Question, stop: Stop | None = None
    ) -> AsyncGenerator[AnswerEvent, None]:
        if not self.asked:
            self.asked.append(question)
            await self.steps.acquire()
            raise RuntimeError("no luck")
        async for event in super().answer(question, stop):
            yield event


async def test_an_answer_that_is_made_again_is_announced_once(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = FailsOnce()
    async with open_surfaces(workspace, database, answers=answers):
        await workspace.command(ASK, "How do I install it?")
        await whispered(workspace, SEARCHING)
        answers.step()
        await whispered(workspace, "You asked: How do I install it?")
    assert [w.shown for w in workspace.whispers()].count(SEARCHING) == 1


async def test_ask_without_a_question_tells_how_to_ask(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    answers = Answers()
    async with open_surfaces(workspace, database, http=http, answers=answers):
        await workspace.command(ASK, "  ")
    assert "/ask How do I" in workspace.whispers()[0].shown
    assert answers.asked == []


async def test_a_question_that_cannot_be_stored_is_apologised_for_at_once(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    faulty = FaultyDatabase(database)
    async with open_surfaces(workspace, faulty, http=http):
        faulty.broken = {"INSERT INTO turns"}
        await workspace.command(ASK, "How do I install it?")
    assert [w.shown for w in workspace.whispers()] == [LOST]


async def test_a_private_answer_can_be_shared_with_the_channel_once(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http):
        await workspace.command(ASK, "How do I install it?")
        answer = await whispered(workspace, "You asked: How do I install it?")
        await workspace.press(workspace.general, answer.ts, SHARE)
        await posted(workspace, workspace.general, "alice asked Docent")
        await posted(workspace, workspace.general, "You asked: How do I install it?")
        await workspace.until(lambda: "shared" in answer.shown)
    assert not [b for b in answer.blocks if b["type"] == "actions"]


async def test_pressed_twice_at_once_it_is_shared_once(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_surfaces(workspace, database):
        await workspace.command(ASK, "How do I install it?")
        answer = await whispered(workspace, "You asked: How do I install it?")
        press = workspace.press
        await asyncio.gather(*(press(workspace.general, answer.ts, SHARE) for _ in range(2)))
        await workspace.until(lambda: "shared" in answer.shown)
        await workspace.command(ASK, "And now?")  # meanwhile the second press had its time
        await whispered(workspace, "You asked: And now?")
    assert len(workspace.slack.in_channel(workspace.general)) == 2


@pytest.mark.parametrize("blocked", [True, False])
async def test_nothing_is_shared_where_the_bot_is_not_to_answer(
    workspace: SlackWorkspace, database: Database, *, blocked: bool
) -> None:
    channel = workspace.add_channel("partners", external=not blocked)
    policy = ChannelPolicy(blocked=frozenset({channel} if blocked else ()))
    async with open_surfaces(workspace, database, policy=policy):
        await workspace.command(ASK, "How do I install it?", channel=channel)
        answer = await whispered(workspace, "You asked: How do I install it?")
        await workspace.press(channel, answer.ts, SHARE)
        await whispered(workspace, NOT_HERE)
    assert workspace.slack.in_channel(channel) == []


async def test_a_private_answer_whose_address_expired_comes_all_the_same(
    workspace: SlackWorkspace, database: Database
) -> None:
    inbox = Inbox(database, worker="ours", lease_seconds=6.0)
    gone = f"{workspace.url}/response/GONE"
    team = workspace.slack.team
    question = private_question(
        team, workspace.general, gone, "1.2", ALICE, "Still there?", EVERYTHING
    )
    await inbox.accept(question)
    async with open_surfaces(workspace, database):
        answer = await whispered(workspace, "You asked: Still there?")
    assert answer.source == "chat.postEphemeral"


async def test_where_the_bot_is_not_it_comes_as_a_direct_message(
    workspace: SlackWorkspace, database: Database
) -> None:
    private = workspace.add_channel("elsewhere", bot=False)
    gone = f"{workspace.url}/response/GONE"
    question = private_question(
        workspace.slack.team, private, gone, "1.2", ALICE, "Still there?", EVERYTHING
    )
    await Inbox(database, worker="ours", lease_seconds=6.0).accept(question)
    async with open_surfaces(workspace, database):
        await posted(workspace, workspace.direct(ALICE), "You asked: Still there?")


async def test_private_answers_are_conversations_of_their_own(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers()
    async with open_surfaces(workspace, database, answers=answers):
        for text in ("one?", "two?"):
            await workspace.command(ASK, text)
            await whispered(workspace, f"You asked: {text}")
    sessions = {question.session for question in answers.asked}
    assert {session.platform for session in sessions} == {PRIVATE}
    assert len(sessions) == 2


async def test_the_shortcut_answers_in_the_messages_thread_once(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http):
        ts = await workspace.post(workspace.general, "How do I install it?", user=BOB)
        await workspace.shortcut(ASK_ABOUT_THIS, workspace.general, ts)
        await workspace.answered(workspace.general, ts)
        await whispered(workspace, IN_THREAD)
        await workspace.shortcut(ASK_ABOUT_THIS, workspace.general, ts, user=BOB)
        await whispered(workspace, ASKED_BEFORE, BOB)
        [answer] = workspace.answers(workspace.general, ts)
        assert answer.shown.startswith("You asked: How do I install it?")


async def test_after_the_shortcut_the_thread_needs_no_mention(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_surfaces(workspace, database):
        ts = await workspace.post(workspace.general, "How do I install it?", user=BOB)
        await workspace.shortcut(ASK_ABOUT_THIS, workspace.general, ts)
        await workspace.answered(workspace.general, ts)
        await workspace.reply(workspace.general, ts, "And on Windows?", user=BOB)
        await workspace.answered(workspace.general, ts, count=2)


@pytest.mark.parametrize("bot", [True, False])
async def test_where_it_may_not_post_the_shortcut_answers_privately(
    workspace: SlackWorkspace, database: Database, *, bot: bool
) -> None:
    channel = workspace.add_channel("private", kind="group", bot=bot)
    policy = ChannelPolicy(blocked=frozenset({channel}))
    async with open_surfaces(workspace, database, policy=policy):
        ts = await workspace.post(channel, "How do I install it?", user=BOB)
        await workspace.shortcut(ASK_ABOUT_THIS, channel, ts)
        await whispered(workspace, "You asked: How do I install it?")
        assert workspace.answers(channel, ts) == []


async def test_a_message_without_text_is_no_question(
    workspace: SlackWorkspace, database: Database
) -> None:
    answers = Answers()
    async with open_surfaces(workspace, database, answers=answers):
        ts = await workspace.post(workspace.general, "", user=BOB)
        await workspace.shortcut(ASK_ABOUT_THIS, workspace.general, ts)
        await whispered(workspace, NO_TEXT)
    assert answers.asked == []


async def test_reingest_shows_its_progress_in_one_message_and_ends_with_a_report(
    workspace: SlackWorkspace, database: Database, *, http: bool
) -> None:
    sync = PlayedSync(moments=[moment(0), moment(10)])
    async with open_surfaces(workspace, database, http=http, sync=sync):
        delivery = await workspace.command(REINGEST, "handbook", user=ADMIN)
        board = await posted(workspace, workspace.general, "10/40 docs")
        assert delivery.acknowledged
        assert "10 embedded, 10 reused" in board.shown
        assert "about 30 s left" in board.shown
        sync.go.set()
        await workspace.until(lambda: "Done in 12 s" in board.shown)
    assert "1 added" in board.shown
    assert "40 docs in 80 chunks" in board.shown
    assert sync.asked == ["handbook"]
    [first] = workspace.called("chat.postMessage")
    assert (first["unfurl_links"], first["unfurl_media"]) == (False, False)
    assert len(workspace.slack.in_channel(workspace.general)) == 1


async def test_reingest_without_a_source_takes_all(
    workspace: SlackWorkspace, database: Database
) -> None:
    sync = PlayedSync(end=report(added=(), failed={"docs/b.md": "is no text"}))
    sync.go.set()
    async with open_surfaces(workspace, database, sync=sync):
        await workspace.command(REINGEST, user=ADMIN)
        board = await posted(workspace, workspace.general, "nothing had changed")
    assert sync.asked == [None]
    assert "`docs/b.md`: is no text" in board.shown


async def test_reingest_is_refused_to_others_and_that_is_logged(
    workspace: SlackWorkspace, database: Database, caplog: pytest.LogCaptureFixture, *, http: bool
) -> None:
    async with open_surfaces(workspace, database, http=http) as bot:
        await workspace.command(REINGEST, user=ALICE)
        await whispered(workspace, REFUSED)
    assert bot.sync.asked == []
    assert workspace.slack.in_channel(workspace.general) == []
    assert f"by {ALICE} of all sources was refused" in caplog.text


async def test_whom_the_settings_name_may_reingest(
    workspace: SlackWorkspace, database: Database
) -> None:
    sync = PlayedSync()
    sync.go.set()
    async with open_surfaces(workspace, database, sync=sync, admins=[ALICE]):
        await workspace.command(REINGEST, user=ALICE)
        await posted(workspace, workspace.general, "Done in")
    assert workspace.called("users.info") == []


async def test_an_admin_of_another_organisation_may_not(
    workspace: SlackWorkspace, database: Database
) -> None:
    workspace.slack.add_user("U0STRANGER", "stranger", is_admin=True, is_stranger=True)
    async with open_surfaces(workspace, database) as bot:
        await workspace.command(REINGEST, user="U0STRANGER")
        await whispered(workspace, REFUSED, "U0STRANGER")
    assert bot.sync.asked == []


async def test_without_the_scope_to_ask_it_says_what_to_do(
    workspace: SlackWorkspace, database: Database
) -> None:
    async with open_surfaces(workspace, database):
        workspace.faults.fail("users.info", "missing_scope")
        await workspace.command(REINGEST, user=ADMIN)
        said = await whispered(workspace, "missing_scope", ADMIN)
    assert "Add the scope" in said.shown


async def test_where_the_bot_may_not_post_the_progress_comes_as_a_direct_message(
    workspace: SlackWorkspace, database: Database
) -> None:
    channel = workspace.add_channel("private", kind="group", bot=False)
    sync = PlayedSync()
    sync.go.set()
    async with open_surfaces(workspace, database, sync=sync):
        await workspace.command(REINGEST, channel=channel, user=ADMIN)
        await posted(workspace, workspace.direct(ADMIN), "Done in 12 s")


async def test_asked_while_one_runs_it_shows_that_one(
    workspace: SlackWorkspace, database: Database
) -> None:
    sync = PlayedSync(moments=[moment(10)])
    other = workspace.add_channel("other")
    async with open_surfaces(workspace, database, sync=sync):
        await workspace.command(REINGEST, user=ADMIN)
        first = await posted(workspace, workspace.general, "10/40 docs")
        await workspace.command(REINGEST, "handbook", channel=other, user=ADMIN)
        second = await posted(workspace, other, "10/40 docs")
        sync.go.set()
        await workspace.until(lambda: "Done in 12 s" in first.shown)
        await workspace.until(lambda: "Done in 12 s" in second.shown)
    assert sync.asked == [None]


async def test_asked_while_another_instance_syncs_it_says_so(
    workspace: SlackWorkspace, database: Database
) -> None:
    running = SyncRunning("A sync by host-1 has been running since 10:00.", hint="Wait.")
    sync = PlayedSync(end=running)
    sync.go.set()
    async with open_surfaces(workspace, database, sync=sync):
        await workspace.command(REINGEST, user=ADMIN)
        board = await posted(workspace, workspace.general, "not brought in")
    assert "has been running since 10:00. Wait." in board.shown


async def test_a_fault_of_our_own_is_logged_and_not_shown(
    workspace: SlackWorkspace, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    sync = PlayedSync(end=RuntimeError("secret detail"))
    sync.go.set()
    async with open_surfaces(workspace, database, sync=sync):
        await workspace.command(REINGEST, user=ADMIN)
        board = await posted(workspace, workspace.general, "not brought in")
    assert "secret detail" not in board.shown
    assert "secret detail" in caplog.text


async def test_a_deleted_message_does_not_end_the_sync_or_lose_the_report(
    workspace: SlackWorkspace, database: Database
) -> None:
    sync = PlayedSync(moments=[moment(10)])
    async with open_surfaces(workspace, database, sync=sync):
        await workspace.command(REINGEST, user=ADMIN)
        board = await posted(workspace, workspace.general, "10/40 docs")
        await workspace.delete(workspace.general, board.ts)
        sync.go.set()
        await posted(workspace, workspace.direct(ADMIN), "Done in 12 s")


async def test_a_sync_that_the_end_of_the_bot_cuts_off_says_so(
    workspace: SlackWorkspace, database: Database
) -> None:
    sync = PlayedSync(moments=[moment(10)])
    async with open_surfaces(workspace, database, sync=sync):
        await workspace.command(REINGEST, user=ADMIN)
        board = await posted(workspace, workspace.general, "10/40 docs")
    assert "Stopped" in board.shown
