"""A thousand conversations at once: how fast answers begin, what each costs, where it ends.

The bot's way of a question runs in one process on one core, and so does the same work without a
framework, and with LangChain, LlamaIndex and Haystack where `make bench` has installed them; the
services are stood in for on another core. "First" is the time to the first token in our hands,
counted from when the question was due, less what the services take themselves.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.frameworks import NAMES
from bench.ladder import (
    LIMIT_MS,
    REMOTE_MS,
    REPEATED,
    STEADY,
    Run,
    asked,
    at,
    climbed,
    held,
    middling,
    peak,
)
from bench.measures import load_average
from bench.outcome import conclude, options
from bench.plot import latency_plot
from bench.setting import FRAMEWORKS, Setting, open_setting
from bench.standins.services import Latency
from bench.starts import measure_starts
from bench.targets import DOCENT, PLAIN, Figures, judged, slowness

RATES: Final = (10.0, 33.0, 50.0, 75.0, *(float(rate) for rate in range(100, 501, 25)))
FRAMEWORK_RATES: Final = (2.0, 4.0, 6.0, 10.0, 15.0, 20.0, 33.0, 50.0)
OVERLOAD: Final = 1.5
OPEN: Final = 1000
SLOW: Final = Latency(chunk=0.2)
"""A model that writes for twenty seconds."""

FREE: Final = Latency(embed=0.0)
"""An embedder that costs nothing."""


def main() -> None:
    """Measures and prints; writes the plot."""
    parser = options(__doc__)
    parser.add_argument("--history", type=int, default=0, help="turns before a question")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each run")
    parser.add_argument("--rates", type=_rates, default=RATES, help="comma-separated")
    parser.add_argument("--alone", action="store_true", help="without the frameworks")
    parser.add_argument("--plot", type=Path, help="write the plot to this file")
    args = parser.parse_args()
    frameworks = NAMES if FRAMEWORKS.exists() and not args.alone else ()
    before = load_average()
    figures = measure([DOCENT, PLAIN, *frameworks], args)
    show(figures)
    if args.plot:
        args.plot.write_text(plotted(figures), encoding="utf-8")
    targets = judged(figures)
    told = {
        **asdict(figures),
        "load_before": before,
        "slowness": slowness(figures),
        "targets": [asdict(t) for t in targets],
    }
    conclude(args, told, met=all(target.met for target in targets))


def _rates(text: str) -> tuple[float, ...]:
    return tuple(float(rate) for rate in text.split(","))


def measure(names: Iterable[str], args: argparse.Namespace) -> Figures:
    """All of it, one process after the other."""
    runs: dict[str, Sequence[Run]] = {}
    with open_setting(args.history) as setting:
        for name in names:
            setting.measured("ingest", name)
            ladder = _up_to_the_best(args.rates) if name in NAMES else args.rates
            runs[name] = climbed(setting, name, ladder, args.seconds)
            if name != DOCENT:
                # Right after each other, so that both meet the machine alike.
                repeated = [rate for rate in REPEATED if rate in args.rates]
                for rate, each in product(repeated, (DOCENT, PLAIN)):
                    runs[each] = [*runs[each], asked(setting, each, rate, args.seconds)]
        runs = {name: middling(each) for name, each in runs.items()}
        figures = Figures(runs, {}, starts=measure_starts(setting))
        figures = replace(figures, overload=_overloaded(setting, runs[DOCENT], args.seconds))
    with open_setting(0, FREE) as setting:
        ingests = {name: setting.measured("ingest", name) for name in names}
    return replace(figures, ingests=ingests, open_memory_mb=_memory(args.history))


def _up_to_the_best(rates: Sequence[float]) -> list[float]:
    return sorted({rate for rate in FRAMEWORK_RATES if rate <= max(rates)})


def _overloaded(setting: Setting, runs: Sequence[Run], seconds: float) -> Run:
    """At one and a half times what is completed at most; nobody waits for the rest."""
    rate = OVERLOAD * max(peak(runs), 1.0)
    return setting.measured(
        "load", DOCENT, rate=rate, seconds=2 * seconds, warm_up=10.0, drain=0.0, seed=7
    )


def _memory(history: int) -> float:
    """With a thousand answers open, at a rate at which a new one begins as one ends."""
    with open_setting(history, SLOW) as setting:
        setting.measured("ingest", DOCENT)
        seconds = SLOW.first_token + SLOW.chunk * SLOW.chunks
        rate = OPEN / seconds
        run = setting.measured(
            "load", DOCENT, rate=rate, seconds=5.0, warm_up=seconds + 5, drain=0.0, seed=3
        )
    memory: float = run["memory_mb"]
    return memory


def plotted(figures: Figures) -> str:
    """First, p95, against the rate."""
    series = {
        name: [(run["rate"], run["first_ms"]["p95"]) for run in runs if _drawn(run)]
        for name, runs in figures.runs.items()
    }
    return latency_plot(series, limit=LIMIT_MS - REMOTE_MS)


def _drawn(run: Run) -> bool:
    return bool(math.isfinite(run["first_ms"]["p95"]))


def show(figures: Figures) -> None:
    """As two tables."""
    console = Console()
    table = Table(title="Our share of a question, in ms unless it says otherwise")
    for column in ("", "rate", "first p50", "p95", "p99", "stored p95", "lag p99", "CPU", "MB"):
        table.add_column(column, justify="right" if column else "left")
    for name, runs in figures.runs.items():
        for run in [*runs, *([figures.overload] if name == DOCENT and figures.overload else [])]:
            table.add_row(name, *_row(run))
        table.add_section()
    console.print(table)
    for name, runs in figures.runs.items():
        console.print(f"{name} holds {held(runs):.0f}/s; completes {peak(runs):.0f}/s at most.")
    for name, run in figures.ingests.items():
        console.print(
            f"{name} ingests {run['documents'] / run['seconds']:.0f} documents a second, and "
            f"finds nothing changed in {run['unchanged_seconds']:.2f} s."
        )
    if at(figures.runs.get(PLAIN, ()), STEADY):
        console.print(
            f"This machine takes {slowness(figures):.2f} times as long for the plain pipeline as "
            "the one that bounds in time are for; where that is longer, they are scaled by it."
        )
    for target in judged(figures):
        sign = "✓" if target.met else "✗"
        bound = f"{'≤' if target.most else '≥'} {target.bound:.3g}"
        console.print(f"{sign} {target.what}: {target.figure:.3g} {target.unit} ({bound})")


def _row(run: Run) -> list[str]:
    first = run["first_ms"]
    figures = [first["p50"], first["p95"], first["p99"], run["stored_ms"]["p95"]]
    figures += [run["lag_ms"]["p99"], run["cpu_ms"], run["memory_mb"]]
    return [f"{run['rate']:.0f}/s", *(f"{figure:.1f}" for figure in figures)]


if __name__ == "__main__":
    main()
