"""Digests of what the docs lack: what they tell, to whom, and how often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.digest import digest_text, open_digest, post_digest
from core.conversation.gaps import Gaps, grouped
from core.conversation.inbox import Inbox
from core.errors import ServiceUnavailable
from core.model import Answered, AnswerStatus, Scope, SessionKey
from core.ports import Database
from tests.support.conversations import answered, passage, question, taken

PUBLIC = Scope(frozenset({"docs"}))
NEAREST = "Nearest: [docs › Linux](https://docs.example/install#linux)"
WEEKLY = "0 9 * * 1"


@dataclass
class Board:
    """A Destination that keeps what it is sent, and admits what was asked on its platform."""

    platform: str = "slack"
    posted: list[str] = field(default_factory=list)
    down: bool = False

    @property
    def name(self) -> str:
        return f"{self.platform}:board"

    async def admits(self, place: tuple[str, str, str]) -> bool:
        return place[0] == self.platform

    async def post(self, text: str) -> None:
        if self.down:
            raise ServiceUnavailable("Slack", "it is away.")
        self.posted.append(text)


def _refused() -> Answered:
    near = [replace(passage(), source=source, title=source) for source in ("docs", "secret")]
    whole = answered("Not in the docs.", *near)
    answer = replace(whole.answer, status=AnswerStatus.REFUSED, citations=())
    return replace(whole, answer=answer)


async def refuse(
    database: Database,
    text: str,
    *,
    sources: Sequence[str] | None = ("docs",),
    platform: str = "slack",
    workspace: str = "T1",
    channel: str = "C1",
) -> None:
    inbox = Inbox(database, worker="one")
    session = SessionKey(platform, workspace, channel, text)
    scope = Scope(None if sources is None else frozenset(sources))
    await inbox.accept(replace(question(text, session=session), scope=scope))
    await inbox.finish(await taken(inbox, session), _refused())


async def test_it_tells_the_groups_with_their_counts_and_the_nearest_sections(
    database: Database,
) -> None:
    for text in ("How do I rotate keys?", "rotating the keys", "Who *brews* <!here> tea?"):
        await refuse(database, text)
    board = Board()
    await post_digest(database, PUBLIC, board)
    (text,) = board.posted
    assert text.splitlines() == [
        "**What the docs lack**: 3 questions without a good answer in the last 7 days.",
        "",
        f"1. “rotating the keys” (2 refused). {NEAREST}",
        rf"2. “Who \*brews\* \<!here\> tea?” (1 refused). {NEAREST}",
    ]


async def test_what_private_sources_may_answer_is_not_told_elsewhere(database: Database) -> None:
    await refuse(database, "In the private channel?", sources=("docs", "secret"))
    await refuse(database, "By the operator?", sources=None)
    await refuse(database, "On another platform?", platform="discord")
    board = Board()
    await post_digest(database, PUBLIC, board)
    assert board.posted == []
    await refuse(database, "In public?")
    other = replace(board, platform="slack")
    await database.execute("DELETE FROM registrations")
    await post_digest(database, PUBLIC, other)
    (text,) = other.posted
    assert "In public?" in text
    assert "secret" not in text
    assert "private" not in text


async def test_several_instances_post_it_once(database: Database) -> None:
    await refuse(database, "How?")
    board = Board()
    await asyncio.gather(*(post_digest(database, PUBLIC, board) for _ in range(4)))
    assert len(board.posted) == 1


async def test_a_platform_that_is_away_is_logged(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await refuse(database, "How?")
    with caplog.at_level(logging.WARNING):
        await post_digest(database, PUBLIC, Board(down=True))
    assert "The digest for slack:board is left out. Slack: it is away." in caplog.text


@pytest.mark.parametrize("schedule", [WEEKLY, "off"])
async def test_nothing_is_posted_before_its_time(database: Database, schedule: str) -> None:
    await refuse(database, "How?")
    board = Board()
    async with open_digest(database, PUBLIC, schedule, board):
        await asyncio.sleep(0)
    async with open_digest(database, PUBLIC, schedule, None):
        await asyncio.sleep(0)
    assert board.posted == []


async def test_a_long_list_is_cut(database: Database) -> None:
    for n in range(10):
        await refuse(database, f"subject{n}x verb{n}x? " + "y" * 300)
    found = await Gaps(database).since(timedelta(days=7))
    text = digest_text(grouped(found))
    assert [line[:2] for line in text.splitlines()[2:]] == [*(f"{n}." for n in range(1, 9)), "`d"]
    assert text.endswith("\n`docent gaps` shows the rest.")
    assert max(map(len, text.splitlines())) < 400
