"""Answers from a section of the docs, and syncs that change it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from core.answering.stopping import Stop
from core.model import AnswerEvent, Question, TextDelta
from core.ports import Database
from tests.support.conversations import answered, passage

SECTION = replace(passage(), chunks=("k1", "k2"))


class FromSection:
    """Answers from `SECTION`, whatever is asked."""

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        event = answered("Run the installer. [1]", SECTION)
        yield TextDelta(event.answer.text)
        yield event


async def serve(database: Database, *keys: str, path: str = "install.md") -> None:
    """What a sync leaves: one document with these chunks; none without any."""
    await database.execute("UPDATE documents SET until = since + 1 WHERE until IS NULL")
    if keys:
        await database.execute(
            """
            INSERT INTO documents (
                source, path, since, title, url, fingerprint, peer_reviewed, authors,
                chunk_keys, chunk_sinces
            )
            SELECT 'docs', $1, 1 + count(*), 'Install', '', 'f', FALSE, '{}', $2::TEXT[],
                array_fill(1::BIGINT, ARRAY[cardinality($2::TEXT[])])
            FROM documents
            """,
            path,
            list(keys),
        )


async def settled(database: Database, *, answers: int = 1) -> None:
    """Waits until so many answers are marked, and none of them is left to tell of."""
    async with asyncio.timeout(30):
        while await _telling(database) != [False] * answers:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)


async def _telling(database: Database) -> list[bool]:
    return [row["telling"] for row in await database.fetch("SELECT telling FROM stale_answers")]
