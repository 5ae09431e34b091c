from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys

from core.ingestion.documents import Prepared, SourceProfile, prepare
from core.ingestion.worker_process import READY, SIZE_BYTES, Task, joined, parts_of, serve
from core.ports import Entry
from tests.support.embedder import WordCounts

DOCS = SourceProfile("docs", "https://x")
GOOD: Task = (DOCS, Entry("a.md"), b"# A\n\nText.\n", "f1")
BINARY: Task = (DOCS, Entry("b.md"), b"\0", "f2")


def _tasks(*tasks: Task) -> io.BytesIO:
    return io.BytesIO(b"".join(map(pickle.dumps, [WordCounts(), *tasks])))


def test_it_says_when_it_is_ready_and_answers_in_order_until_the_tasks_end() -> None:
    said = io.BytesIO()
    serve(_tasks(GOOD, BINARY, GOOD), said)
    said.seek(0)
    assert said.read(len(READY)) == READY
    answers = []
    while size := said.read(SIZE_BYTES):
        answers.append(pickle.loads(said.read(int.from_bytes(size, "big"))))  # noqa: S301 - its own
    refusal = ("b.md", "it is a binary file, not text")
    prepared = prepare(*GOOD, WordCounts())
    assert answers == [(True, prepared), (True, refusal), (True, prepared)]


def test_a_large_document_is_answered_in_parts_that_make_the_whole() -> None:
    data = b"".join(b"# %d\n\nText.\n" % n for n in range(600))
    prepared = prepare(DOCS, Entry("a.md"), data, "f", WordCounts())
    parts = list(parts_of(prepared))
    assert [last for last, _ in parts] == [False, False, True]
    assert max(len(part.chunks) for _, part in parts if isinstance(part, Prepared)) == 256
    assert joined([part for _, part in parts]) == prepared


def test_it_ends_when_nobody_takes_the_answers() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb", buffering=0) as answers:
        os.close(reading)
        serve(_tasks(GOOD), answers)


def test_it_starts_without_what_only_search_needs() -> None:
    program = "import sys, core.ingestion.worker_process; print('numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert said.stdout == b"False\n"
