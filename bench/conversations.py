"""A thousand conversations, each with something said before, in a real database."""

from __future__ import annotations

from typing import Final

from bench.arrivals import CONVERSATIONS
from bench.corpus import answer_text
from core.conversation.records import document
from core.model import Answer, AnswerStatus, Citation, SessionKey, Usage
from core.ports import Database

TURNS: Final = 3
PLATFORM: Final = "slack"
_ANSWER_WORDS: Final = 100


def session(conversation: int) -> SessionKey:
    """The key of one of the conversations."""
    return SessionKey(PLATFORM, "T1", f"C{conversation % 20}", str(conversation))


async def write_history(database: Database, turns: int) -> None:
    """As many finished turns in each conversation, in place of whatever was there."""
    text = answer_text(_ANSWER_WORDS)
    quoted = Citation(1, "Page", ("Section",), "", text, "docs", peer_reviewed=False)
    usage = Usage(2000, _ANSWER_WORDS, 0.0001)
    answer = Answer(AnswerStatus.ANSWERED, text, (quoted,), "a/model", 1, usage, {"total": 900.0})
    await database.execute("TRUNCATE sessions, turns CASCADE")
    await database.execute(
        """
        WITH made AS (
            INSERT INTO sessions (platform, workspace, channel, thread)
            SELECT $1, 'T1', 'C' || n % 20, n::text FROM generate_series(0, $2 - 1) AS n
            RETURNING id, channel, thread
        )
        INSERT INTO turns (
            session_id, platform, workspace, channel, message_id, author, text, context, status,
            ended_at, answer, trace
        )
        SELECT id, $1, 'T1', channel, thread || '-before-' || t, 'U' || thread,
            'How do I open the valve ' || t || ' of ' || thread || '?', '[]', 'finished', now(),
            $4::jsonb, '{}'
        FROM made CROSS JOIN generate_series(1, $3) AS t
        """,
        PLATFORM,
        CONVERSATIONS,
        turns,
        document(answer),
    )
