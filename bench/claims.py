"""How long the check of a claim takes, over claims that cite passages of the usual size."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from time import perf_counter

from rich.console import Console

from bench.outcome import conclude, options
from bot.evaluation.metrics import percentile
from core.answering.verifying.reading import read
from core.answering.verifying.verifier import LexicalVerifier
from core.model import Passage, Scores

ANSWERS = 100
PASSAGES = 8
CLAIMS = 10
"""In an answer."""

SENTENCES = 20
"""In a passage."""

WORDS = 14
"""In a sentence."""

VOCABULARY = 5_000
TARGET_MS = 1.0


@dataclass(frozen=True, slots=True)
class Report:
    """Milliseconds: of a claim on the average, with the passages of its answer read for it."""

    claims: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    reading_ms: float

    @property
    def met(self) -> bool:
        """Whether the usual claim takes no longer than it may."""
        return self.p50_ms < TARGET_MS


def sentence(chance: random.Random) -> str:
    """Made-up words, some of them numbers and names."""
    drawn = (int(VOCABULARY * chance.random() ** 3) for _ in range(WORDS))
    words = [
        str(n) if n % 17 == 0 else f"word{n:x}".title() if n % 13 == 0 else f"word{n:x}"
        for n in drawn
    ]
    return f"The {' '.join(words)}."


def passage(chance: random.Random) -> Passage:
    """A passage of the usual size."""
    text = " ".join(sentence(chance) for _ in range(SENTENCES))
    return Passage("docs", "a.md", "Title", ("Heading",), "", text, False, Scores(0.9))  # noqa: FBT003 - peer_reviewed


def measure() -> Report:
    """Answers with claims that are taken from what they cite, and claims that are made up."""
    chance, verifier = random.Random(0), LexicalVerifier()  # noqa: S311 - nothing secret
    times, reading = [], []
    for _ in range(ANSWERS):
        found = [passage(chance) for _ in range(PASSAGES)]
        start = perf_counter()
        for each in found:
            read(each.text, each.place)
        reading.append((perf_counter() - start) * 1e3)
        for n in range(CLAIMS):
            cited = n % PASSAGES
            said = found[cited].text.split(". ")[n] if n % 5 else sentence(chance)
            start = perf_counter()
            verifier.check(f"{said.rstrip('.')} [{cited + 1}].", found)
            times.append((perf_counter() - start) * 1e3)
    mean = sum(times) / len(times)
    return Report(
        len(times),
        mean,
        percentile(times, 0.5),
        percentile(times, 0.95),
        percentile(reading, 0.5) / PASSAGES,
    )


def main() -> None:
    """Prints a line and JSON."""
    args = options(__doc__).parse_args()
    report = measure()
    Console(stderr=True).print(
        f"A claim is checked in {report.p50_ms:.2f} ms (p50; p95 {report.p95_ms:.2f}, "
        f"target < {TARGET_MS:.0f}); one that cites nothing that supports it is held against all "
        f"{PASSAGES} passages. A passage is read in {report.reading_ms:.1f} ms, once."
    )
    conclude(args, asdict(report), met=report.met)


if __name__ == "__main__":
    main()
