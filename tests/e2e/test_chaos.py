"""Two bots in processes of their own, on both platforms, while everything fails: in short.

`make chaos` asks a thousand questions over a hundred sessions. DOCENT_SEED chooses the faults.
"""

from __future__ import annotations

import os

import pytest

from tests.chaos.run import Plan, run

SEED = int(os.environ.get("DOCENT_SEED") or 7)


@pytest.mark.timeout(600)
async def test_each_question_is_answered_once_and_in_order_through_kills_and_faults(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = Plan(SEED, questions=40, sessions=8, asking=20.0, gone=6.0, settling=120.0, whole=False)
    outcome = await run(plan)
    with capsys.disabled():
        print(f"\nseed {SEED}\n{outcome.table}")  # noqa: T201 - the figures
    assert outcome.report.held, outcome.logs
    assert outcome.report.counts["questions"] == plan.questions
    assert outcome.report.counts["lost"] == 0
