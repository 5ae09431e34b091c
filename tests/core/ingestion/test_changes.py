from __future__ import annotations

from dataclasses import replace

import pytest

from core.ingestion.changes import change, kind, removal
from core.ingestion.report import Kind
from core.model import Chunk, DocumentRecord
from tests.support.points import NOTHING

RECORD = DocumentRecord("docs", "a.md", "A", "https://x/a", "f1", peer_reviewed=False)
ONE, TWO, THREE = (
    Chunk("docs", "a.md", "A", (), "", ordinal, text)
    for ordinal, text in enumerate(["One.", "Two.", "Three."])
)


@pytest.mark.parametrize(
    ("before", "now", "added", "kept", "closed"),
    [
        ({}, [ONE, TWO], [ONE, TWO], {}, {}),
        ({ONE: 1, TWO: 3}, [ONE, TWO], [], {ONE: 1, TWO: 3}, {}),
        ({ONE: 1, TWO: 3}, [ONE, THREE], [THREE], {ONE: 1}, {TWO: 3}),
        ({ONE: 1, TWO: 3}, [TWO, ONE], [], {TWO: 3, ONE: 1}, {}),
        ({ONE: 1, TWO: 3}, [], [], {}, {ONE: 1, TWO: 3}),
    ],
)
def test_what_stays_keeps_its_point_and_the_rest_is_written_or_closed(
    before: dict[Chunk, int],
    now: list[Chunk],
    added: list[Chunk],
    kept: dict[Chunk, int],
    closed: dict[Chunk, int],
) -> None:
    indexed = {chunk.key: since for chunk, since in before.items()}
    weighed = {chunk.key: (chunk, NOTHING) for chunk in now}
    found = change(indexed, RECORD, weighed, generation=7)
    assert found.added == tuple((chunk, NOTHING) for chunk in added)
    assert set(found.closed) == {chunk.point_id(since) for chunk, since in closed.items()}
    assert found.record is not None
    assert found.record.chunks == {
        **{chunk.key: since for chunk, since in kept.items()},
        **{chunk.key: 7 for chunk in added},
    }


def test_a_removed_document_closes_all_its_points() -> None:
    found = removal(replace(RECORD, chunks={ONE.key: 1, TWO.key: 4}))
    assert (found.source, found.path, found.record, found.added) == ("docs", "a.md", None, ())
    assert found.closed == (ONE.point_id(1), TWO.point_id(4))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, RECORD, Kind.ADDED),
        (RECORD, replace(RECORD, chunks={"k": 1}), Kind.CHANGED),
        (replace(RECORD, chunks={"k": 1}), RECORD, Kind.CHANGED),
        (RECORD, replace(RECORD, url="https://y/a"), Kind.RELABELLED),
        (RECORD, replace(RECORD, version="commit-2"), Kind.RELABELLED),
        (replace(RECORD, chunks={"k": 1}), replace(RECORD, chunks={"k": 2}), Kind.REWRITTEN),
        (RECORD, RECORD, Kind.REWRITTEN),
    ],
)
def test_a_change_has_the_name_that_a_person_would_give_it(
    before: DocumentRecord | None, after: DocumentRecord, expected: Kind
) -> None:
    assert kind(before, after) is expected
