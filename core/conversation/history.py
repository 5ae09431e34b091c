"""What an answer starts from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from core.model import Corpus, Message, Question, SessionKey, SessionState
from core.ports import Database, Row

_BYTES_PER_TOKEN = 4
"""An estimate: right for English prose, somewhat low for Chinese, Japanese and Korean."""

Exchange: TypeAlias = tuple[Message, ...]
"""What is kept or dropped as a whole: a question with its answer, or a message said before."""


class History:
    """The conversation as its reader saw it, cut to about `token_budget` tokens."""

    def __init__(
        self, database: Database, *, token_budget: int = 2000, turn_limit: int = 20
    ) -> None:
        self._database = database
        self._token_budget = token_budget
        self._turn_limit = turn_limit

    async def load(self, question: Question) -> SessionState:
        """The session's finished turns before this question, and the served corpus: one query.

        Turns from before the session was begun afresh are left out, and those that rest on a source
        which the question may not be answered from: it was taken from this place since. What cites
        nothing, like a refusal that names the nearest sections, rests on all that it might have.
        """
        key = question.session
        rows = await self._database.fetch(
            """
            SELECT c.collection, c.generation, t.text, t.answer
            FROM (VALUES (1)) AS always
            LEFT JOIN corpus AS c ON TRUE
            LEFT JOIN LATERAL (
                SELECT t.sequence, t.text, t.answer ->> 'text' AS answer
                FROM sessions AS s JOIN turns AS t ON t.session_id = s.id
                WHERE (s.platform, s.workspace, s.channel, s.thread) = ($1, $2, $3, $4)
                    AND t.status = 'finished'
                    AND t.sequence > s.begun_after
                    AND NOT EXISTS (
                        SELECT FROM jsonb_array_elements(t.answer -> 'citations') AS cited
                        WHERE cited ->> 'source' <> ALL ($7::TEXT[])
                    )
                    AND (
                        $7::TEXT[] IS NULL OR t.scope <@ $7
                        OR jsonb_array_length(t.answer -> 'citations') > 0
                    )
                    AND t.sequence < COALESCE(
                        (
                            SELECT sequence FROM turns
                            WHERE (platform, workspace, channel) = ($1, $2, $3)
                                AND message_id = $5
                        ),
                        9223372036854775807
                    )
                ORDER BY t.sequence DESC
                LIMIT $6
            ) AS t ON TRUE
            ORDER BY t.sequence
            """,
            key.platform,
            key.workspace,
            key.channel,
            key.thread,
            question.message_id,
            self._turn_limit,
            None if question.scope.sources is None else sorted(question.scope.sources),
        )
        exchanges = [(message,) for message in question.context] + _exchanges(rows)
        return SessionState(fitting(exchanges, self._token_budget), _corpus(rows[0]))

    async def begin_afresh(self, session: SessionKey) -> bool:
        """Later questions of the session know nothing of what was asked so far.

        False when nothing was.
        """
        begun = await self._database.execute(
            """
            UPDATE sessions AS s SET begun_after = last.sequence
            FROM (
                SELECT t.session_id, max(t.sequence) AS sequence
                FROM sessions AS begun JOIN turns AS t ON t.session_id = begun.id
                WHERE (begun.platform, begun.workspace, begun.channel, begun.thread)
                    = ($1, $2, $3, $4)
                GROUP BY t.session_id
            ) AS last
            WHERE s.id = last.session_id AND s.begun_after < last.sequence
            """,
            session.platform,
            session.workspace,
            session.channel,
            session.thread,
        )
        return begun > 0


def _exchanges(rows: Iterable[Row]) -> list[Exchange]:
    return [
        (Message("user", row["text"]), Message("assistant", row["answer"]))
        for row in rows
        if row["text"] is not None
    ]


def _corpus(row: Row) -> Corpus | None:
    if row["collection"] is None:
        return None
    return Corpus(row["collection"], row["generation"])


def fitting(exchanges: Sequence[Exchange], token_budget: int) -> Exchange:
    """The newest exchanges that fit, whole; of the very newest at least its beginning."""
    kept: list[Exchange] = []
    left = token_budget * _BYTES_PER_TOKEN
    for exchange in reversed(exchanges):
        size = sum(len(_encoded(message)) for message in exchange)
        if size > left:
            break
        kept.append(exchange)
        left -= size
    if exchanges and not kept:
        kept = [_shortened(exchanges[-1], left // len(exchanges[-1]))]
    return tuple(message for exchange in reversed(kept) for message in exchange)


def _shortened(exchange: Exchange, size: int) -> Exchange:
    return tuple(
        Message(message.role, _encoded(message)[:size].decode("utf-8", "ignore"))
        for message in exchange
    )


def _encoded(message: Message) -> bytes:
    return message.text.encode("utf-8", "replace")
