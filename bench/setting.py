"""Where runs take place: stand-ins on one core, and on the other a process for each run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.corpus import DOCUMENTS, write_corpus
from bench.frameworks import NAMES
from bench.standins.services import Latency

FRAMEWORKS: Final = Path(".venv-bench/bin/python")
"""The interpreter of the frameworks' own environment."""

REWRITTEN_CHUNKS: Final = 3
"""Of a question that the stand-in model completes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Addresses of the stand-ins, the docs, and what the services take of a question's time."""

    addresses: Mapping[str, str]
    docs: Path
    history: int
    latency: Latency

    @property
    def services_ms(self) -> float:
        """From a question to its first token, one service after the other."""
        took = self.latency
        return (took.embed + took.rerank + took.first_token) * 1e3

    @property
    def completing_ms(self) -> float:
        """What comes before that, where it follows on another: a model completes it."""
        took = self.latency
        return (took.first_token + took.chunk * (REWRITTEN_CHUNKS - 1)) * 1e3

    def measured(self, what: str, pipeline: str, **options: float) -> dict[str, Any]:
        """What `bench.runs` prints, in a process of its own. Raises CalledProcessError."""
        python = str(FRAMEWORKS) if pipeline in NAMES else sys.executable
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        command = [
            *(python, "-m", "bench.runs", what, f"--pipeline={pipeline}"),
            *(f"--addresses={json.dumps(dict(self.addresses))}", f"--docs={self.docs}"),
            *(f"--history={self.history}", f"--services={self.services_ms}"),
            *(f"--completing={self.completing_ms}", *arguments),
        ]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
        figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return figures


@contextmanager
def open_setting(
    history: int, latency: Latency | None = None, *, documents: int = DOCUMENTS
) -> Iterator[Setting]:
    """The stand-ins, started and empty, and docs to be ingested."""
    latency = latency or Latency()
    options = [
        f"--{name}={getattr(latency, name) * 1e3}"
        for name in ("embed", "rerank", "first_token", "chunk")
    ]
    command = [sys.executable, "-m", "bench.standins", *options, f"--chunks={latency.chunks}"]
    with (
        tempfile.TemporaryDirectory(prefix="docent-") as folder,
        subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as standins,
    ):
        assert standins.stdin
        assert standins.stdout
        docs = Path(folder) / "docs"
        write_corpus(docs, documents)
        try:
            yield Setting(json.loads(standins.stdout.readline()), docs, history, latency)
        finally:
            standins.stdin.close()
