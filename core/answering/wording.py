"""What Docent itself says around the words of the docs or of a model."""

from __future__ import annotations

from collections.abc import Sequence

from core.model import Citation

EMPTY_CORPUS = (
    "There are no docs to answer from yet. `docent sync` brings them in, or says why not."
)
NOTHING_FOUND = "I could not find an answer to this in the docs."
NEAREST = "The nearest sections are:"
CLARIFYING = "Which of these do you mean, and what about it?"
STOPPED = "\n\n*Stopped on request.*"
STOPPED_EARLY = "*Stopped on request, before anything was written.*"
QUOTES = "In the docs' own words:\n\n"
QUOTES_INSTEAD = "No model could answer just now; these are the docs' own words:\n\n"
NOT_IN_CITED = "not found in the cited section"
NOT_IN_DOCS = "not found in the docs"
PEER_REVIEWED = "peer-reviewed"
NOT_PEER_REVIEWED = "not peer-reviewed"


def peer_review(citations: Sequence[Citation]) -> str:
    """Whether all the sources are peer-reviewed, in a sentence under them.

    Empty where some are and some are not: those are to be told apart one by one.
    """
    reviewed = {citation.peer_reviewed for citation in citations}
    if len(reviewed) != 1:
        return ""
    if len(citations) == 1:
        return f"This source is {PEER_REVIEWED if True in reviewed else NOT_PEER_REVIEWED}."
    if True in reviewed:
        return f"All of these sources are {PEER_REVIEWED}."
    return f"None of these sources is {PEER_REVIEWED}."


def substance(answer: str) -> str:
    """What an earlier answer says of the docs' subject: empty for a refusal."""
    if answer.startswith((EMPTY_CORPUS, NOTHING_FOUND, STOPPED_EARLY)):
        return ""
    return answer.removeprefix(QUOTES).removeprefix(QUOTES_INSTEAD).removesuffix(STOPPED)
