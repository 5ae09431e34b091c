"""Which sentence answers a question."""

from __future__ import annotations

import pytest

from core.text.relevance import (
    Group,
    best_sentence,
    rank_sentences,
    stem,
    term_weights,
    terms,
)

SENTENCES = [
    "The Normans were named after the Norse raiders.",
    "They settled in Normandy in the 10th century.",
    "Their leader was Rollo, who swore fealty to King Charles.",
    "About 12,000 people lived there.",
]


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("Who was the leader of the Normans?", 2),
        ("When did they settle in Normandy?", 1),
        ("How many people lived in it?", 3),
        ("What were the Normans named after?", 0),
        ("raiders", 0),
    ],
)
def test_the_sentence_that_answers_comes_first(question: str, best: int) -> None:
    assert best_sentence(question, SENTENCES) == best


def test_what_the_sentence_before_says_counts_in_part() -> None:
    sentences = [
        "The cache is called Redis.",
        "It holds ten items.",
        "A queue holds ten items too.",
    ]

    assert best_sentence("How many items does the Redis cache hold?", sentences) == 1


def test_what_the_sentence_after_says_counts_a_little() -> None:
    groups = [
        Group(["It holds ten items.", "That is how Memcached works."]),
        Group(["It holds ten items.", "That is how Redis works."]),
    ]
    ranked = rank_sentences("redis items", groups)

    assert [r.group for r in ranked if r.index == 0] == [1, 0]


def test_a_neighbour_in_another_passage_does_not_count() -> None:
    groups = [Group(["Redis."]), Group(["It holds items."]), Group(["Redis.", "It holds items."])]
    ranked = rank_sentences("redis items", groups)

    assert (ranked[0].group, ranked[0].index) == (2, 1)


def test_a_better_passage_wins_between_equal_sentences() -> None:
    groups = [Group(["Apples are red."], 0.4), Group(["Apples are red."], 1.0)]
    ranked = rank_sentences("apples", groups)

    assert [r.group for r in ranked] == [1, 0]


def test_what_stands_over_a_passage_counts_in_part() -> None:
    sentence = ["It holds ten items."]

    ranked = rank_sentences("redis items", [Group(sentence), Group(sentence, heading="Redis")])

    assert [r.group for r in ranked] == [1, 0]


@pytest.mark.parametrize(
    ("question", "sentences", "best"),
    [
        # What a thing is, its definition tells.
        ("What is a queue?", ["Jobs wait in a queue.", "A queue holds jobs that wait."], 1),
        ("What's Redis?", ["The cache runs on Redis.", "**Redis** is a store in memory."], 1),
        ("What does TTL mean?", ["Each key has a TTL.", "TTL is the time to live."], 1),
        ("Who is Ada Lovelace?", ["It was Ada Lovelace.", "Ada Lovelace wrote programs."], 1),
        # What is asked once, is told in prose rather than in code.
        ("redis cache", ["```py\nredis(cache)\n```", "The cache is called Redis."], 1),
    ],
)
def test_what_a_question_asks_for_tells_between_sentences_alike(
    question: str, sentences: list[str], best: int
) -> None:
    assert best_sentence(question, sentences) == best


def test_the_address_of_a_link_says_nothing() -> None:
    linked = "See the [docs](https://redis.example/cache(1)/items) or https://redis.example/cache."

    ranked = rank_sentences("redis cache items", [Group([linked])])

    assert ranked[0].evidence == 0.0


def test_evidence_is_the_share_of_the_question_that_is_said() -> None:
    groups = [Group(["Redis holds items.", "Nothing."]), Group(["Nothing."], heading="Redis")]
    evidence = {(r.group, r.index): r.evidence for r in rank_sentences("redis items", groups)}

    assert evidence[0, 0] == pytest.approx(1.0)
    assert 1.0 > evidence[0, 1] > evidence[1, 0] > 0.0


def test_a_term_weighs_more_the_fewer_texts_hold_it() -> None:
    texts = [frozenset(terms("redis")), frozenset(terms("redis cache"))]
    weights = term_weights("redis cache queue", texts)

    assert weights[stem("redis")] < weights[stem("cache")] < weights[stem("queue")]
    assert sum(weights.values()) == pytest.approx(1.0)


def test_a_question_of_stop_words_has_no_weights() -> None:
    assert term_weights("what is it?", [frozenset()]) == {}


@pytest.mark.parametrize(
    ("question", "sentences"), [("", ["One."]), ("???", ["One.", "Two."]), ("the", [""])]
)
def test_a_question_without_a_word_still_gets_a_sentence(
    question: str, sentences: list[str]
) -> None:
    assert best_sentence(question, sentences) in range(len(sentences))


@pytest.mark.parametrize(
    "words",
    [
        ("install", "installs", "installed", "installing"),
        ("query", "queries"),
        ("declare", "declared", "declares", "declaring"),
        ("stop", "stopped", "stops"),
    ],
)
def test_forms_of_a_word_have_one_stem(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


def test_stop_words_carry_no_meaning() -> None:
    assert terms("What is the Name of it?") == [stem("name")]
