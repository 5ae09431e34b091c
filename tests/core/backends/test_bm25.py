from __future__ import annotations

import pickle

import pytest

from core.backends.bm25 import Bm25Encoder
from core.model import SparseVector


def weights(vector: SparseVector) -> dict[int, float]:
    return dict(zip(vector.indices, vector.values, strict=True))


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("running", "It runs."),
        ("MAX tokens", "`max_tokens`"),
        ("cafe", "Le Café"),
        ("what is the timeout", "timeout"),
        ("HTTP 404", "404 http"),
    ],
)
def test_a_query_s_terms_are_found_in_the_document(query: str, document: str) -> None:
    encoder = Bm25Encoder()

    asked, held = encoder.encode_query(query), encoder.encode_document(document)

    assert asked.indices
    assert set(asked.indices) <= set(held.indices)


def test_each_term_of_a_query_weighs_1() -> None:
    query = Bm25Encoder().encode_query("install install linux package")

    assert list(query.values) == [1.0, 1.0, 1.0]


def test_a_repeated_term_weighs_more_and_ever_less_so() -> None:
    encoder = Bm25Encoder()
    (term,) = encoder.encode_query("install").indices

    once, twice, often = (
        weights(encoder.encode_document("install " * n + "filler " * (100 - n)))[term]
        for n in (1, 2, 50)
    )

    assert once < twice < often < 2.2
    assert twice - once < once


def test_a_term_weighs_less_in_a_longer_text() -> None:
    encoder = Bm25Encoder()
    (term,) = encoder.encode_query("install").indices

    short, long = (
        weights(encoder.encode_document("install " + "filler " * n))[term] for n in (10, 500)
    )

    assert long < short


@pytest.mark.parametrize("text", ["", "the of and", "\ud800", "…"])
def test_a_text_without_terms_is_empty(text: str) -> None:
    encoder = Bm25Encoder()

    assert not encoder.encode_query(text).indices
    assert not encoder.encode_document(text).indices


def test_another_process_weighs_as_this_one_does() -> None:
    encoder = Bm25Encoder()
    taken: Bm25Encoder = pickle.loads(pickle.dumps(encoder))  # noqa: S301 - our own
    weighed = encoder.encode_document("How to install it")
    assert taken.encode_document("How to install it") == weighed
    assert pickle.loads(pickle.dumps(weighed)) == weighed  # noqa: S301 - our own
