"""A private source is answered from where the settings bind it, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.chat.policy import ChannelPolicy
from adapters.chat.wording import NOT_FROM_HERE
from adapters.slack.credentials import SlackCredentials
from adapters.slack.manifest import ASK, ASK_ABOUT_THIS
from adapters.slack.mapping import PLATFORM
from adapters.slack.private import private_question
from adapters.slack.rendering import SHARE, SHOW_EVIDENCE, TRY
from bot.app import assemble
from bot.parts import App, Embedding
from bot.server import Front
from bot.settings import Settings
from bot.settings.source import SourceSettings
from bot.slack import channel_policy
from bot.slack_bot import run_slack
from core.backends.extractive import ExtractiveChatModel
from core.backends.postgres import Postgres
from core.backends.qdrant_edge import open_edge
from core.conversation.inbox import Inbox
from core.model import Question, Scope, SessionKey
from tests.support.embedder import HashingEmbedder
from tests.support.slack_server import ALICE, BOB, SlackWorkspace
from tests.support.slack_surfaces import open_surfaces

SECRET = "lighthouse"
ASKED = "What is the password of the vault?"
PUBLIC = "# Vault\n\nThe password of the vault is known to the keeper.\n"
PRIVATE = f"# Vault\n\nThe password of the vault is {SECRET}.\n"


@dataclass
class Company:
    """A workspace with a channel that a private source is bound to."""

    workspace: SlackWorkspace
    app: App
    database: Postgres
    board: str
    policy: ChannelPolicy

    async def asked(self, channel: str, text: str = ASKED, **how: str) -> str:
        """The answer to a mention."""
        ts = await self.workspace.mention(channel, text, **how)
        [answer] = await self.workspace.answered(channel, ts)
        return answer.shown

    def seen_outside(self) -> str:
        """All that was ever posted elsewhere."""
        slack = self.workspace.slack
        places = [self.workspace.general, self.workspace.direct(ALICE)]
        return "\n".join(m.shown for place in places for m in slack.in_channel(place))


@pytest.fixture
async def company(
    workspace: SlackWorkspace, database: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Company]:
    monkeypatch.chdir(tmp_path)
    for name, text in {"handbook": PUBLIC, "minutes": PRIVATE}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "vault.md").write_text(text, "utf-8")
    board = workspace.add_channel("board")
    sources = (
        SourceSettings(name="handbook", folder=tmp_path / "handbook"),
        SourceSettings(name="minutes", folder=tmp_path / "minutes", channels=("slack:#board",)),
    )
    settings = Settings(sources=sources)
    async with open_edge(tmp_path / "index") as index:
        models = [ExtractiveChatModel()]
        app = await assemble(settings, index, database, Embedding(HashingEmbedder()), models)
        await app.syncer.sync(app.sources)
        policy = channel_policy(settings, app.scope)
        yield Company(workspace, app, database, board, policy)


@asynccontextmanager
async def _bot(
    company: Company, policy: ChannelPolicy | None = None, *, questions: Sequence[str] = ()
) -> AsyncIterator[None]:
    async with open_surfaces(
        company.workspace,
        company.database,
        answers=company.app.assistant,
        policy=policy or company.policy,
        questions=questions,
    ):
        yield


async def test_a_mention_is_answered_from_it_in_the_channel_that_it_is_bound_to_alone(
    company: Company,
) -> None:
    async with _bot(company):
        assert SECRET in await company.asked(company.board)
        assert "keeper" in await company.asked(company.workspace.general)
        ts = await company.workspace.dm(ASKED)
        await company.workspace.answered(company.workspace.direct(ALICE), ts)
    assert SECRET not in company.seen_outside()


async def test_a_follow_up_is_answered_from_what_its_own_channel_has(company: Company) -> None:
    workspace = company.workspace
    async with _bot(company):
        inside = await workspace.mention(company.board, ASKED)
        await workspace.answered(company.board, inside)
        await workspace.reply(company.board, inside, "And what is the password?")
        _, second = await workspace.answered(company.board, inside, count=2)
        assert SECRET in second.shown
        # The conversation goes on elsewhere, in a thread that quotes the question.
        outside = await workspace.post(workspace.general, ASKED, user=BOB)
        await workspace.reply(workspace.general, outside, "<@U0DOCENT> what is the password?")
        await workspace.answered(workspace.general, outside)
    assert SECRET not in company.seen_outside()


async def test_a_command_and_the_shortcut_have_the_scope_of_their_channel(
    company: Company,
) -> None:
    workspace = company.workspace
    async with _bot(company):
        await workspace.command(ASK, ASKED, channel=company.board)
        await workspace.until(lambda: any(SECRET in w.shown for w in workspace.whispers()))
        await workspace.command(ASK, ASKED, user=BOB)
        await workspace.until(lambda: any("keeper" in w.shown for w in workspace.whispers(BOB)))
        ts = await workspace.post(workspace.general, ASKED, user=BOB)
        await workspace.shortcut(ASK_ABOUT_THIS, workspace.general, ts)
        await workspace.answered(workspace.general, ts)
        ts = await workspace.post(company.board, ASKED, user=BOB)
        await workspace.shortcut(ASK_ABOUT_THIS, company.board, ts)
        [inside] = await workspace.answered(company.board, ts)
        assert SECRET in inside.shown
    assert SECRET not in company.seen_outside()
    assert not any(SECRET in whisper.shown for whisper in workspace.whispers(BOB))


async def test_a_question_of_the_home_is_answered_from_what_is_public(company: Company) -> None:
    workspace = company.workspace
    direct = workspace.direct(BOB)
    async with _bot(company, questions=[ASKED]):
        await workspace.open_home(BOB)
        await workspace.until(lambda: workspace.slack.views)
        await workspace.press_home(TRY, ASKED, user=BOB)
        await workspace.until(lambda: len(workspace.slack.in_channel(direct)) == 2)
        await workspace.settled()
    answer = workspace.slack.in_channel(direct)[1]
    assert "keeper" in answer.shown
    assert SECRET not in answer.shown


async def test_an_answer_can_be_shared_in_the_channel_that_it_was_given_in(
    company: Company,
) -> None:
    workspace = company.workspace
    async with _bot(company):
        await workspace.command(ASK, ASKED, channel=company.board)
        await workspace.until(lambda: any(SECRET in w.shown for w in workspace.whispers()))
        [answer] = [w for w in workspace.whispers() if SECRET in w.shown]
        await workspace.press(company.board, answer.ts, SHARE)
        shared = workspace.slack.in_channel
        await workspace.until(lambda: any(SECRET in m.shown for m in shared(company.board)))


async def test_an_answer_that_reached_another_place_is_not_shared_from_there(
    company: Company,
) -> None:
    """The address of the reply expired, so it came as a direct message."""
    workspace = company.workspace
    away = workspace.add_channel("vault", kind="group", bot=False)
    policy = channel_policy(company.app.settings, company.app.scope)
    bound = ChannelPolicy(scope=policy.scope, bound={away: frozenset({"minutes"})})
    gone = f"{workspace.url}/response/GONE"
    scope = bound.scope_in(away)
    asked = private_question(workspace.slack.team, away, gone, "1.2", ALICE, ASKED, scope)
    await Inbox(company.database, worker="ours", lease_seconds=6.0).accept(asked)
    direct = workspace.direct(ALICE)
    async with _bot(company, bound):
        in_direct = workspace.slack.in_channel
        await workspace.until(lambda: any(SECRET in m.shown for m in in_direct(direct)))
        [answer] = in_direct(direct)
        await workspace.press(direct, answer.ts, SHARE)
        await workspace.until(
            lambda: any(NOT_FROM_HERE in whisper.shown for whisper in workspace.whispers())
        )
    assert len(in_direct(direct)) == 1


async def test_the_evidence_is_shown_where_the_answer_may_be(company: Company) -> None:
    workspace = company.workspace
    async with _bot(company):
        ts = await workspace.mention(company.board, ASKED)
        [answer] = await workspace.answered(company.board, ts)
        await workspace.press(company.board, answer.ts, SHOW_EVIDENCE)
        await workspace.until(lambda: any(SECRET in w.shown for w in workspace.whispers()))


async def test_a_source_that_is_taken_from_a_channel_is_gone_from_its_threads_too(
    company: Company,
) -> None:
    workspace = company.workspace
    async with _bot(company):
        ts = await workspace.mention(company.board, ASKED)
        [old] = await workspace.answered(company.board, ts)
        assert SECRET in old.shown
    unbound = ChannelPolicy(scope=company.app.scope)
    async with _bot(company, unbound):
        await workspace.reply(company.board, ts, "What is the password of the vault again?")
        _, answer = await workspace.answered(company.board, ts, count=2)
        assert SECRET not in answer.shown
        await workspace.press(company.board, old.ts, SHOW_EVIDENCE)
        await workspace.until(
            lambda: any(NOT_FROM_HERE in whisper.shown for whisper in workspace.whispers())
        )
        await workspace.edit(company.board, ts, f"<@U0DOCENT> {ASKED} Please.")
        await workspace.until(lambda: SECRET not in old.shown)
    assert not any(SECRET in whisper.shown for whisper in workspace.whispers())


async def test_what_waits_is_not_answered_from_a_source_that_was_taken_away_meanwhile(
    company: Company,
) -> None:
    workspace = company.workspace
    ts = await workspace.post(company.board, ASKED)
    session = SessionKey(PLATFORM, workspace.slack.team, company.board, ts)
    scope = Scope(frozenset({"handbook", "minutes"}))
    asked = Question(session, ts, ALICE, ASKED, scope)
    await company.app.inbox.accept(asked)
    handbook, minutes = company.app.settings.sources
    private = minutes.model_copy(update={"channels": (), "private": True})
    settings = company.app.settings.model_copy(update={"sources": (handbook, private)})
    credentials = SlackCredentials(workspace.bot_token, workspace.api_url, workspace.app_token)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        app = replace(company.app, settings=settings)
        tasks.create_task(run_slack(credentials, Front("127.0.0.1", 0), app, stop, print))
        [answer] = await workspace.answered(company.board, ts)
        stop.set()
    assert "keeper" in answer.shown
    assert SECRET not in answer.shown
