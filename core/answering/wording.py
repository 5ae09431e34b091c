"""What Docent itself says around the words of the docs or of a model."""

from __future__ import annotations

EMPTY_CORPUS = "There are no docs to answer from yet. Run `docent sync` to bring them in."
NOTHING_FOUND = "I could not find an answer to this in the docs."
STOPPED = "\n\n*Stopped on request.*"
STOPPED_EARLY = "*Stopped on request, before anything was written.*"
QUOTES = "In the docs' own words:\n\n"
QUOTES_INSTEAD = "No model could answer just now; these are the docs' own words:\n\n"


def substance(answer: str) -> str:
    """What an earlier answer says of the docs' subject: empty for a refusal."""
    if answer.startswith((EMPTY_CORPUS, NOTHING_FOUND, STOPPED_EARLY)):
        return ""
    return answer.removeprefix(QUOTES).removeprefix(QUOTES_INSTEAD).removesuffix(STOPPED)
