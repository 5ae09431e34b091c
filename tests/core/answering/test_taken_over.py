"""What a model takes over verbatim in several sentences is quoted once the answer is whole."""

from __future__ import annotations

from collections.abc import Sequence

from core.answering.grounding import PassingVerifier
from core.answering.verifying.verifier import LexicalVerifier
from core.answering.wording import STOPPED
from core.answering.writing import Writing
from core.model import (
    AnswerStatus,
    ModelFinished,
    ModelStarted,
    ModelText,
    Passage,
    Replaced,
    TextDelta,
)
from core.ports import CheckedClaim, Verifier
from tests.support.models import asking, section

ONE = "The installer writes the licence file into a folder that only you can read"
TWO = "A second run of it keeps that file and asks for nothing more at all"
DOCS = section(f"{ONE}. {TWO}.")
OTHER = section("Nothing of the kind.", url="https://docs.example/other")
QUOTED = f"“{ONE}” [1]. “{TWO}” [1]."


def writing(
    text: str, verifier: Verifier | None = None, *, quoting: bool = False, truncated: bool = False
) -> tuple[Writing, list[TextDelta | Replaced]]:
    """An answer with what its reader was shown until the model's text was whole."""
    made = Writing(asking("Where is the licence?", DOCS, OTHER), verifier or PassingVerifier())
    shown = made.take(ModelStarted("some/model", quoting=quoting))
    shown += made.take(ModelText(text))
    return made, shown + made.take(ModelFinished("some/model", truncated=truncated))


def test_sentences_stream_as_they_are_and_are_quoted_when_the_answer_is_whole() -> None:
    made, shown = writing(f"{ONE} [1]. {TWO} [1].")
    ended = made.finish()
    assert shown == [TextDelta(f"{ONE} [1].")]
    assert ended == [TextDelta(f" {TWO} [1]."), Replaced(QUOTED)]
    assert (made.text, made.status) == (QUOTED, AnswerStatus.ANSWERED)
    assert made.finish() == [], "it is mended once"


def test_a_sentence_without_a_mark_gets_that_of_its_source() -> None:
    made, _ = writing(f"Short [2]. {ONE}. {TWO}.")
    made.finish()
    assert made.text == f"Short [1]. “{ONE}” [2]. “{TWO}” [2]."
    assert [(c.n, c.url) for c in made.citations] == [(1, OTHER.url), (2, DOCS.url)]


def test_an_answer_in_its_own_words_is_not_exchanged() -> None:
    made, _ = writing(f"{ONE} [1]. It does not ask again [1].")
    assert not any(isinstance(event, Replaced) for event in made.finish())


def test_the_check_of_each_claim_comes_first() -> None:
    made, _ = writing(f"{ONE}. {TWO} [2].", LexicalVerifier())
    made.finish()
    assert made.text == QUOTED, "one mark was added, and one exchanged"


def test_an_answer_that_is_stopped_is_quoted_as_far_as_it_was_shown() -> None:
    made, _ = writing(f"{ONE} [1]. {TWO} [1]. And")
    assert made.stop() == [Replaced(QUOTED), TextDelta(STOPPED)]
    assert made.text == QUOTED + STOPPED


def test_an_answer_that_was_cut_off_says_so_after_its_quotes() -> None:
    made, _ = writing(f"{ONE} [1]. {TWO} [1]. And so", truncated=True)
    made.finish()
    assert made.text == f"{QUOTED} And so …"


def test_what_is_made_of_quotes_is_left_alone() -> None:
    made, _ = writing(f"{ONE} [1]. {TWO} [1].", quoting=True)
    assert not any(isinstance(event, Replaced) for event in made.finish())


class WithoutTheFirst:
    """A verifier, as a judge's verdicts make it, that drops what comes from the installer."""

    def check(self, claim: str, passages: Sequence[Passage]) -> CheckedClaim:
        return CheckedClaim("" if "The installer" in claim else claim)


def test_a_verdict_that_comes_later_is_followed_in_the_quotes_too() -> None:
    made, _ = writing(f"{ONE} [1]. {TWO} [1].")
    made.finish()
    assert made.revise(PassingVerifier()) == [], "nothing has changed"
    assert made.text == QUOTED
    assert made.revise(WithoutTheFirst()) == [Replaced(f"{TWO} [1].")]


def test_a_code_block_may_be_taken_over() -> None:
    code = "```\n" + "\n".join(f"step --number {n}" for n in range(12)) + "\n```"
    made = Writing(asking("How?", section(code)), PassingVerifier())
    made.take(ModelStarted("some/model"))
    made.take(ModelText(f"So:\n\n{code}\n\nSee [1]."))
    made.finish()
    assert "“" not in made.text
