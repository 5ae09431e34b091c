"""What stretches of a few sentences hold of a claim's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.verifying.windows import PREFIX, Windows

STEMS = st.sampled_from(["cat", "bark", "resto", "restore", "restoring", "fish", ""])


def test_windows_are_up_to_three_sentences_that_follow_each_other() -> None:
    spans = Windows([set(), set(), set(), set()]).spans

    assert spans == ((0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (1, 3), (2, 4), (0, 3), (1, 4))


def test_each_window_holds_the_weights_of_its_stems_once_and_a_share_of_related_ones() -> None:
    windows = Windows([{"cat", "sleep"}, {"cat", "bark"}, {"restoring"}])

    held = windows.held({"cat": 1.0, "bark": 0.5, "restore": 0.25, "fish": 4.0}, related=0.8)

    assert held == pytest.approx([1.0, 1.5, 0.2, 1.5, 1.7, 1.7])


@given(
    st.lists(st.frozensets(STEMS), min_size=1, max_size=6),
    st.dictionaries(STEMS, st.floats(0.1, 1.0)),
)
def test_it_is_what_looking_through_each_window_finds(
    sentences: list[frozenset[str]], weights: dict[str, float]
) -> None:
    windows = Windows(sentences)

    def share(term: str, terms: frozenset[str]) -> float:
        if term in terms:
            return 1.0
        akin = any(term[:PREFIX] == t[:PREFIX] and len(t) >= PREFIX <= len(term) for t in terms)
        return 0.8 if akin else 0.0

    expected = [
        sum(w * share(t, frozenset[str]().union(*sentences[start:end])) for t, w in weights.items())
        for start, end in windows.spans
    ]
    assert windows.held(weights, related=0.8) == pytest.approx(expected)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=7), st.data())
def test_the_best_window_is_the_first_with_the_most_less_its_penalty(
    sentences: list[int], data: st.DataObject
) -> None:
    windows = Windows([frozenset() for _ in sentences])
    count = len(windows.spans)
    shares = data.draw(
        st.lists(st.sampled_from([0.0, 0.5, 0.54, 1.0]), min_size=count, max_size=count)
    )

    scores = [
        share - 0.04 * (end - start)
        for share, (start, end) in zip(shares, windows.spans, strict=True)
    ]
    assert windows.best(shares) == scores.index(max(scores))
