"""The embedded store beside its engine, in short."""

from __future__ import annotations

import os

from bench.store import measure
from tests.support.machine import Strain


def test_the_store_adds_little_to_its_engine_and_never_waits_for_the_disk() -> None:
    strain = Strain(os.getpid())
    report = measure(chunks=800, questions=30, changed=200)

    assert report.ratio < 2
    assert report.stalls_ms.most < 30 * report.hybrid_ms.p50 * strain.most()
