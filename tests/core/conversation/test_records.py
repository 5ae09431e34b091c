from __future__ import annotations

from dataclasses import asdict, replace

import orjson

from core.conversation.records import document, passage_document, passage_of, trace
from core.model import (
    Answer,
    Answered,
    AnswerStatus,
    Claim,
    Passage,
    Retrieval,
    Scores,
    Usage,
    Verdict,
)

PASSAGE = Passage(
    source="docs",
    path="a.md",
    title="Tea",
    heading_path=("Tea", "Green"),
    url="https://docs.example/a#green",
    text="Steep it for two minutes.",
    peer_reviewed=True,
    scores=Scores(0.9, 0.8, 12.5, 0.7),
    date="2026-01-01",
    chunks=("one", "two"),
)


def test_a_trace_holds_all_that_a_claim_and_the_scores_of_a_passage_have() -> None:
    claim = Claim("Steep it.", Verdict.SUPPORTED, 0.75, (PASSAGE.content_hash,), judged=True)
    answer = Answer(AnswerStatus.ANSWERED, "Steep it. [1]", (), "a/model", 1, Usage(), {})
    found = Retrieval("tea", 1, (PASSAGE,), confidence=0.9, sufficient=True)
    noted = trace(Answered(answer, found, (claim,)), [PASSAGE.content_hash])
    kept = orjson.loads(document(noted))
    assert kept["claims"] == [orjson.loads(orjson.dumps(asdict(claim)))]
    assert kept["passages"] == [{"hash": PASSAGE.content_hash, "scores": asdict(PASSAGE.scores)}]


def test_a_passage_is_read_as_it_was_stored_whatever_else_stands_at_its_place() -> None:
    other = replace(PASSAGE, title="Coffee", scores=Scores(0.1), chunks=("three",))
    for passage in (PASSAGE, other, PASSAGE):
        stored = orjson.loads(passage_document(passage))
        read = passage_of({**stored, "scores": asdict(passage.scores)})
        assert (read, read.chunks) == (passage, passage.chunks)
