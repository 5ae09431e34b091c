"""A process that stands in for the one that prepares: it tells its number as each version.

It ends on `deadly.md`, never gets done with `endless.md`, takes 0.1 s for `slow-n.md`, and waits
with `patient.md` until the file is there that its first line names.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from dataclasses import replace
from pathlib import Path

from core.ingestion.documents import prepare
from core.ingestion.worker_process import READY, SIZE_BYTES, Task


def main() -> None:
    answers = sys.stdout.buffer
    sparse = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the test
    answers.write(READY)
    answers.flush()
    while True:
        task: Task = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the test
        if task[1].path == "deadly.md":
            os._exit(1)
        if task[1].path == "endless.md":
            time.sleep(3600)
        if task[1].path.startswith("slow-"):
            time.sleep(0.1)
        if task[1].path == "patient.md":
            _wait_for(Path(task[2].decode().partition("\n")[0]))
        prepared = prepare(*task, sparse)
        record = replace(prepared.record, version=str(os.getpid()))
        answer = pickle.dumps((True, replace(prepared, record=record)))
        answers.write(len(answer).to_bytes(SIZE_BYTES, "big") + answer)
        answers.flush()


def _wait_for(file: Path) -> None:
    while not file.exists():
        time.sleep(0.005)


if __name__ == "__main__":
    main()
