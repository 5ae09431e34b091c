from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evaluation.metrics import auroc, ndcg, percentile, recall, reciprocal_rank

SCORES = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("ranked", "relevant", "expected"),
    [
        ("abc", {"a": 1.0}, 1.0),
        ("bac", {"a": 1.0}, 1 / math.log2(3)),
        ("bca", {"a": 1.0}, 0.5),
        ("abc", {"a": 1.0, "x": 1.0}, 1 / (1 + 1 / math.log2(3))),
        ("ab", {"a": 1.0, "b": 3.0}, (1 + 7 / math.log2(3)) / (7 + 1 / math.log2(3))),
        ("bcdefghijkl" + "a", {"a": 1.0}, 0.0),
        ("", {"a": 1.0}, 0.0),
        ("abc", {}, 0.0),
    ],
)
def test_ndcg_discounts_by_rank(ranked: str, relevant: dict[str, float], expected: float) -> None:
    assert ndcg(list(ranked), relevant, 10) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ranked", "k", "expected"),
    [("abxy", 2, 1.0), ("axby", 2, 0.5), ("axby", 3, 1.0), ("xyab", 2, 0.0), ("", 5, 0.0)],
)
def test_recall_is_the_share_that_was_found(ranked: str, k: int, expected: float) -> None:
    assert recall(list(ranked), {"a": 1.0, "b": 2.0}, k) == expected


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [("axyz", 1.0), ("xaby", 0.5), ("xyb", 1 / 3), ("xyza", 0.0), ("", 0.0)],
)
def test_reciprocal_rank_looks_at_the_first_hit(ranked: str, expected: float) -> None:
    assert reciprocal_rank(list(ranked), {"a": 1.0, "b": 1.0}, 3) == pytest.approx(expected)


def test_recall_of_nothing_is_nothing() -> None:
    assert recall(["a"], {}, 5) == 0.0


@pytest.mark.parametrize(
    ("positives", "negatives", "expected"),
    [
        ([3, 4], [1, 2], 1.0),
        ([1, 2], [3, 4], 0.0),
        ([1, 1], [1], 0.5),
        ([1, 3], [2, 2], 0.5),
        ([0.8, 0.4, 0.35], [0.1, 0.36], 5 / 6),
    ],
)
def test_auroc_is_the_share_of_pairs_in_the_right_order(
    positives: Sequence[float], negatives: Sequence[float], expected: float
) -> None:
    assert auroc(positives, negatives) == pytest.approx(expected)


@given(SCORES, SCORES)
def test_auroc_counts_pairs(positives: list[float], negatives: list[float]) -> None:
    wins = sum((p > n) + (p == n) / 2 for p in positives for n in negatives)

    assert auroc(positives, negatives) == pytest.approx(wins / len(positives) / len(negatives))


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert percentile(range(100, 0, -1), share) == expected
