"""What of a question and an answer is stored, in the form that PostgreSQL takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

import orjson

from core.model import (
    Answer,
    Answered,
    AnswerStatus,
    Citation,
    Claim,
    Message,
    Passage,
    Question,
    Rung,
    Scope,
    Scores,
    SessionKey,
    Turn,
    Usage,
    Wanted,
)
from core.ports import Row
from core.text.unicode import storable

_NUL = rb"\u0000"
_RECORDED = tuple(field.name for field in fields(Passage) if field.name != "scores")
_recorded = attrgetter(*_RECORDED)


def document(value: object) -> str:
    """JSON of dataclasses, mappings, sequences and scalars, storable."""
    try:
        made = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return orjson.dumps(_plain(value)).decode()
    # Looked for in the text that was made, as it is next to never there.
    return (orjson.dumps(_plain(value)) if _NUL in made else made).decode()


def _plain(value: object) -> object:
    match value:
        case str():
            return storable(value)
        case Mapping():
            return {storable(str(key)): _plain(item) for key, item in value.items()}
        case Sequence():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value


def trace(answered: Answered, hashes: Sequence[str]) -> dict[str, Any]:
    """How the answer came about; the passages, stored apart, by these hashes, best first."""
    answer, retrieval = answered.answer, answered.retrieval
    return {
        "query": retrieval.query,
        "generation": retrieval.generation,
        "confidence": retrieval.confidence,
        "sufficient": retrieval.sufficient,
        "passages": [
            {"hash": each, "scores": _scores(passage.scores)}
            for each, passage in zip(hashes, retrieval.passages, strict=True)
        ],
        "prompt": answered.prompt,
        "model": answer.model,
        "usage": answer.usage,
        "rungs": answer.rungs,
        "claims": [_claim(claim) for claim in answered.claims],
        "timings_ms": {**retrieval.timings_ms, **answer.timings_ms},
    }


# orjson takes three times as long for a dataclass with slots as for a mapping.
def _scores(scores: Scores) -> dict[str, Any]:
    return {
        "fused": scores.fused,
        "dense": scores.dense,
        "sparse": scores.sparse,
        "rerank": scores.rerank,
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "text": claim.text,
        "verdict": claim.verdict,
        "support": claim.support,
        "passages": claim.passages,
        "judged": claim.judged,
    }


def passage_document(passage: Passage) -> str:
    """JSON of what is equal for every question that the passage serves."""
    return _passage_document(_recorded(passage))


@lru_cache(maxsize=1024)
def _passage_document(recorded: tuple[object, ...]) -> str:
    """Made once for the many questions that a passage serves, and is stored with."""
    return document(dict(zip(_RECORDED, recorded, strict=True)))


def question_of(session: SessionKey, row: Row) -> Question:
    """A question as it was accepted, from its turn's row."""
    scope = row["scope"]
    return Question(
        session=session,
        message_id=row["message_id"],
        author=row["author"],
        text=row["text"],
        scope=Scope(None if scope is None else frozenset(scope)),
        context=tuple(Message(**message) for message in orjson.loads(row["context"])),
    )


def turn_of(session: SessionKey, row: Row) -> Turn:
    """A turn that was claimed, from its row."""
    return Turn(
        row["id"],
        question_of(session, row),
        row["lease_token"],
        row["attempt"],
        Wanted(row["wanted"]),
        row["followed"],
    )


def answer_of(stored: Mapping[str, Any]) -> Answer:
    """An answer from its document."""
    citations = (
        Citation(**{**each, "heading_path": tuple(each["heading_path"])})
        for each in stored["citations"]
    )
    return Answer(
        **{
            **stored,
            "status": AnswerStatus(stored["status"]),
            "citations": tuple(citations),
            "usage": Usage(**stored["usage"]),
            "rungs": tuple(map(Rung, stored["rungs"])),
        }
    )


def sources_of(
    answer: Answer | None, found: Iterable[str], scope: Iterable[str] | None
) -> frozenset[str]:
    """Those of all that was found for an answer, cited or not.

    Where neither is on record, as when its trace was deleted, all that it might rest on.
    """
    cited = (citation.source for citation in answer.citations) if answer else ()
    return frozenset((*cited, *found)) or frozenset(scope or ())


def passage_of(stored: Mapping[str, Any]) -> Passage:
    """A passage from its record, with the scores it had for one question."""
    scores = Scores(**stored["scores"])
    texts = {name: tuple(stored.get(name, ())) for name in ("heading_path", "chunks")}
    return Passage(**{**stored, **texts, "scores": scores})
