"""How soon the command is there: `docent --help`, and `docent run` with every service elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from bench.setting import Setting

TIMES: Final = 5
_UP: Final = "Docent is up"
_DOCENT: Final = (sys.executable, "-m", "bot")


@dataclass(frozen=True, slots=True)
class Starts:
    """Seconds, each the median of several."""

    help: float
    run: float


def measure_starts(setting: Setting) -> Starts:
    """Over docs that are ingested already."""
    return Starts(
        help=median(_help() for _ in range(TIMES)),
        run=median(_run(setting) for _ in range(TIMES)),
    )


def _help() -> float:
    start = perf_counter()
    subprocess.run([*_DOCENT, "--help"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ourselves
    return perf_counter() - start


def _run(setting: Setting) -> float:
    """Until it says that it is up."""
    address = setting.addresses
    environment = {
        **os.environ,
        "DATABASE_URL": _with_a_host(address["postgres"]),
        "QDRANT_URL": address["qdrant"],
        "COHERE_API_KEY": "stand-in",
        "COHERE_BASE_URL": address["cohere"],
        "OPENROUTER_API_KEY": "stand-in",
        "OPENROUTER_BASE_URL": address["openrouter"],
        "DOCS_FOLDER": str(setting.docs),
        "DOCENT_DATA_DIR": str(setting.docs.parent / "data"),
    }
    start = perf_counter()
    with subprocess.Popen(  # noqa: S603 - ourselves
        [*_DOCENT, "run", "--no-chat"], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        said = []
        for line in process.stderr:
            said.append(line)
            if _UP in line:
                break
        else:
            raise RuntimeError(f"docent run did not come up: {''.join(said)}")
        seconds = perf_counter() - start
        process.terminate()
    return seconds


def _with_a_host(dsn: str) -> str:
    """The settings want a host; the folder of a socket, in percent, is one."""
    parts = urlsplit(dsn)
    (folder,) = parse_qs(parts.query)["host"]
    return f"postgresql://postgres:@{quote(folder, safe='')}{parts.path}"
