"""Questions and answers to fill an inbox with."""

from __future__ import annotations

import asyncio
from itertools import count

from core.conversation.inbox import Inbox
from core.model import (
    Answer,
    Answered,
    AnswerStatus,
    Citation,
    Passage,
    Question,
    Retrieval,
    Rung,
    Scores,
    SessionKey,
    Turn,
    Usage,
)
from core.ports import Database

_messages = count(1)

THREAD = SessionKey("slack", "T1", "C1", "100.1")
OTHER_THREAD = SessionKey("slack", "T1", "C1", "200.1")


def question(
    text: str = "How do I install it?", *, session: SessionKey = THREAD, message_id: str = ""
) -> Question:
    """A question in a message of its own, unless `message_id` says which."""
    return Question(session, message_id or f"m{next(_messages)}", "U1", text)


def passage(text: str = "Run the installer.") -> Passage:
    """A passage that differs by its text only."""
    return Passage(
        source="docs",
        path="install.md",
        title="Install",
        heading_path=("Linux",),
        url="https://docs.example/install#linux",
        text=text,
        peer_reviewed=False,
        scores=Scores(fused=0.9, dense=0.7, sparse=11.0),
    )


def answered(text: str = "Run the installer. [1]", *passages: Passage) -> Answered:
    """A whole answer with its search."""
    found = passages or (passage(),)
    citation = Citation(
        1, "Install", ("Linux",), found[0].url, found[0].text, "docs", peer_reviewed=False
    )
    answer = Answer(
        AnswerStatus.ANSWERED,
        text,
        (citation,),
        "some/model",
        7,
        Usage(100, 20, 0.001),
        {"total": 900.0},
        (Rung.NO_RERANK,),
    )
    return Answered(
        answer, Retrieval("how to install", 7, found, 0.8, sufficient=True, timings_ms={"dense": 1})
    )


async def taken(inbox: Inbox, session: SessionKey = THREAD) -> Turn:
    """The next turn of the session, which must be there for the taking."""
    turn = await inbox.claim(session)
    assert isinstance(turn, Turn)
    return turn


async def let_lease_run_out(database: Database, turn: Turn) -> None:
    """Moves the end of the turn's lease into the past, as time would."""
    touched = await database.execute(
        "UPDATE turns SET lease_until = clock_timestamp() - INTERVAL '1 second' WHERE id = $1",
        turn.id,
    )
    assert touched == 1


async def let_clock_jump(database: Database, by: str) -> None:
    """Sets the database's clock to `by` later, an interval, as far as its leases can tell."""
    await database.execute("UPDATE turns SET lease_until = lease_until - $1::text::interval", by)


async def somebody_waits(database: Database) -> None:
    """Returns when a statement waits for a lock."""
    query = """
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
    """
    async with asyncio.timeout(30):
        while not await database.fetch(query):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
