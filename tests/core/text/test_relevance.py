"""Which sentence answers a question."""

from __future__ import annotations

import pytest

from core.text.relevance import Group, best_sentence, rank_sentences, stem, terms

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
