"""From a cold start to the first answer, and the memory it takes, over 20,000 chunks.

The docs are made up and embedded at random, through the real sync; the command that is measured
is the one that people type, in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, sleep

import numpy as np
from rich.console import Console

from bench.outcome import conclude, options
from bench.search import Texts
from bot.app import assemble, open_database, open_index
from bot.parts import Embedding
from bot.settings import Settings
from bot.settings.groups import DocentSettings, DocsSettings
from core.backends.extractive import ExtractiveChatModel
from core.backends.local_embedder import MINILM
from core.migrations.runner import migrate
from core.model import EmbeddingModel, EmbeddingUsage, Vector

CHUNKS = 20_000
CHUNKS_A_DOCUMENT = 10
WORDS_A_CHUNK = 100
VECTORS = 256
STARTS = 5
TARGET_SECONDS = 5.0
TARGET_MB = 600.0
LOOK_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Report:
    """`seconds` of each start, from the command to its end after one answer; the peak memory."""

    chunks: int
    seconds: tuple[float, ...]
    memory_mb: float

    @property
    def met(self) -> bool:
        """Whether both targets were met; the slowest start counts."""
        return max(self.seconds) < TARGET_SECONDS and self.memory_mb < TARGET_MB


class RandomEmbedder:
    """Any unit vectors, made before they are asked for, under the local model's name."""

    def __init__(self) -> None:
        texts = Texts(seed=2)
        self._vectors = cycle([texts.vector() for _ in range(VECTORS)])

    @property
    def model(self) -> EmbeddingModel:
        """The local model's, so that the bot takes the vectors for its own."""
        return MINILM

    @property
    def spent(self) -> EmbeddingUsage:
        """Nothing."""
        return EmbeddingUsage()

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """One a text."""
        return list(islice(self._vectors, len(texts)))

    async def embed_query(self, text: str) -> Vector:  # noqa: ARG002 - any will do
        """One."""
        return next(self._vectors)


def write_docs(folder: Path) -> None:
    """Documents of ten sections, each of the size of a chunk."""
    texts = Texts(seed=3)
    for n in range(CHUNKS // CHUNKS_A_DOCUMENT):
        sections = (
            f"## Section {section}\n\n{texts.text(WORDS_A_CHUNK)}.\n"
            for section in range(CHUNKS_A_DOCUMENT)
        )
        (folder / f"page-{n}.md").write_text(f"# Page {n}\n\n" + "\n".join(sections), "utf-8")


async def index_docs(settings: Settings) -> int:
    """Syncs them, and returns how many chunks there are."""
    async with open_index(settings) as index, open_database(settings) as database:
        await migrate(database)
        app = await assemble(
            settings, index, database, Embedding(RandomEmbedder()), [ExtractiveChatModel()]
        )
        return (await app.syncer.sync(app.sources)).chunks


def start(environment: dict[str, str]) -> tuple[float, float]:
    """Seconds to an answer, and the peak of the process's own memory in MB."""
    question = Texts(seed=4).text(9)
    command = [sys.executable, "-m", "bot", "run"]
    begun, peak = perf_counter(), 0.0
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        process.stdin.write(f"{question}\n".encode())
        process.stdin.close()
        while process.poll() is None:
            peak = max(peak, resident_mb(process.pid))
            sleep(LOOK_EVERY)
    assert process.returncode == 0
    return perf_counter() - begun, peak


def resident_mb(pid: int) -> float:
    """The most that the process held at once; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def measure(folder: Path) -> Report:
    """In an empty folder."""
    docs, data = folder / "docs", folder / "data"
    docs.mkdir()
    write_docs(docs)
    settings = Settings(docent=DocentSettings(data_dir=data), docs=DocsSettings(folder=docs))
    chunks = asyncio.run(index_docs(settings))
    environment = {**os.environ, "DOCENT_DATA_DIR": str(data), "DOCS_FOLDER": str(docs)}
    starts = [start(environment) for _ in range(STARTS)]
    return Report(
        chunks,
        tuple(seconds for seconds, _ in starts),
        float(np.max([memory for _, memory in starts])),
    )


def show(report: Report) -> None:
    """As two lines."""
    console = Console()
    console.print(
        f"[bold]Cold start to first answer over {report.chunks:,} chunks:[/] "
        f"{np.median(report.seconds):.2f} s, at most {max(report.seconds):.2f} s "
        f"(target < {TARGET_SECONDS:.0f} s)"
    )
    console.print(f"[bold]Memory:[/] {report.memory_mb:.0f} MB (target < {TARGET_MB:.0f} MB)")


def main() -> None:
    """Measures and prints."""
    parser = options(__doc__)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        report = measure(Path(scratch))
    show(report)
    conclude(args, asdict(report), met=report.met)


if __name__ == "__main__":
    main()
